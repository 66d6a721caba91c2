/**
 * The commands on workflows.
 *
 * @module
 */

import type { Argument, Group } from "../command.ts";
import { HISTORY_OPTIONS } from "./history_options.ts";
import { SHARING_COMMANDS } from "./sharing_commands.ts";
import { REVISION_COMMANDS } from "./revision_commands.ts";

const ID: Argument = {
  name: "ID",
  summary: "id of the workflow: the name of its file without .yaml",
  candidates: "workflow list -q",
};

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
    ...REVISION_COMMANDS,
    ...SHARING_COMMANDS,
  ],
};
