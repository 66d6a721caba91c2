/**
 * Exports and imports of runs.
 *
 * @module
 */

import type { InvalidDataError } from "./errors.ts";
import type { ExecutionQuery } from "./execution_repository.ts";

/** A table of a CSV export. */
export type CsvTable = "executions" | "node_executions" | "variable_snapshots" | "joined";

/** Options of `export()`. Filters are those of `list()`; limit, cursor and total do not apply. */
export interface ExportOptions extends Omit<ExecutionQuery, "limit" | "cursor" | "total"> {
  /**
   * `"ndjson"` comes back in without loss, `"json"` is one list of the same
   * objects, `"csv"` is one table.
   *
   * @default {"ndjson"}
   */
  format?: "json" | "ndjson" | "csv";
  /**
   * The table of a CSV; `"joined"` has one row per node execution.
   *
   * @default {"executions"}
   */
  table?: CsvTable;
  /** Only these runs, in this order and without other filters; those that are not there are left out. */
  ids?: readonly string[];
  /** Ends the stream with its reason. */
  signal?: AbortSignal;
  /** Called now and then with the number of runs so far. */
  onProgress?: (runs: number) => void;
}

/** What an import did. */
export interface ImportResult {
  /** Runs that were added. */
  imported: number;
  /** Runs that were there already and stayed as they were. */
  skipped: number;
  /** Lines that are not a run, from 1. */
  invalid: { line: number; error: InvalidDataError }[];
}

/** Options of `import()`. */
export interface ImportOptions {
  /** Ends it with its reason; what was added stays. */
  signal?: AbortSignal;
  /** Called after each transaction. */
  onProgress?: (result: Omit<ImportResult, "invalid">) => void;
}
