/**
 * Options that several commands on executions share.
 *
 * @module
 */

import type { Option } from "../command.ts";

/** Which SQLite library. */
export const DRIVER: Option = {
  name: "driver",
  value: "DRIVER",
  choices: ["builtin", "ffi", "auto"],
  summary: "SQLite library (default: builtin)",
};

/** Statuses in which a run has ended. */
export const ENDED: readonly string[] = ["completed", "failed", "cancelled", "timed_out"];
const STATUSES = ["pending", "running", ...ENDED];

/** Tables of a CSV. */
export const TABLES: readonly string[] = [
  "executions",
  "node_executions",
  "variable_snapshots",
  "joined",
];

/** Which runs. */
export const FILTER_OPTIONS: readonly Option[] = [
  { name: "workflow", value: "ID", summary: "only runs of this workflow" },
  {
    name: "status",
    value: "STATUS",
    choices: STATUSES,
    multiple: true,
    summary: "only runs of this status",
  },
  { name: "since", value: "TIME", summary: "only runs started then or later" },
  { name: "until", value: "TIME", summary: "only runs started before" },
  { name: "search", value: "TEXT", summary: "only runs whose workflow id has this text" },
  { name: "min-duration", value: "DURATION", summary: "only runs that took at least so long" },
  { name: "max-duration", value: "DURATION", summary: "only runs that took at most so long" },
  { name: "error-type", value: "TYPE", summary: "only runs that failed with this type of error" },
  { name: "label", value: "LABEL", summary: "only runs with this label" },
];
