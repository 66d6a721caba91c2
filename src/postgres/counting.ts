/**
 * The roll-ups: what is queued in `uncounted` is added to them under a lock, by
 * whoever comes first. What was counted is never counted twice, and a run that
 * changes after it was counted is taken out before.
 *
 * @module
 */

import { FINAL_SQL, ZERO_SQL } from "./columns.ts";
import type { PostgresDatabase, Session } from "./database.ts";

/** Runs that are counted in one transaction. */
const BATCH = 2000;

/** Span in seconds, and whether it is of all workflows: the four roll-ups of a run. */
const SPANS = "(VALUES (0, true), (0, false), (86400, true), (3600, false)) " +
  "AS spans (span, every_workflow)";

/** Milliseconds of what has a start and an end, else NULL; a clock may have gone backwards. */
function durationSql(row: string): string {
  return `CASE WHEN ${row}.started_at > ${ZERO_SQL} AND ${row}.completed_at IS NOT NULL THEN
    greatest(0, floor(extract(epoch FROM ${row}.completed_at - ${row}.started_at) * 1000))::bigint
    END`;
}

/** The bin of a duration, by its leading three digits; see `src/executions/statistics_schema.ts`. */
const BIN = `CASE WHEN ms IS NULL THEN -1 WHEN ms < 100 THEN ms ELSE
  (digits - digits % CASE WHEN digits < 200 THEN 2 WHEN digits < 500 THEN 5 ELSE 10 END)
  * (10 ^ (length(ms::text) - 3))::bigint END`;

/** Most bytes of the texts of a row of the roll-ups: the entry of an index has room for 2,704. */
const KEY = 2500;

/**
 * Texts of a row of the roll-ups. Where all of them together have no room in
 * the index, the long ones are cut off, with a hash that tells them from others.
 */
function keySql(texts: Readonly<Record<string, string>>): string {
  const all = Object.values(texts);
  const size = all.map((text) => `octet_length(${text})`).join(" + ");
  return Object.entries(texts).map(([name, text]) => {
    const most = name === "workflow_id" ? 2200 : 100;
    const hash = `left(encode(sha256(convert_to(${text}, 'UTF8')), 'hex'), 32)`;
    return `CASE WHEN ${size} > ${KEY} AND octet_length(${text}) > ${most}
      THEN left(${text}, 16) || '…' || ${hash} ELSE ${text} END AS ${name}`;
  }).join(", ");
}

const RUN_KEY = keySql({
  workflow_id: "workflow_id",
  error_type: "coalesce(error_type, '')",
});
const NODE_KEY = keySql({
  workflow_id: "runs.workflow_id",
  node_id: "n.node_id",
  node_type: "n.node_type",
  error_type: "coalesce(n.error_type, '')",
});

/** Adds the runs of the table `runs` to the roll-ups, or takes them out. */
function countSql(sign: 1 | -1): string {
  return `counted_runs AS (
  INSERT INTO run_statistics AS r
    (span, workflow_id, start, status, error_type, bin, runs, total, shortest, longest)
  SELECT span, CASE WHEN every_workflow THEN '' ELSE workflow_id END,
    CASE span WHEN 0 THEN 0 ELSE seconds - ((seconds % span) + span) % span END,
    status, error_type, ${BIN}, ${sign} * count(*), ${sign} * sum(coalesce(ms, 0)), min(ms), max(ms)
  FROM (SELECT *, substr(ms::text, 1, 3)::bigint AS digits FROM (
    SELECT ${RUN_KEY}, status,
      floor(extract(epoch FROM started_at))::bigint AS seconds, ${durationSql("runs")} AS ms
    FROM runs) AS timed) AS binned CROSS JOIN ${SPANS}
  GROUP BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (span, workflow_id, start, status, error_type, bin) DO UPDATE SET
    runs = r.runs + excluded.runs, total = r.total + excluded.total,
    shortest = least(r.shortest, excluded.shortest), longest = greatest(r.longest, excluded.longest)
), counted_nodes AS (
  INSERT INTO node_statistics AS r
    (workflow_id, node_id, node_type, error_type, status, day, nodes, retries, total, longest)
  SELECT ${NODE_KEY}, n.status,
    floor(extract(epoch FROM runs.started_at) / 86400)::bigint,
    ${sign} * count(*),
    -- What no program counts to would overflow.
    ${sign} * sum(CASE WHEN n.retry_count BETWEEN -2147483648 AND 2147483647
      THEN n.retry_count ELSE 0 END),
    ${sign} * sum(coalesce(${durationSql("n")}, 0)), max(coalesce(${durationSql("n")}, 0))
  FROM runs JOIN node_executions AS n ON n.execution_id = runs.id
  WHERE n.status IN ('completed', 'failed', 'skipped')
  GROUP BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (workflow_id, node_id, node_type, status, error_type, day) DO UPDATE SET
    nodes = r.nodes + excluded.nodes, retries = r.retries + excluded.retries,
    total = r.total + excluded.total, longest = greatest(r.longest, excluded.longest)
)`;
}

const COUNT = `WITH taken AS (
  DELETE FROM uncounted
  WHERE execution_id IN (SELECT execution_id FROM uncounted LIMIT ${BATCH})
  RETURNING execution_id
), runs AS (
  SELECT e.* FROM executions AS e JOIN taken ON e.id = taken.execution_id
  WHERE e.status IN ${FINAL_SQL}
), ended AS (
  DELETE FROM leases USING runs WHERE leases.execution_id = runs.id
), ${countSql(1)} SELECT count(*) FROM taken`;

const UNCOUNT = `WITH runs AS (
  SELECT e.* FROM executions AS e WHERE e.id = $1 AND e.status IN ${FINAL_SQL}
    AND NOT EXISTS (SELECT FROM uncounted AS u WHERE u.execution_id = e.id)
), ${countSql(-1)}, queued AS (
  INSERT INTO uncounted SELECT id FROM runs
) SELECT count(*) FROM runs`;

/**
 * Takes the lock of the roll-ups until the end of the transaction.
 *
 * @param session The transaction.
 * @param database The database.
 */
export async function lockCounts(session: Session, database: PostgresDatabase): Promise<void> {
  await session.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [
    `goflow statistics of ${database.options.schema}`,
  ]);
}

/**
 * Tells whether something waits to be moved on, and may be: a server that takes
 * no writes, such as a replica, leaves it where it is, until it takes some.
 *
 * @param database The database.
 * @param queue The table.
 * @param action What it is for.
 * @param most How many may wait.
 * @returns Whether there are more.
 */
export async function isWaiting(
  database: PostgresDatabase,
  queue: "queued_changes" | "uncounted",
  action: string,
  most: number = 0,
): Promise<boolean> {
  const { rows } = await database.query(
    action,
    `SELECT EXISTS (SELECT FROM ${queue} OFFSET ${most})
      AND current_setting('transaction_read_only') = 'off'`,
  );
  return rows[0]![0] === 1;
}

/**
 * Adds all waiting runs to the roll-ups.
 *
 * @param database The database.
 * @param action What it is for.
 */
export async function countWaiting(database: PostgresDatabase, action: string): Promise<void> {
  for (;;) {
    const counted = await database.transaction(action, async (session) => {
      await lockCounts(session, database);
      return await countBatch(session);
    });
    if (counted < BATCH) return;
  }
}

/**
 * Adds waiting runs to the roll-ups, and drops their leases, since they have ended.
 *
 * @param session A transaction that has the lock.
 * @returns How many; there may be more.
 */
export async function countBatch(session: Session): Promise<number> {
  const { rows } = await session.query(COUNT);
  return Number(rows[0]![0]);
}

/**
 * Makes a run ready to be changed that may be counted already: takes it out of
 * the roll-ups, and queues it to be counted again.
 *
 * @param session The transaction.
 * @param database The database.
 * @param id Id of the run.
 * @returns Whether there is such a run.
 */
export async function uncountRun(
  session: Session,
  database: PostgresDatabase,
  id: string,
): Promise<boolean> {
  await lockCounts(session, database);
  const { count } = await session.query("SELECT 1 FROM executions WHERE id = $1 FOR UPDATE", [id]);
  if (count > 0) await session.query(UNCOUNT, [id]);
  return count > 0;
}
