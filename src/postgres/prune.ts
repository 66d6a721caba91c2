/**
 * Deletes what a policy lets go, in short transactions.
 *
 * @module
 */

import type {
  DetailedPrunePlan,
  PruneOptions,
  PruneProgress,
  RetentionPolicy,
} from "../domain/execution_retention.ts";
import { ArchiveWriter } from "../executions/archive.ts";
import { addToPlan, checkPolicy, emptyPlan } from "../executions/policy.ts";
import { FINAL_SQL } from "./columns.ts";
import { countWaiting } from "./counting.ts";
import type { PostgresDatabase } from "./database.ts";
import { type PostgresCandidate, PruneScan } from "./retention.ts";
import { readStoredRunsById } from "./stored_run.ts";

/** Rows that are looked at in one read. */
const SCAN = 500;

/**
 * Says what a policy lets go.
 *
 * @param database The database.
 * @param policy The policy.
 * @param action What it is for.
 * @returns The plan.
 */
export async function planPrune(
  database: PostgresDatabase,
  policy: RetentionPolicy,
  action: string,
): Promise<DetailedPrunePlan> {
  checkPolicy(policy);
  const plan: DetailedPrunePlan = { ...emptyPlan(policy), runs: [] };
  const seen = new Set<string>();
  for await (const candidates of scan(database, policy, action)) {
    for (const candidate of candidates) {
      // The rules overlap; the first one that lets a run go counts.
      if (seen.has(candidate.id)) continue;
      seen.add(candidate.id);
      addToPlan(plan, candidate);
      plan.runs.push(candidate);
    }
  }
  return plan;
}

async function* scan(
  database: PostgresDatabase,
  policy: RetentionPolicy,
  action: string,
): AsyncGenerator<PostgresCandidate[]> {
  const session = {
    uncertain: false,
    query: (sql: string, params = []) => database.query(action, sql, params),
  };
  const scan = await PruneScan.begin(session, policy, Date.now());
  for (;;) {
    const candidates = await scan.next(session, SCAN);
    if (candidates === undefined) return;
    yield candidates;
  }
}

/**
 * Looks again: a run may have been pinned or resumed since it was found. One
 * that another process holds stays for the next time, and one that was not
 * counted yet is counted first.
 */
const DELETE = `WITH found AS (
  SELECT e.id FROM executions AS e
  WHERE e.id = ANY($1) AND e.status IN ${FINAL_SQL}
    AND NOT EXISTS (SELECT FROM labels AS l WHERE l.execution_id = e.id AND l.label = 'pinned')
    AND NOT EXISTS (SELECT FROM uncounted AS u WHERE u.execution_id = e.id)
  ORDER BY e.id FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM executions WHERE id IN (SELECT id FROM found) RETURNING id
), change AS (
  INSERT INTO queued_changes (execution_id, kind) SELECT id, 'deleted' FROM gone
) SELECT id FROM gone`;

/**
 * Deletes what a policy lets go.
 *
 * @param database The database.
 * @param policy The policy.
 * @param options Archive, signal, progress and batch size.
 * @param action What it is for.
 * @returns What went.
 */
export async function prune(
  database: PostgresDatabase,
  policy: RetentionPolicy,
  options: PruneOptions,
  action: string,
): Promise<PruneProgress> {
  checkPolicy(policy);
  const { signal, onProgress, batchSize = 200 } = options;
  using archive = options.archive === undefined
    ? undefined
    : ArchiveWriter.open(options.archive, action);
  const progress: PruneProgress = { ...emptyPlan(policy), freedPages: 0 };
  await countWaiting(database, action);
  for await (const candidates of scan(database, policy, action)) {
    for (let at = 0; at < candidates.length && !signal?.aborted; at += batchSize) {
      const batch = candidates.slice(at, at + batchSize);
      const ids = batch.map(({ id }) => id);
      await archive?.append(await readStoredRunsById(database, ids, action));
      const gone = await deleteRuns(database, ids, action);
      for (const candidate of batch) if (gone.has(candidate.id)) addToPlan(progress, candidate);
      onProgress?.({ ...progress, rules: progress.rules.map((rule) => ({ ...rule })) });
    }
    if (signal?.aborted) break;
  }
  return progress;
}

async function deleteRuns(
  database: PostgresDatabase,
  ids: string[],
  action: string,
): Promise<Set<string>> {
  return await database.attempt(action, async (session) => {
    const { rows } = await session.query(DELETE, [ids]);
    if (!session.uncertain) return new Set(rows.map(([id]) => String(id)));
    // The answer to an earlier attempt was lost: what is not there was deleted by it.
    const left = await session.query("SELECT id FROM executions WHERE id = ANY($1)", [ids]);
    const there = new Set(left.rows.map(([id]) => String(id)));
    return new Set(ids.filter((id) => !there.has(id)));
  });
}
