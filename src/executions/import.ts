/**
 * Imports of NDJSON that was exported or archived.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { ImportOptions, ImportResult } from "../domain/execution_transfer.ts";
import { DamagedStream, readLines } from "./import_stream.ts";
import { readRunLine, type StoredRun } from "./run_line.ts";

/** About the most bytes of one transaction. */
const BATCH_BYTES = 4_000_000;

/** How an import goes. */
export interface ImportPace {
  /** Most runs of one transaction. */
  runs: number;
  /** How many transactions may be under way. */
  lanes: number;
}

/**
 * Inserts runs, unless there are some of the same ids.
 *
 * @param runs The runs.
 * @returns For each run whether it was inserted, or why it cannot be.
 */
export type InsertRuns = (runs: StoredRun[]) => Promise<readonly (boolean | InvalidDataError)[]>;

/**
 * Adds the runs of a stream.
 *
 * @param insert Inserts runs.
 * @param stream NDJSON, plain or compressed with gzip.
 * @param options Signal and progress.
 * @param action What it is for.
 * @param prepare Checks a run and returns what to store; throws an `InvalidDataError` to refuse it.
 * @param pace How much at a time.
 * @returns What was done.
 * @throws {InvalidDataError} If the compressed data is damaged; what was read before that stays.
 * @throws {DatabaseError} If the database refuses; earlier transactions stay.
 */
export async function importRuns(
  insert: InsertRuns,
  stream: ReadableStream<Uint8Array>,
  options: ImportOptions,
  action: string,
  prepare: (run: StoredRun) => StoredRun = (run) => run,
  pace: ImportPace = { runs: 50, lanes: 1 },
): Promise<ImportResult> {
  const result: ImportResult = { imported: 0, skipped: 0, invalid: [] };
  let batch: { line: number; run: StoredRun }[] = [];
  let size = 0;
  const insertBatch = async (batch: { line: number; run: StoredRun }[]) => {
    const outcomes = await insert(batch.map(({ run }) => run));
    outcomes.forEach((outcome, i) => {
      if (outcome === true) result.imported++;
      else if (outcome === false) result.skipped++;
      else result.invalid.push({ line: batch[i]!.line, error: outcome });
    });
    options.onProgress?.({ imported: result.imported, skipped: result.skipped });
  };
  await using running = new Lanes(pace.lanes);
  const flush = async () => {
    const full = batch;
    [batch, size] = [[], 0];
    await running.start(() => insertBatch(full));
  };
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 0;
  try {
    for await (const bytes of readLines(stream, options.signal, action)) {
      line++;
      try {
        const text = decode(decoder, bytes);
        if (text.trim() === "") continue;
        batch.push({ line, run: prepare(readRunLine(text)) });
        size += bytes.length;
      } catch (error) {
        if (!(error instanceof InvalidDataError)) throw error;
        result.invalid.push({ line, error });
      }
      if (batch.length === pace.runs || size >= BATCH_BYTES) await flush();
    }
  } catch (cause) {
    if (!(cause instanceof DamagedStream)) throw cause;
    if (batch.length > 0) await flush();
    await running.end();
    throw new InvalidDataError(`${action}: the compressed data is damaged behind line ${line}`, {
      line: line + 1,
      cause: cause.cause,
    });
  }
  if (batch.length > 0) await flush();
  await running.end();
  result.invalid.sort((a, b) => a.line - b.line);
  return result;
}

function decode(decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new InvalidDataError("Cannot import a run: the line is not UTF-8", { cause });
  }
}

/** Runs so many tasks at a time; what one throws is thrown by the next call. */
class Lanes implements AsyncDisposable {
  readonly #size: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  /** Starts a task; waits until another one may start. */
  async start(task: () => Promise<void>): Promise<void> {
    const running = this.#run(task).finally(() => this.#running.delete(running));
    this.#running.add(running);
    if (this.#running.size >= this.#size) await Promise.race(this.#running);
    this.#check();
  }

  async #run(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  /** Waits for all. */
  async end(): Promise<void> {
    await Promise.all(this.#running);
    this.#check();
  }

  /** Whatever ended the work: nothing goes on behind it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running);
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
