/**
 * The commands that pass workflows on, and look for secrets in them.
 *
 * @module
 */

import type { Argument, Command } from "../command.ts";

const ID: Argument = { name: "ID", summary: "id of a workflow", candidates: "workflow list -q" };

/** Export, import, scanning and merging. */
export const SHARING_COMMANDS: readonly Command[] = [
  {
    name: "export",
    summary: "write workflows without their secrets, to share them",
    details: "One workflow goes to standard output, or to --output; all go to the folder of --dir.",
    arguments: [{ ...ID, optional: true }],
    options: [
      { name: "output", short: "o", value: "FILE", summary: "file to write one workflow to" },
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
    arguments: [{ ...ID, summary: `${ID.summary} (default: all)`, optional: true, multiple: true }],
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
];
