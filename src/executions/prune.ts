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
import type { ArchiveWriter } from "./archive.ts";
import type { Connection } from "./connection.ts";
import { addToPlan, type Candidate, checkPolicy, emptyPlan } from "./policy.ts";
import { releaseReserve } from "./reserve.ts";
import { PruneScan } from "./retention.ts";
import { readStoredRun } from "./stored_run.ts";

/** Rows that are looked at in one read. */
const SCAN = 500;

/**
 * Says what a policy lets go.
 *
 * @param connection The connection.
 * @param policy The policy.
 * @param action What it is for.
 * @returns The plan.
 */
export async function planPrune(
  connection: Connection,
  policy: RetentionPolicy,
  action: string,
): Promise<DetailedPrunePlan> {
  checkPolicy(policy);
  const plan: DetailedPrunePlan = { ...emptyPlan(policy), runs: [] };
  const seen = new Set<string>();
  const scan = await connection.read(
    action,
    () => new PruneScan(connection, policy, Date.now()),
  );
  for (;;) {
    const batch = await connection.read(action, () => scan.next(SCAN));
    if (batch === undefined) return plan;
    for (const candidate of batch) {
      // The rules overlap; the first one that lets a run go counts.
      if (seen.has(candidate.id)) continue;
      seen.add(candidate.id);
      addToPlan(plan, candidate);
      plan.runs.push({ id: candidate.id, rule: candidate.rule, bytes: candidate.bytes });
    }
    await pause(0);
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
 */
export async function prune(
  connection: Connection,
  policy: RetentionPolicy,
  options: PruneOptions,
  action: string,
): Promise<PruneProgress> {
  checkPolicy(policy);
  const { signal, onProgress, batchSize = 200 } = options;
  using archive = options.archive === undefined
    ? undefined
    : await openArchive(options.archive, action);
  const progress: PruneProgress = { ...emptyPlan(policy), freedPages: 0 };
  const scan = await connection.read(
    action,
    () => new PruneScan(connection, policy, Date.now()),
  );
  let size = Math.min(batchSize, 50);
  let waiting: Candidate[] = [];
  while (!signal?.aborted) {
    if (waiting.length === 0) {
      const found = await connection.read(action, () => scan.next(SCAN));
      if (found === undefined) break;
      waiting = found;
      continue;
    }
    const batch = waiting.splice(0, size);
    if (archive !== undefined) {
      const read = () => batch.map(({ id }) => readStoredRun(connection, id));
      const runs = await connection.read(action, read);
      // Those that are gone meanwhile are left out.
      await archive.append(runs.filter((run) => run !== undefined));
    }
    const start = performance.now();
    const deleted = await deleteBatch(connection, batch, action);
    if (deleted === undefined) {
      // The disk is full: one run at a time needs the least space for the log.
      if (size === 1) throw new DatabaseError(`${action}: the disk is full`, { code: "full" });
      waiting.unshift(...batch);
      size = 1;
      continue;
    }
    const took = performance.now() - start;
    for (const candidate of deleted) addToPlan(progress, candidate);
    progress.freedPages += await releaseIfRoom(connection, action);
    onProgress?.({ ...progress, rules: progress.rules.map((rule) => ({ ...rule })) });
    // Long transactions keep other writers waiting.
    size = took > 20 ? Math.max(1, size >> 1) : took < 8 ? Math.min(batchSize, size * 2) : size;
    // Other processes poll for the lock: leave it free for as long as it was held.
    await pause(Math.max(5, took));
  }
  while (!signal?.aborted) {
    const freed = await releasePages(connection, action, 500);
    if (freed === 0) break;
    progress.freedPages += freed;
    await pause(2);
  }
  return progress;
}

/** Returns `undefined` when the disk is full, after making room in the write-ahead log. */
async function deleteBatch(
  connection: Connection,
  batch: Candidate[],
  action: string,
): Promise<Candidate[] | undefined> {
  try {
    return await connection.write(action, () => deleteRuns(connection, batch));
  } catch (error) {
    if (!isFull(error)) throw error;
  }
  releaseReserve(connection.info.path);
  try {
    await connection.run(action, "PRAGMA wal_checkpoint(RESTART)");
  } catch (error) {
    if (!isFull(error)) throw error;
  }
  return undefined;
}

/** A full disk does not end the pruning here: the pages stay free for what comes. */
async function releaseIfRoom(connection: Connection, action: string): Promise<number> {
  try {
    return await releasePages(connection, action, 200);
  } catch (error) {
    if (!isFull(error)) throw error;
    return 0;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "full";
}

const DELETE = "DELETE FROM executions WHERE id = ? AND rowid = ? AND " +
  "status NOT IN ('pending', 'running') AND " +
  "NOT EXISTS (SELECT 1 FROM labels WHERE execution_id = executions.id AND label = 'pinned')";

/** Looks again: a run may have been pinned or resumed since it was found. */
function deleteRuns(connection: Connection, batch: Candidate[]): Candidate[] {
  const statement = connection.statement(DELETE);
  return batch.filter(({ id, rowid }) => statement.run(id, rowid) > 0);
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
