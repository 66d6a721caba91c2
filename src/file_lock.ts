/**
 * An advisory lock file that serialises writers across processes. The lock
 * dies with its process, so there is no stale lock; the file is never deleted,
 * since a waiter could otherwise lock a file that nobody else sees.
 *
 * @module
 */

import { StorageError } from "./domain/errors.ts";
import { sleep } from "./timers.ts";

/** Options of {@linkcode withFileLock}. */
export interface FileLockOptions {
  /**
   * How long to wait for the lock, in milliseconds.
   *
   * @default {30000}
   */
  timeout?: number;
  /**
   * Mode of a new lock file.
   *
   * @default {0o600}
   */
  mode?: number;
}

/** Wait after which the lock is tried as often as at first, in milliseconds. */
const PATIENCE = 500;

/** Tail of the queue of each lock file in this process. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs a function while holding an exclusive lock on a file, which is created
 * when it is missing. Not reentrant.
 *
 * Requires `--allow-read` and `--allow-write` for the file.
 *
 * @param path The lock file; its folder must exist.
 * @param run What to do under the lock; it gets the lock file.
 * @param options Timeout and file mode.
 * @returns What the function returned.
 * @throws {StorageError} If the lock is not free in time.
 */
export async function withFileLock<T>(
  path: string,
  run: (lock: Deno.FsFile) => Promise<T>,
  options: FileLockOptions = {},
): Promise<T> {
  const { timeout = 30_000, mode = 0o600 } = options;
  const previous = queues.get(path) ?? Promise.resolve();
  const mine = previous.then(() => lockAndRun(path, run, timeout, mode));
  // The queue goes on after a failure, which the caller of that turn sees.
  const settled = mine.then(() => {}, () => {});
  queues.set(path, settled);
  try {
    return await mine;
  } finally {
    if (queues.get(path) === settled) queues.delete(path);
  }
}

async function lockAndRun<T>(
  path: string,
  run: (lock: Deno.FsFile) => Promise<T>,
  timeout: number,
  mode: number,
): Promise<T> {
  // Synchronous, since a hop to another thread costs more than opening and trying.
  using file = Deno.openSync(path, { read: true, write: true, create: true, mode });
  await acquire(file, path, timeout);
  // Closing the file releases the lock.
  return await run(file);
}

/**
 * Polls, because a blocking lock occupies one of the few threads that file
 * operations of the lock's holder need, and cannot be given up.
 */
async function acquire(file: Deno.FsFile, path: string, timeout: number): Promise<void> {
  const start = performance.now();
  for (let delay = 1; !file.tryLockSync(true); delay = Math.min(delay * 2, 16)) {
    const waited = performance.now() - start;
    // Whoever waits for long tries more often, or others who write again and again would starve it.
    if (waited > PATIENCE) delay = 1;
    if (waited > timeout) {
      throw new StorageError(
        `Cannot lock "${path}" within ${timeout} ms: another process holds it`,
      );
    }
    // Jitter, so that those who met do not meet again.
    await sleep(delay * (0.5 + Math.random()));
  }
}
