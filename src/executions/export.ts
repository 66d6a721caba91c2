/**
 * Exports of runs as streams of JSON, NDJSON and CSV.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { ExportOptions } from "../domain/execution_transfer.ts";
import { csvHeader, csvRows } from "./csv.ts";
import { type StoredRun, writeRunLine } from "./run_line.ts";

/**
 * Writes runs as text.
 *
 * @param batches The runs.
 * @param options Format, filters, progress and signal.
 * @param action What it is for.
 * @returns Pieces of the text.
 * @throws {InvalidDataError} If an option is not valid.
 */
export async function* writeRuns(
  batches: AsyncIterable<StoredRun[]>,
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
  for await (const runs of batches) {
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
