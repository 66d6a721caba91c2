/**
 * The commands on executions.
 *
 * @module
 */

import type { Argument, Group } from "../command.ts";
import { DRIVER, FILTER_OPTIONS } from "./options.ts";

const ID: Argument = { name: "ID", summary: "id of the run", candidates: "execution list -q" };

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
        { name: "cursor", value: "CURSOR", summary: "page that an earlier call named" },
        { name: "total", summary: "count all that match" },
        DRIVER,
      ],
      output: "records",
      ids: true,
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
      options: [{ name: "payloads", summary: "show inputs, outputs and variables too" }, DRIVER],
      output: "record",
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
        { name: "tail", value: "N", summary: "only the last events" },
        {
          name: "type",
          value: "TYPE",
          choices: ["execution", "node", "variable", "error"],
          multiple: true,
          summary: "only events of this type",
        },
        DRIVER,
      ],
      output: "records",
      examples: [[
        "execution logs 0198c2f0-1111-7abc-8def-0123456789ab --type error",
        "only errors",
      ]],
      run: async (context) => (await import("./logs.ts")).showLogs(context),
    },
    {
      name: "delete",
      summary: "delete runs with their node executions and snapshots",
      arguments: [{ ...ID, multiple: true }],
      options: [DRIVER],
      destructive: true,
      examples: [["execution delete 0198c2f0-1111-7abc-8def-0123456789ab", "ask, then delete"]],
      run: async (context) => (await import("./remove.ts")).deleteExecutions(context),
    },
  ],
};
