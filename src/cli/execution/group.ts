/**
 * The commands on executions.
 *
 * @module
 */

import { type Argument, DRIVER_OPTION, type Group, type Option } from "../command.ts";

const ID: Argument = { name: "ID", summary: "id of the run", candidates: "execution list -q" };

/** Statuses in which a run has ended. */
const ENDED: readonly string[] = ["completed", "failed", "cancelled", "timed_out"];
const STATUSES = ["pending", "running", ...ENDED];

/** Tables of a CSV. */
const TABLES: readonly string[] = [
  "executions",
  "node_executions",
  "variable_snapshots",
  "joined",
];

/** Which runs. */
const FILTER_OPTIONS: readonly Option[] = [
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

/** Executions in SQLite. */
export const executionGroup: Group = {
  name: "execution",
  summary: "runs of workflows, in SQLite",
  commands: [
    {
      name: "list",
      summary: "list runs, newest first",
      details: "Times are durations before now (7d, 24h), dates (2025-01-05, UTC) or RFC 3339.",
      options: [
        ...FILTER_OPTIONS,
        { name: "limit", value: "N", summary: "most runs to show, 1 to 1000 (default: 20)" },
        { name: "offset", value: "N", summary: "runs to skip; --cursor gets there faster" },
        { name: "cursor", value: "CURSOR", summary: "page that an earlier call named" },
        { name: "total", summary: "count all that match" },
        { name: "abandoned", summary: "only live runs whose owner is gone; no other filter" },
        DRIVER_OPTION,
      ],
      output: "records",
      ids: true,
      storage: "any",
      examples: [
        ["execution list --status failed --since 24h", "what went wrong today"],
        ["execution list --workflow etl --limit 1000 --ndjson", "for scripts"],
      ],
      run: async (context) => (await import("./list.ts")).listExecutions(context),
    },
    {
      name: "show",
      summary: "show a run with a time line of its nodes",
      arguments: [ID],
      options: [
        { name: "payloads", summary: "show inputs, outputs and variables too" },
        DRIVER_OPTION,
      ],
      output: "record",
      storage: "any",
      examples: [
        ["execution show 0198c2f0-1111-7abc-8def-0123456789ab", "nodes, times and errors"],
      ],
      run: async (context) => (await import("./show.ts")).showExecution(context),
    },
    {
      name: "logs",
      summary: "show what happened in a run, in order",
      arguments: [ID],
      options: [
        { name: "follow", short: "f", summary: "go on until the run has ended" },
        { name: "tail", value: "N", summary: "only the last events" },
        {
          name: "type",
          value: "TYPE",
          choices: ["execution", "node", "variable", "error"],
          multiple: true,
          summary: "only events of this type",
        },
        DRIVER_OPTION,
      ],
      output: "records",
      storage: "any",
      examples: [[
        "execution logs 0198c2f0-1111-7abc-8def-0123456789ab --type error",
        "only errors",
      ]],
      run: async (context) => (await import("./logs.ts")).showLogs(context),
    },
    {
      name: "watch",
      summary: "tell when runs are created, updated or deleted, until Ctrl-C",
      options: [
        { name: "after", value: "N", summary: "go on behind this place of the feed" },
        DRIVER_OPTION,
      ],
      output: "records",
      storage: "any",
      examples: [["execution watch --ndjson", "for scripts"]],
      run: async (context) => (await import("./watch.ts")).watchExecutions(context),
    },
    {
      name: "stats",
      summary: "count and draw runs by status, time, duration and workflow",
      details: "Counts runs that have ended, also those that were deleted since; times are UTC.",
      options: [
        { name: "workflow", value: "ID", summary: "only runs of this workflow" },
        { name: "since", value: "TIME", summary: "only runs started then or later" },
        { name: "until", value: "TIME", summary: "only runs started before" },
        {
          name: "by",
          value: "STEP",
          choices: ["hour", "day", "week"],
          summary: "step of the line of runs (default: hour up to three days, else day)",
        },
        { name: "exact", summary: "percentiles from the runs that are stored, which takes time" },
        DRIVER_OPTION,
      ],
      output: "record",
      storage: "any",
      examples: [
        ["execution stats --since 7d", "the last week"],
        ["execution stats --workflow etl --by hour --json", "for scripts"],
      ],
      run: async (context) => (await import("./stats.ts")).showStatistics(context),
    },
    {
      name: "export",
      summary: "write runs with their parts to a file or standard output",
      details: "NDJSON comes back in without loss; in CSV, formulas of spreadsheets are defused.",
      options: [
        {
          name: "output",
          short: "o",
          value: "FILE",
          summary: "file to write to, - for standard output",
        },
        {
          name: "format",
          value: "FORMAT",
          choices: ["ndjson", "json", "csv"],
          summary: "form of the output (default: ndjson)",
        },
        {
          name: "table",
          value: "TABLE",
          choices: TABLES,
          summary: "table of a CSV (default: executions)",
        },
        ...FILTER_OPTIONS,
        DRIVER_OPTION,
      ],
      storage: "any",
      examples: [
        ["execution export --since 30d -o runs.ndjson", "a month"],
        ["execution export --format csv --status failed > failed.csv", "for a spreadsheet"],
      ],
      run: async (context) => (await import("./transfer.ts")).exportExecutions(context),
    },
    {
      name: "import",
      summary: "add runs that were exported or archived",
      details:
        "Runs that are there already stay as they are. Exits with 1 when a line is not a run.",
      arguments: [{
        name: "FILE",
        summary: 'NDJSON, also compressed with gzip, "-" for standard input',
      }],
      options: [DRIVER_OPTION],
      output: "record",
      storage: "any",
      examples: [["execution import runs.ndjson", "repeating it changes nothing"]],
      run: async (context) => (await import("./transfer.ts")).importExecutions(context),
    },
    {
      name: "prune",
      summary: "delete old runs, show the plan and ask before",
      details:
        "Running, pending, pinned and labelled runs stay, and the last success of each workflow.",
      options: [
        { name: "older-than", value: "DURATION", summary: "runs that started longer ago" },
        { name: "max-count", value: "N", summary: "the oldest, until so many are left" },
        { name: "max-size", value: "SIZE", summary: "the oldest, until so many bytes are left" },
        { name: "workflow", value: "ID", summary: "only runs of this workflow" },
        {
          name: "status",
          value: "STATUS",
          choices: ENDED,
          multiple: true,
          summary: "only runs of this status",
        },
        { name: "keep-last", value: "N", summary: "newest runs of each workflow to keep" },
        { name: "drop-last-success", summary: "do not keep the last success of each workflow" },
        { name: "drop-labelled", summary: "do not keep labelled runs; pinned ones stay" },
        {
          name: "archive",
          value: "FILE",
          summary: "append what goes to this file first, as NDJSON in gzip",
        },
        DRIVER_OPTION,
      ],
      output: "record",
      destructive: true,
      storage: "any",
      examples: [
        ["execution prune --older-than 90d --keep-last 10 --dry-run", "what would go"],
        ["execution prune --max-size 2GB --archive old.ndjson.gz --yes", "for a timer"],
      ],
      run: async (context) => (await import("./prune.ts")).pruneExecutions(context),
    },
    {
      name: "pin",
      summary: "keep runs from every pruning",
      arguments: [{ ...ID, multiple: true }],
      options: [DRIVER_OPTION],
      storage: "any",
      examples: [["execution pin 0198c2f0-1111-7abc-8def-0123456789ab", "keep it"]],
      run: async (context) => (await import("./labels.ts")).pinExecutions(context),
    },
    {
      name: "unpin",
      summary: "let runs be pruned again",
      arguments: [{ ...ID, multiple: true }],
      options: [DRIVER_OPTION],
      storage: "any",
      examples: [["execution unpin 0198c2f0-1111-7abc-8def-0123456789ab", "let it go"]],
      run: async (context) => (await import("./labels.ts")).unpinExecutions(context),
    },
    {
      name: "label",
      summary: "put labels on a run, take them off, or list them",
      arguments: [ID, { name: "LABEL", summary: "labels", optional: true, multiple: true }],
      options: [{ name: "remove", summary: "take the labels off" }, DRIVER_OPTION],
      output: "record",
      storage: "any",
      examples: [
        ["execution label 0198c2f0-1111-7abc-8def-0123456789ab incident-7", "find it again"],
        ["execution list --label incident-7", "here it is"],
      ],
      run: async (context) => (await import("./labels.ts")).labelExecution(context),
    },
    {
      name: "claim",
      summary: "take over a run whose owner is gone",
      details: "Of many claimants exactly one wins; the others exit with 4.",
      arguments: [ID],
      options: [
        { name: "owner", value: "NAME", summary: "who takes it over, unique among all engines" },
        { name: "for", value: "DURATION", summary: "how long the lease lasts (default: 1m)" },
        DRIVER_OPTION,
      ],
      output: "record",
      storage: "any",
      examples: [
        ["execution claim 0198c2f0-1111-7abc-8def-0123456789ab --owner engine-2", "go on with it"],
      ],
      run: async (context) => (await import("./leases.ts")).claimExecution(context),
    },
    {
      name: "interrupt",
      summary: "end runs whose owner is gone as failed",
      arguments: [{
        ...ID,
        summary: "ids of runs (default: all abandoned ones)",
        optional: true,
        multiple: true,
      }],
      options: [DRIVER_OPTION],
      destructive: true,
      storage: "any",
      examples: [["execution interrupt", "show all, ask, then end them"]],
      run: async (context) => (await import("./leases.ts")).interruptExecutions(context),
    },
    {
      name: "delete",
      summary: "delete runs with their node executions and snapshots",
      arguments: [{ ...ID, multiple: true }],
      options: [DRIVER_OPTION],
      destructive: true,
      storage: "any",
      examples: [["execution delete 0198c2f0-1111-7abc-8def-0123456789ab", "ask, then delete"]],
      run: async (context) => (await import("./remove.ts")).deleteExecutions(context),
    },
  ],
};
