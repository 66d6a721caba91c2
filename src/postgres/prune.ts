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
import {
  addToPlan,
  checkBatchSize,
  checkPolicy,
  emptyPlan,
  fitting,
} from "../executions/policy.ts";
import { writeRunLine } from "../executions/run_line.ts";
import { FINAL_SQL, Params } from "./columns.ts";
import { countWaiting } from "./counting.ts";
import type { PostgresDatabase, Session } from "./database.ts";
import { isLost } from "./postgres_error.ts";
import { type FoundRun, labelledSql, PruneScan } from "./retention.ts";
import { readStoredIds, readStoredRunParts } from "./stored_run.ts";

/** Rows that are looked at in one read. */
const SCAN = 500;

/**
 * Says what a policy lets go.
 *
 * @param database The database.
 * @param policy The policy.
 * @param action What it is for.
 * @returns The plan.
 * @throws {InvalidDataError} If the policy is not valid.
 */
export async function planPrune(
  database: PostgresDatabase,
  policy: RetentionPolicy,
  action: string,
): Promise<DetailedPrunePlan> {
  checkPolicy(policy);
  const plan: DetailedPrunePlan = { ...emptyPlan(policy), runs: [] };
  for await (const found of scan(database, policy, action, false)) {
    for (const { id, rule, bytes } of found) {
      addToPlan(plan, { id, rule, bytes });
      plan.runs.push({ id, rule, bytes });
    }
  }
  return plan;
}

async function* scan(
  database: PostgresDatabase,
  policy: RetentionPolicy,
  action: string,
  deletes: boolean,
): AsyncGenerator<FoundRun[]> {
  const query: Session["query"] = (sql, params) => database.query(action, sql, params);
  const scan = await PruneScan.begin({ query }, policy, deletes);
  for (;;) {
    const found = await scan.next(SCAN);
    if (found === undefined) return;
    yield found;
  }
}

/**
 * Deletes what a policy lets go.
 *
 * @param database The database.
 * @param policy The policy.
 * @param options Archive, signal, progress and batch size.
 * @param action What it is for.
 * @returns What went.
 * @throws {InvalidDataError} If the policy or an option is not valid.
 */
export async function prune(
  database: PostgresDatabase,
  policy: RetentionPolicy,
  options: PruneOptions,
  action: string,
): Promise<PruneProgress> {
  checkPolicy(policy);
  const { signal, onProgress, batchSize = 200 } = options;
  checkBatchSize(batchSize, action);
  using archive = options.archive === undefined
    ? undefined
    : ArchiveWriter.open(options.archive, action);
  const progress: PruneProgress = { ...emptyPlan(policy), freedPages: 0 };
  await countWaiting(database, action);
  for await (const found of scan(database, policy, action, true)) {
    while (found.length > 0 && !signal?.aborted) {
      const batch = found.splice(0, fitting(found, batchSize));
      const gone = archive === undefined
        ? await deleteBatch(database, policy, batch, action)
        : await archiveBatch(database, policy, batch, archive, action);
      for (const run of batch) if (gone.has(run.id)) addToPlan(progress, run);
      onProgress?.({ ...progress, rules: progress.rules.map((rule) => ({ ...rule })) });
    }
    if (signal?.aborted) break;
  }
  return progress;
}

/**
 * Keeps others from changing the runs of a batch. One that another process
 * holds is left out, for the next time.
 */
async function lock(session: Session, batch: readonly FoundRun[]): Promise<FoundRun[]> {
  const { rows } = await session.query(
    "SELECT id FROM executions WHERE id = ANY($1) ORDER BY id FOR UPDATE SKIP LOCKED",
    [batch.map(({ id }) => id)],
  );
  const locked = new Set(rows.map(([id]) => String(id)));
  return batch.filter(({ id }) => locked.has(id));
}

/**
 * Finds those of locked runs that are as they were found and still may go. A
 * statement of its own: the one that locks does not see what was written to
 * other tables while it looked for the rows. One that was not counted yet stays
 * for the next time.
 */
function goingSql(policy: RetentionPolicy, locked: readonly FoundRun[], params: Params): string {
  const ids = params.add(locked.map(({ id }) => id));
  const starts = params.add(locked.map(({ started }) => started));
  const statuses = params.add(locked.map(({ status }) => status));
  return `SELECT e.id FROM executions AS e
    JOIN unnest(${ids}::text[], ${starts}::timestamptz[], ${statuses}::text[])
      AS f (id, started_at, status)
      ON e.id = f.id AND e.started_at = f.started_at AND e.status = f.status
    WHERE e.status IN ${FINAL_SQL} AND NOT ${labelledSql(policy, params)}
      AND NOT EXISTS (SELECT FROM uncounted AS u WHERE u.execution_id = e.id)`;
}

function deleteSql(found: string): string {
  return `WITH gone AS (
    DELETE FROM executions WHERE id IN (${found}) RETURNING id
  ), change AS (
    INSERT INTO queued_changes (execution_id, kind) SELECT id, 'deleted' FROM gone
  ) SELECT id FROM gone`;
}

async function deleteBatch(
  database: PostgresDatabase,
  policy: RetentionPolicy,
  batch: readonly FoundRun[],
  action: string,
): Promise<Set<string>> {
  return await database.transaction(action, async (session) => {
    const params = new Params();
    const going = goingSql(policy, await lock(session, batch), params);
    const { rows } = await session.query(deleteSql(going), params.values);
    if (!session.uncertain) return new Set(rows.map(([id]) => String(id)));
    // The answer to an earlier attempt was lost: what is not there was deleted by it.
    const ids = batch.map(({ id }) => id);
    return new Set(ids).difference(await readStoredIds(session, ids));
  });
}

/** Archives what is deleted in the same transaction; of a batch both or neither. */
async function archiveBatch(
  database: PostgresDatabase,
  policy: RetentionPolicy,
  batch: readonly FoundRun[],
  archive: ArchiveWriter,
  action: string,
): Promise<Set<string>> {
  let archived = false;
  const undo = () => {
    if (archived) archive.undo();
    archived = false;
  };
  try {
    return await database.transaction(action, async (session) => {
      // What an earlier attempt archived was not deleted.
      undo();
      const params = new Params();
      const going = goingSql(policy, await lock(session, batch), params);
      const { rows } = await session.query(going, params.values);
      const ids = rows.map(([id]) => String(id));
      const runs = await readStoredRunParts(session, ids);
      await archive.append(runs.map(writeRunLine));
      archived = true;
      await session.query(deleteSql("SELECT unnest($1::text[])"), [ids]);
      return new Set(ids);
    }, { repeatable: false });
  } catch (error) {
    // Where nobody knows whether it was deleted, it stays archived too.
    if (!(error instanceof Error && isLost(error.cause))) undo();
    throw error;
  }
}
