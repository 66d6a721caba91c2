/**
 * The commands on revisions of workflows.
 *
 * @module
 */

import type { Argument, Command } from "../command.ts";
import { HISTORY_OPTIONS } from "./history_options.ts";

const ID: Argument = { name: "ID", summary: "id of the workflow", candidates: "workflow list -q" };
const REVISION = {
  name: "REVISION",
  summary: "a revision, its first six characters or more, or a tag",
};

/** Looking back, and going back. */
export const REVISION_COMMANDS: readonly Command[] = [
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
];
