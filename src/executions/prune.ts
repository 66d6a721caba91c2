/**
 * Deletes what a policy lets go, in short transactions.
 *
 * @module
 */

import { DatabaseError } from "../domain/errors.ts";
import type {
  DetailedPrunePlan,
  PruneOptions,
  PruneProgress,
  RetentionPolicy,
} from "../domain/execution_retention.ts";
import { sleep } from "../timers.ts";
import type { ArchiveWriter } from "./archive.ts";
import { releasePages } from "./compact.ts";
import type { Connection } from "./connection.ts";
import { addToPlan, checkBatchSize, checkPolicy, emptyPlan, fitting } from "./policy.ts";
import { isFull, Pruner } from "./pruner.ts";
import { type FoundRun, PruneScan } from "./retention.ts";

/** Rows that are looked at in one read. */
const SCAN = 500;

/** Most runs of the first batch, before it is known how long one takes. */
const FIRST_BATCH = 50;

/** A batch that takes longer is followed by one of half the size, one that takes less by a double, in milliseconds. */
const [LONG, SHORT] = [20, 8];

/** Most pages that are given back with a batch, and in each step after the last one. */
const [RELEASED_WITH_BATCH, RELEASED_AFTERWARDS] = [200, 500];

/**
 * Says what a policy lets go.
 *
 * @param connection The connection.
 * @param policy The policy.
 * @param action What it is for.
 * @returns The plan.
 * @throws {InvalidDataError} If the policy is not valid.
 */
export async function planPrune(
  connection: Connection,
  policy: RetentionPolicy,
  action: string,
): Promise<DetailedPrunePlan> {
  checkPolicy(policy);
  const plan: DetailedPrunePlan = { ...emptyPlan(policy), runs: [] };
  const scan = await connection.read(
    action,
    () => new PruneScan(connection, policy, Date.now(), false),
  );
  for (;;) {
    const batch = await connection.read(action, () => scan.next(SCAN));
    if (batch === undefined) return plan;
    for (const run of batch) {
      addToPlan(plan, run);
      plan.runs.push({ id: run.id, rule: run.rule, bytes: run.bytes });
    }
    await sleep(0);
  }
}

/** Loads the compression only for those who archive: it takes longer than opening a database. */
async function openArchive(path: string, action: string): Promise<ArchiveWriter> {
  const { ArchiveWriter } = await import("./archive.ts");
  return ArchiveWriter.open(path, action);
}

/**
 * Deletes what a policy lets go.
 *
 * @param connection The connection.
 * @param policy The policy.
 * @param options Archive, signal, progress and batch size.
 * @param action What it is for.
 * @returns What went.
 * @throws {InvalidDataError} If the policy or an option is not valid.
 */
export async function prune(
  connection: Connection,
  policy: RetentionPolicy,
  options: PruneOptions,
  action: string,
): Promise<PruneProgress> {
  checkPolicy(policy);
  const { signal, onProgress, batchSize = 200 } = options;
  checkBatchSize(batchSize, action);
  using archive = options.archive === undefined
    ? undefined
    : await openArchive(options.archive, action);
  const progress: PruneProgress = { ...emptyPlan(policy), freedPages: 0 };
  const pruner = new Pruner(connection, policy, archive, action);
  const scan = await connection.read(action, () => {
    pruner.countOthers();
    return new PruneScan(connection, policy, Date.now(), true);
  });
  let size = Math.min(batchSize, FIRST_BATCH);
  let waiting: FoundRun[] = [];
  while (!signal?.aborted) {
    if (waiting.length === 0) {
      const found = await connection.read(action, () => scan.next(SCAN));
      if (found === undefined) break;
      waiting = found;
      await sleep(0);
      continue;
    }
    const batch = waiting.splice(0, fitting(waiting, size));
    const deleted = await pruner.deleteBatch(batch);
    if (deleted === "stale") {
      const found = [...batch, ...waiting.splice(0)];
      await connection.read(action, () => scan.restart(found, pruner.countOthers()));
      await leaveToOthers(performance.now());
      continue;
    }
    if (deleted === "full") {
      // The disk is full: one run at a time needs the least space for the log.
      if (size === 1) throw new DatabaseError(`${action}: the disk is full`, { code: "full" });
      waiting.unshift(...batch);
      size = 1;
      continue;
    }
    const { took } = pruner;
    const start = performance.now() - took;
    for (const run of deleted) addToPlan(progress, run);
    progress.freedPages += await releaseIfRoom(connection, action, RELEASED_WITH_BATCH);
    onProgress?.({ ...progress, rules: progress.rules.map((rule) => ({ ...rule })) });
    // Long transactions keep other writers waiting.
    if (took > LONG) size = Math.max(1, size >> 1);
    else if (took < SHORT) size = Math.min(batchSize, size * 2);
    await leaveToOthers(start);
  }
  progress.freedPages += await releaseRest(connection, action, signal);
  return progress;
}

/** Gives back the pages that the batches left, in steps between which others write. */
async function releaseRest(
  connection: Connection,
  action: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  let sum = 0;
  while (!signal?.aborted) {
    const start = performance.now();
    const freed = await releaseIfRoom(connection, action, RELEASED_AFTERWARDS);
    if (freed === 0) break;
    sum += freed;
    await leaveToOthers(start);
  }
  return sum;
}

/** A full disk does not end the pruning here: the pages stay free for what comes. */
async function releaseIfRoom(
  connection: Connection,
  action: string,
  pages: number,
): Promise<number> {
  try {
    return await releasePages(connection, action, pages);
  } catch (error) {
    if (!isFull(error)) throw error;
    return 0;
  }
}

/** Other processes poll for the lock: leaves it free for as long as it was held. */
function leaveToOthers(start: number): Promise<void> {
  return sleep(Math.max(5, performance.now() - start));
}
