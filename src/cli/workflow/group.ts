/**
 * The commands on workflows.
 *
 * @module
 */

import type { Argument, Group, Option } from "../command.ts";

const ID: Argument = {
  name: "ID",
  summary: "id of the workflow: the name of its file without .yaml",
  candidates: "workflow list -q",
};

const REVISION = {
  name: "REVISION",
  summary: "a revision, its first six characters or more, or a tag",
};

/** What the history is to say of a change. */
const HISTORY_OPTIONS: readonly Option[] = [
  { name: "message", short: "m", value: "TEXT", summary: "why, for the history" },
  { name: "author", value: "NAME", summary: "who, for the history (default: USER)" },
];

/** Workflows as YAML files. */
export const workflowGroup: Group = {
  name: "workflow",
  summary: "workflows, one YAML file each",
  commands: [
    {
      name: "list",
      summary: "list workflows",
      details: "Files that cannot be read are reported too.",
      options: [
        { name: "tag", value: "TAG", multiple: true, summary: "only those with this tag" },
        {
          name: "search",
          value: "TEXT",
          summary: "only those whose id, name or description has it",
        },
      ],
      output: "records",
      ids: true,
      storage: "any",
      examples: [
        ["workflow list --tag nightly", "those with a tag"],
        ["workflow list --ndjson", "for scripts"],
      ],
      run: async (context) => (await import("./list.ts")).listWorkflows(context),
    },
    {
      name: "show",
      summary: "show a workflow as YAML, JSON or a graph",
      details: "The YAML is the text of the file, with its comments.",
      arguments: [ID],
      options: [
        { name: "graph", summary: "draw the graph" },
        {
          name: "format",
          value: "FORMAT",
          choices: ["yaml", "mermaid", "dot"],
          summary: "form of the output",
        },
      ],
      output: "record",
      storage: "any",
      examples: [
        ["workflow show data-pipeline --graph", "draw it in the terminal"],
        ["workflow show data-pipeline --format dot | dot -Tsvg > graph.svg", "draw it in a file"],
      ],
      run: async (context) => (await import("./show.ts")).showWorkflow(context),
    },
    {
      name: "save",
      summary: "store a workflow from a YAML file",
      details:
        "Its id is that of --id, else the one inside the file, else the name of the file.\n" +
        "What differs from the stored file is changed in it, the rest keeps its text.",
      arguments: [{ name: "FILE", summary: 'YAML file, "-" for standard input' }],
      options: [
        { name: "id", value: "ID", summary: "id to store it under" },
        { name: "strict", summary: "refuse a workflow that is not valid" },
        { name: "create", summary: "refuse to replace a workflow that exists" },
        {
          name: "if-revision",
          value: "REVISION",
          summary: "refuse when another revision is stored now",
        },
        { name: "merge", summary: "with --if-revision: join both edits instead" },
        { name: "unique-name", summary: "refuse a name that another workflow has" },
        {
          name: "secrets",
          value: "MODE",
          choices: ["refuse", "warn", "allow"],
          summary: "what to do about secrets in it (default: refuse)",
        },
        ...HISTORY_OPTIONS,
      ],
      output: "record",
      storage: "any",
      examples: [
        ["workflow save pipeline.yaml", "store or replace it"],
        ["workflow save - --id pipeline --strict < draft.yaml", "from standard input"],
      ],
      run: async (context) => (await import("./save.ts")).saveWorkflow(context),
    },
    {
      name: "edit",
      summary: "open a workflow in your editor, then check it",
      details:
        "The editor is that of VISUAL, else of EDITOR, else vi. What was there before is kept as\n" +
        "the revision before-edit.",
      arguments: [ID],
      storage: "folder",
      examples: [
        ["workflow edit data-pipeline", "edit it"],
        ["workflow restore data-pipeline before-edit", "undo that"],
      ],
      run: async (context) => (await import("./edit.ts")).editWorkflow(context),
    },
    {
      name: "validate",
      summary: "check workflows, and list every problem",
      details: "Exits with 1 when one of them is not valid.",
      arguments: [{
        ...ID,
        summary: `${ID.summary} (default: all)`,
        optional: true,
        multiple: true,
      }],
      options: [{ name: "file", value: "FILE", summary: "check this YAML file instead" }],
      output: "records",
      storage: "any",
      examples: [
        ["workflow validate", "check all"],
        ["workflow validate --file draft.yaml", "check a file before it is stored"],
      ],
      run: async (context) => (await import("./validate.ts")).validateWorkflows(context),
    },
    {
      name: "normalize",
      summary: "write a file anew in the canonical form, without its comments",
      arguments: [ID],
      options: HISTORY_OPTIONS,
      output: "record",
      destructive: true,
      storage: "any",
      examples: [["workflow normalize old-one", "ask, then convert the dialect"]],
      run: async (context) => (await import("./save.ts")).normalizeWorkflow(context),
    },
    {
      name: "delete",
      summary: "delete workflows; their history stays",
      arguments: [{ ...ID, multiple: true }],
      options: HISTORY_OPTIONS,
      destructive: true,
      storage: "any",
      examples: [["workflow delete draft", "ask, then delete"]],
      run: async (context) => (await import("./remove.ts")).deleteWorkflows(context),
    },
    {
      name: "history",
      summary: "list the revisions of a workflow, newest first",
      arguments: [ID],
      output: "records",
      storage: "any",
      examples: [["workflow history data-pipeline", "who changed what, and when"]],
      run: async (context) => (await import("./revisions.ts")).showHistory(context),
    },
    {
      name: "diff",
      summary: "show what differs between two revisions",
      details: "Without revisions, what the last change was; with one, what changed since.",
      arguments: [
        ID,
        { ...REVISION, name: "FROM", optional: true },
        { ...REVISION, name: "TO", optional: true },
      ],
      options: [{ name: "structure", summary: "list nodes, edges and fields in place of lines" }],
      output: "record",
      storage: "any",
      examples: [
        ["workflow diff data-pipeline", "the last change"],
        ["workflow diff data-pipeline v1 --structure", "by node and edge, since the tag v1"],
      ],
      run: async (context) => (await import("./revisions.ts")).showDiff(context),
    },
    {
      name: "restore",
      summary: "make an older revision the stored one, also of a deleted workflow",
      arguments: [ID, REVISION],
      options: HISTORY_OPTIONS,
      output: "record",
      storage: "any",
      examples: [["workflow restore data-pipeline v1 -m 'v2 fails'", "back to the tag v1"]],
      run: async (context) => (await import("./revisions.ts")).restoreRevision(context),
    },
    {
      name: "tag",
      summary: "give a revision a name",
      arguments: [
        ID,
        { name: "TAG", summary: "the name" },
        { ...REVISION, summary: `${REVISION.summary} (default: the stored one)`, optional: true },
      ],
      options: [{ name: "remove", summary: "take the name away" }],
      storage: "any",
      examples: [["workflow tag data-pipeline v1", "name what is stored now"]],
      run: async (context) => (await import("./revisions.ts")).tagRevision(context),
    },
    {
      name: "watch",
      summary: "tell when workflows are created, changed or deleted, until Ctrl-C",
      options: [{ name: "initial", summary: "tell about those that are there first" }],
      output: "records",
      storage: "any",
      examples: [["workflow watch --ndjson", "for scripts"]],
      run: async (context) => (await import("./watch.ts")).watchWorkflows(context),
    },
    {
      name: "export",
      summary: "write workflows without their secrets, to share them",
      details:
        "One workflow goes to standard output, or to --output; all go to the folder of --dir.",
      arguments: [{ ...ID, optional: true }],
      options: [
        {
          name: "output",
          short: "o",
          value: "FILE",
          summary: "file to write one workflow to, - for standard output",
        },
        { name: "dir", value: "DIR", summary: "folder to write all workflows to" },
      ],
      storage: "any",
      examples: [
        ["workflow export data-pipeline -o shared.yaml", "one"],
        ["workflow export --dir shared", "all"],
      ],
      run: async (context) => (await import("./sharing.ts")).exportWorkflows(context),
    },
    {
      name: "import",
      summary: "save workflows that were shared, under free ids",
      details: "Reports the servers and credentials that they need.",
      arguments: [{ name: "SOURCE", summary: 'YAML file, folder of such files, or "-"' }],
      options: [
        { name: "id", value: "ID", summary: "id to save it under" },
        { name: "name", value: "NAME", summary: "name to give it" },
      ],
      output: "records",
      storage: "any",
      examples: [["workflow import shared.yaml --id pipeline", "under another id"]],
      run: async (context) => (await import("./sharing.ts")).importWorkflows(context),
    },
    {
      name: "scan",
      summary: "look for secrets in workflows",
      details: "Exits with 1 when there is one whose shape leaves no doubt.",
      arguments: [{
        ...ID,
        summary: "id of a workflow (default: all)",
        optional: true,
        multiple: true,
      }],
      output: "records",
      storage: "any",
      examples: [["workflow scan", "all workflows; values are masked"]],
      run: async (context) => (await import("./scan.ts")).scanWorkflows(context),
    },
    {
      name: "schema",
      summary: "print the JSON Schema of workflow files, for editors",
      details: "Editors with the YAML language server read it from a first line such as\n" +
        "# yaml-language-server: $schema=workflow.schema.json",
      examples: [["workflow schema > workflow.schema.json", "write it to a file"]],
      run: async (context) => {
        const { workflowJsonSchema } = await import("../../workflows/json_schema.ts");
        context.print(JSON.stringify(workflowJsonSchema(), null, 2));
      },
    },
    {
      name: "merge-driver",
      summary: "merge workflow files for git",
      details:
        'Set it up with: git config merge.goflow.driver "goflow-storage workflow merge-driver ' +
        '%O %A %B"\n' +
        'and the line "workflows/*.yaml merge=goflow" in .gitattributes. Writes the result to MINE;\n' +
        "exits with 1 where both sides changed the same thing, and keeps mine there.",
      arguments: [
        { name: "BASE", summary: "file before both changes, %O of git" },
        { name: "MINE", summary: "file of this side, %A of git" },
        { name: "THEIRS", summary: "file of the other side, %B of git" },
      ],
      examples: [["workflow merge-driver base.yaml mine.yaml theirs.yaml", "by hand"]],
      run: async (context) => (await import("./merge_driver.ts")).mergeFiles(context),
    },
  ],
};
