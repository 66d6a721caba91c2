/**
 * Gives the space of deleted rows back to the file system.
 *
 * @module
 */

import { PermissionDeniedError } from "../domain/errors.ts";
import { sleep } from "../timers.ts";
import type { Connection } from "./connection.ts";

/** How free space is given back. */
export interface CompactOptions {
  /** Stops the work; what was given back so far is. */
  signal?: AbortSignal;
  /** Called now and then with the pages that were given back and all there are. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

/**
 * Shrinks the file: step by step where it was made for that, else by rewriting
 * it in place, after which it is.
 *
 * @param connection The connection.
 * @param options Signal and progress; the rewriting is one step.
 * @param action What it is for.
 * @throws {PermissionDeniedError} If Deno's sandbox forbids the rewriting.
 */
export async function compact(
  connection: Connection,
  options: CompactOptions,
  action: string,
): Promise<void> {
  if (connection.info.incrementalVacuum) return await shrink(connection, options, action);
  try {
    await connection.run(action, "PRAGMA auto_vacuum = INCREMENTAL");
    await connection.run(action, "VACUUM");
  } catch (cause) {
    if (!(cause instanceof Error && /too many attached databases/.test(cause.message))) {
      throw cause;
    }
    throw new PermissionDeniedError(
      `${action}: Deno's sandbox forbids VACUUM, run again with --allow-all`,
      { resource: connection.info.path, flag: "--allow-all", cause },
    );
  }
  connection.info.incrementalVacuum = true;
}

async function shrink(
  connection: Connection,
  { signal, onProgress }: CompactOptions,
  action: string,
): Promise<void> {
  const [row] = await connection.run(action, "PRAGMA freelist_count");
  const total = Number(row?.[0]);
  let done = 0;
  for (let freed = -1; freed !== 0;) {
    freed = await releasePages(connection, action, 500);
    done += freed;
    onProgress?.({ done, total });
    signal?.throwIfAborted();
    // Other processes poll for the lock.
    await sleep(2);
  }
}

/**
 * Gives free pages back to the file system.
 *
 * @param connection The connection.
 * @param action What it is for.
 * @param pages Most pages.
 * @returns How many were given back; 0 for a file that cannot shrink step by step.
 */
export async function releasePages(
  connection: Connection,
  action: string,
  pages: number,
): Promise<number> {
  if (!connection.info.incrementalVacuum) return 0;
  const free = () => Number(connection.statement("PRAGMA freelist_count").get()?.[0]);
  return await connection.write(action, () => {
    const before = free();
    if (before === 0) return 0;
    connection.statement(`PRAGMA incremental_vacuum(${pages})`).all();
    return before - free();
  });
}
