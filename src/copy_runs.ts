/**
 * Copies executions, as lines of NDJSON.
 *
 * @module
 */

import type { StorageCopyCounts, StorageCopyOptions } from "./copy_storage.ts";
import { ConflictError, InvalidDataError, type StorageError } from "./domain/errors.ts";
import type { ExecutionRepository } from "./domain/execution_repository.ts";
import { pauser } from "./pause.ts";

/** Most runs that are sent at once. */
const BATCH = 200;
/** Most characters that are sent at once, one run apart. */
const BATCH_SIZE = 4 * 1024 * 1024;

interface Line {
  id: string;
  text: string;
}

/**
 * Copies the runs that the target does not hold yet, then compares all.
 *
 * @param from The source.
 * @param to The target.
 * @param options Signal, progress, and what to do about conflicts.
 * @returns What was done.
 */
export async function copyRuns(
  from: ExecutionRepository,
  to: ExecutionRepository,
  { signal, onProgress, onConflict = "refuse" }: StorageCopyOptions,
): Promise<StorageCopyCounts> {
  const { total: known } = await from.list({ limit: 1, total: "exact" });
  const counts = { total: known?.count ?? 0, copied: 0, replaced: 0 };
  const failed = new Map<string, StorageError>();
  const pause = pauser();
  const each = async (phase: "copy" | "verify", run: (lines: Line[]) => Promise<void>) => {
    let done = 0;
    for await (const lines of batches(from.export({ ...(signal ? { signal } : {}) }))) {
      await run(lines);
      done += lines.length;
      // More may have been added since they were counted.
      counts.total = Math.max(counts.total, done);
      onProgress?.({ part: "executions", phase, done, total: counts.total });
      // Between two databases nothing waits for the system: the signal would be heard in the end.
      await pause();
      signal?.throwIfAborted();
    }
  };
  await each("copy", async (lines) => {
    const stored = await to.storedIds(lines.map(({ id }) => id));
    const missing = lines.filter(({ id }) => !stored.has(id));
    counts.copied += await importLines(to, missing, signal, failed);
  });
  await each("verify", async (lines) => {
    const held = await readTexts(to, lines);
    const differing = lines.filter(({ id, text }) => held.get(id) !== text && !failed.has(id));
    if (differing.length === 0) return;
    // What was added to the source since it was copied.
    const missing = differing.filter(({ id }) => !held.has(id));
    counts.copied += await importLines(to, missing, signal, failed);
    if (onConflict === "replace") {
      const others = differing.filter(({ id }) => held.has(id));
      for (const { id } of others) await to.delete(id);
      counts.replaced += await importLines(to, others, signal, failed);
      // What the target cannot hold takes the place of nothing.
      const refused = others.filter(({ id }) => failed.has(id));
      const kept = refused.map(({ id }) => ({ id, text: held.get(id)! }));
      await importLines(to, kept, signal, new Map());
    }
    const found = await readTexts(to, differing);
    for (const { id, text } of differing) {
      if (found.get(id) === text || failed.has(id)) continue;
      const message = `Cannot copy execution "${id}": the target holds something else of this id`;
      failed.set(id, new ConflictError(message, { expected: "the same run", actual: "another" }));
    }
  });
  const { total, copied, replaced } = counts;
  return {
    ...counts,
    // What changed in the source while it was copied is both copied and failed.
    unchanged: Math.max(0, total - copied - replaced - failed.size),
    failed: [...failed].map(([id, error]) => ({ id, error })),
  };
}

/**
 * Sends runs; returns how many were added. They come newest first and go oldest
 * first, because those of one instant are listed in the order they were stored.
 */
async function importLines(
  to: ExecutionRepository,
  newestFirst: Line[],
  signal: AbortSignal | undefined,
  failed: Map<string, StorageError>,
): Promise<number> {
  const lines = newestFirst.toReversed();
  if (lines.length === 0) return 0;
  const text = lines.map(({ text }) => `${text}\n`);
  const stream = ReadableStream.from(text).pipeThrough(new TextEncoderStream());
  try {
    const { imported, invalid } = await to.import(stream, signal ? { signal } : {});
    for (const { line, error } of invalid) failed.set(lines[line - 1]!.id, error);
    return imported;
  } catch (error) {
    if (!(error instanceof InvalidDataError)) throw error;
    if (lines.length > 1) return await importEach(to, lines, signal, failed);
    failed.set(lines[0]!.id, error);
    return 0;
  }
}

/** Finds the runs that the target cannot hold, and sends the others. */
async function importEach(
  to: ExecutionRepository,
  lines: Line[],
  signal: AbortSignal | undefined,
  failed: Map<string, StorageError>,
): Promise<number> {
  const stored = await to.storedIds(lines.map(({ id }) => id));
  let imported = stored.size;
  for (const line of lines) {
    if (!stored.has(line.id)) imported += await importLines(to, [line], signal, failed);
  }
  return imported;
}

/** Reads what the target holds of runs. */
async function readTexts(to: ExecutionRepository, lines: Line[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const batch of batches(to.export({ ids: lines.map(({ id }) => id) }))) {
    for (const { id, text } of batch) found.set(id, text);
  }
  return found;
}

async function* batches(stream: ReadableStream<Uint8Array>): AsyncGenerator<Line[]> {
  let batch: Line[] = [];
  let size = 0;
  for await (const text of linesOf(stream)) {
    if (batch.length === BATCH || (size + text.length > BATCH_SIZE && batch.length > 0)) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push({ id: idOf(text), text });
    size += text.length;
  }
  if (batch.length > 0) yield batch;
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest: string[] = [];
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    const [first = "", ...lines] = piece.split("\n");
    rest.push(first);
    if (lines.length === 0) continue;
    yield rest.join("");
    yield* lines.slice(0, -1);
    rest = [lines.at(-1)!];
  }
}

/** The id comes first, as {@linkcode ExecutionRepository.export} writes runs. */
function idOf(line: string): string {
  const quoted = /^\{"id":("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
  return String(quoted === undefined ? JSON.parse(line).id : JSON.parse(quoted));
}
