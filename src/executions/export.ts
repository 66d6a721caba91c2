/**
 * Exports of runs as streams of JSON, NDJSON and CSV.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { ExecutionQuery } from "../domain/execution_repository.ts";
import type { Connection } from "./connection.ts";
import { csvHeader, csvRows, type CsvTable } from "./csv.ts";
import type { Cursor } from "./cursor.ts";
import { pageQuery, readFilter } from "./list_query.ts";
import { readStoredRun, type StoredRun, writeRunLine } from "./run_line.ts";

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
  /** Ends the stream with its reason. */
  signal?: AbortSignal;
  /** Called now and then with the number of runs so far. */
  onProgress?: (runs: number) => void;
}

/** Runs that are read in one transaction, which must stay short. */
const BATCH = 50;

/**
 * Reads runs and their parts, newest first, with constant memory. Runs that
 * change meanwhile come as they are when they are read.
 *
 * @param connection The connection.
 * @param options Filters and signal.
 * @param action What it is for.
 * @returns Batches of runs.
 */
export async function* readStoredRuns(
  connection: Connection,
  options: ExportOptions,
  action: string,
): AsyncGenerator<StoredRun[]> {
  const filter = readFilter(options);
  const { schemaVersion } = connection.info;
  let cursor: Cursor | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    const { sql, params } = pageQuery(filter, cursor, BATCH, schemaVersion);
    const { rows, runs } = await connection.read(action, () => {
      const rows = connection.statement(sql).all(...params);
      return { rows, runs: rows.map(([id]) => readStoredRun(connection, String(id))) };
    });
    yield runs.filter((run) => run !== undefined);
    const last = rows.at(-1);
    if (last === undefined || rows.length < BATCH) return;
    cursor = {
      direction: "older",
      instant: BigInt(last.at(-2) as number),
      rowid: BigInt(last.at(-1) as number),
    };
  }
}

/**
 * Writes runs as text.
 *
 * @param connection The connection.
 * @param options Format, filters, progress and signal.
 * @param action What it is for.
 * @returns Pieces of the text.
 * @throws {InvalidDataError} If an option is not valid.
 */
export async function* writeRuns(
  connection: Connection,
  options: ExportOptions,
  action: string,
): AsyncGenerator<string> {
  const { format = "ndjson", table = "executions", onProgress } = options;
  if (!["json", "ndjson", "csv"].includes(format)) {
    throw new InvalidDataError(
      `${action}: the format is "${format}", wanted is "json", "ndjson" or "csv"`,
    );
  }
  let count = 0;
  if (format === "csv") yield csvHeader(table, action);
  if (format === "json") yield "[";
  for await (const runs of readStoredRuns(connection, options, action)) {
    let text = "";
    for (const run of runs) {
      if (format === "csv") text += csvRows(table, run);
      else if (format === "ndjson") text += `${writeRunLine(run)}\n`;
      else text += `${count === 0 ? "\n" : ",\n"}${writeRunLine(run)}`;
      count++;
    }
    if (text !== "") yield text;
    onProgress?.(count);
  }
  if (format === "json") yield "\n]\n";
}

/**
 * Makes a byte stream of text.
 *
 * @param text Pieces of the text.
 * @returns The stream, UTF-8.
 */
export function toByteStream(text: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  return ReadableStream.from(text).pipeThrough(new TextEncoderStream());
}
