/**
 * Imports of NDJSON that was exported or archived.
 *
 * @module
 */

import { InvalidDataError, StorageError } from "../domain/errors.ts";
import type { ImportOptions, ImportResult } from "../domain/execution_transfer.ts";
import { readRunLine, type StoredRun } from "./run_line.ts";

/** Runs of one transaction. */
const BATCH = 50;

/**
 * Adds the runs of a stream.
 *
 * @param insert Inserts runs, unless there are some of the same ids; returns how many.
 * @param stream NDJSON, plain or compressed with gzip.
 * @param options Signal and progress.
 * @param action What it is for.
 * @param check Throws `InvalidDataError` for a run that this backend cannot store.
 * @returns What was done.
 * @throws {DatabaseError} If the database refuses; earlier transactions stay.
 */
export async function importRuns(
  insert: (runs: StoredRun[]) => Promise<number>,
  stream: ReadableStream<Uint8Array>,
  options: ImportOptions,
  action: string,
  check: (run: StoredRun) => void = () => {},
): Promise<ImportResult> {
  const result: ImportResult = { imported: 0, skipped: 0, invalid: [] };
  let batch: StoredRun[] = [];
  const flush = async () => {
    const added = await insert(batch);
    result.imported += added;
    result.skipped += batch.length - added;
    batch = [];
    options.onProgress?.({ imported: result.imported, skipped: result.skipped });
  };
  let number = 0;
  for await (const line of lines(stream, action)) {
    options.signal?.throwIfAborted();
    number++;
    if (line.trim() === "") continue;
    try {
      const run = readRunLine(line);
      check(run);
      batch.push(run);
    } catch (error) {
      if (!(error instanceof InvalidDataError)) throw error;
      result.invalid.push({ line: number, error });
    }
    if (batch.length === BATCH) await flush();
  }
  if (batch.length > 0) await flush();
  return result;
}

async function* lines(
  stream: ReadableStream<Uint8Array>,
  action: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest: string[] = [];
  try {
    for await (const bytes of unzip(stream)) {
      const parts = decoder.decode(bytes, { stream: true }).split("\n");
      rest.push(parts[0]!);
      if (parts.length === 1) continue;
      yield rest.join("");
      yield* parts.slice(1, -1);
      rest = [parts.at(-1)!];
    }
  } catch (cause) {
    if (cause instanceof StorageError || !(cause instanceof Error && "code" in cause)) throw cause;
    throw new InvalidDataError(`${action}: the compressed data is damaged`, { cause });
  }
  yield rest.join("") + decoder.decode();
}

/** Looks at the first bytes; archives have many members, which not every decompressor reads. */
async function* unzip(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream[Symbol.asyncIterator]();
  const first = await reader.next();
  if (first.done) return;
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield first.value!;
    for (let next = await reader.next(); !next.done; next = await reader.next()) yield next.value;
  }
  const isZipped = first.value[0] === 0x1f && first.value[1] === 0x8b;
  if (!isZipped) return yield* whole();
  // Not loaded by all who open a database: they take longer than a short command.
  const { Readable } = await import("node:stream");
  const { createGunzip } = await import("node:zlib");
  const gunzip = createGunzip();
  const source = Readable.from(whole());
  source.on("error", (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  yield* gunzip as AsyncIterable<Uint8Array>;
}
