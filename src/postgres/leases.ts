/**
 * Which engine runs a run, and until when it is trusted to be alive, by the
 * clock of the server.
 *
 * @module
 */

import { ConflictError, InvalidStateError, NotFoundError } from "../domain/errors.ts";
import type { Execution } from "../domain/execution.ts";
import type { Lease } from "../domain/execution_monitoring.ts";
import { readExecution } from "../executions/execution_row.ts";
import { isLive, otherOwner } from "../executions/leases.ts";
import { FINAL_SQL, RUN_SELECT, RUN_TIMES, withTimes } from "./columns.ts";
import type { Session } from "./database.ts";

const LIVE = "('pending', 'running')";
const EXPIRES = "(extract(epoch FROM expires_at) * 1000)::bigint";
/** From now on, by the milliseconds of the third parameter. */
const UNTIL = "clock_timestamp() + $3::float8 * interval '1 millisecond'";

/** What is wanted. */
export interface LeaseRequest {
  /** Id of the run. */
  id: string;
  /** Who wants to run it. */
  owner: string;
  /** How long, in milliseconds. */
  duration: number;
}

/**
 * Reads the lease of a live run.
 *
 * @param session Where to read.
 * @param id Id of the run.
 * @param lock Whether it is kept from others until the end of the transaction, in which the run was locked before.
 * @returns The lease and whether it ran out, `undefined` for a run without an owner.
 */
export async function readLease(
  session: Session,
  id: string,
  lock = false,
): Promise<{ lease: Lease; expired: boolean } | undefined> {
  const { rows } = await session.query(
    `SELECT owner, ${EXPIRES}, expires_at <= clock_timestamp() FROM leases
    WHERE execution_id = $1 ${
      lock
        ? "FOR UPDATE"
        : `AND EXISTS (SELECT FROM executions WHERE id = $1 AND status IN ${LIVE})`
    }`,
    [id],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const lease = { executionId: id, owner: String(row[0]), expiresAt: new Date(Number(row[1])) };
  return { lease, expired: row[2] === 1 };
}

/** Reads the status of a run and keeps others from changing it. */
async function lockStatus(session: Session, id: string, action: string): Promise<string> {
  const { rows } = await session.query(
    "SELECT status FROM executions WHERE id = $1 FOR NO KEY UPDATE",
    [id],
  );
  if (rows[0] !== undefined) return String(rows[0][0]);
  throw new NotFoundError(`${action}: it does not exist`, { kind: "execution", id });
}

async function requireLive(
  session: Session,
  id: string,
  to: string,
  action: string,
): Promise<void> {
  const status = await lockStatus(session, id, action);
  if (isLive(status)) return;
  throw new InvalidStateError(`${action}: it is ${status}, wanted is pending or running`, {
    from: status,
    to,
  });
}

/**
 * Gives a run an owner, or renews the lease of its owner.
 *
 * @param session The transaction.
 * @param request The lease.
 * @param action What it is for, in the form `Cannot lease execution "a"`.
 * @returns The lease.
 * @throws {ConflictError} If the run has another owner.
 */
export async function setLease(
  session: Session,
  { id, owner, duration }: LeaseRequest,
  action: string,
): Promise<Lease> {
  await requireLive(session, id, "running", action);
  const current = (await readLease(session, id, true))?.lease.owner ?? owner;
  if (current !== owner) throw otherOwner(current, owner, action);
  const { rows } = await session.query(
    `INSERT INTO leases (execution_id, owner, expires_at) VALUES ($1, $2, ${UNTIL})
    ON CONFLICT (execution_id) DO UPDATE SET expires_at = excluded.expires_at RETURNING ${EXPIRES}`,
    [id, owner, duration],
  );
  return { executionId: id, owner, expiresAt: new Date(Number(rows[0]![0])) };
}

/**
 * Refuses unless a live run has this owner, and keeps others from claiming and ending it.
 *
 * @param session The transaction.
 * @param id Id of the run.
 * @param owner The owner wanted.
 * @param action What it is for, in the form `Cannot save execution "a"`.
 * @throws {NotFoundError} If there is no such run.
 * @throws {InvalidStateError} If the run has ended.
 * @throws {ConflictError} If the run has another owner, or none.
 */
export async function requireOwner(
  session: Session,
  id: string,
  owner: string,
  action: string,
): Promise<void> {
  await requireLive(session, id, "running", action);
  const actual = (await readLease(session, id, true))?.lease.owner;
  if (actual !== owner) throw otherOwner(actual, owner, action);
}

/**
 * Takes a run over whose owner is gone. Of several at once exactly one wins:
 * the others find the row changed when they get to it, and so does who comes
 * behind the owner that ends the run.
 *
 * @param session Where to write.
 * @param request The lease wanted.
 * @param action What it is for, in the form `Cannot claim execution "a"`.
 * @returns Whether the run was taken over.
 */
export async function claimLease(
  session: Session,
  { id, owner, duration }: LeaseRequest,
  action: string,
): Promise<boolean> {
  const { count } = await session.query(
    `WITH run AS (
      SELECT id FROM executions WHERE id = $1 AND status IN ${LIVE} FOR NO KEY UPDATE
    ) UPDATE leases SET owner = $2, expires_at = ${UNTIL} FROM run
    WHERE execution_id = run.id AND expires_at <= clock_timestamp()`,
    [id, owner, duration],
  );
  if (count > 0) return true;
  const { count: found } = await session.query("SELECT 1 FROM executions WHERE id = $1", [id]);
  if (found === 0) {
    throw new NotFoundError(`${action}: it does not exist`, { kind: "execution", id });
  }
  // The answer to an earlier attempt may have been lost.
  if (!session.uncertain) return false;
  const current = await readLease(session, id);
  return current !== undefined && !current.expired && current.lease.owner === owner;
}

/**
 * Lists the runs whose owner is gone.
 *
 * @param session Where to read.
 * @returns The runs, the longest gone first.
 */
export async function listAbandoned(session: Session): Promise<Execution[]> {
  const { rows } = await session.query(
    `SELECT ${RUN_SELECT} FROM leases AS l JOIN executions AS e ON e.id = l.execution_id
    WHERE l.expires_at <= clock_timestamp() AND e.status IN ${LIVE} ORDER BY l.expires_at`,
  );
  return rows.map((row) => readExecution(withTimes(row, RUN_TIMES)));
}

const INTERRUPT = `WITH run AS (
  UPDATE executions SET status = 'failed', error_type = 'interrupted', error_message = $2,
    completed_at = date_trunc('milliseconds', clock_timestamp()), completed_text = NULL
  WHERE id = $1 AND status NOT IN ${FINAL_SQL} RETURNING id, completed_at
), nodes AS (
  UPDATE node_executions SET status = 'failed', error_type = 'interrupted', error_message = $2,
    completed_at = run.completed_at, completed_text = NULL
  FROM run WHERE execution_id = run.id AND status = 'running'
), change AS (
  INSERT INTO queued_changes (execution_id, kind) SELECT id, 'updated' FROM run
), queued AS (
  INSERT INTO uncounted SELECT id FROM run ON CONFLICT DO NOTHING
) DELETE FROM leases USING run WHERE execution_id = run.id`;

/**
 * Ends a run whose owner is gone, and its running nodes, as failed.
 *
 * @param session The transaction.
 * @param id Id of the run.
 * @param action What it is for, in the form `Cannot interrupt execution "a"`.
 * @throws {InvalidStateError} If the run has ended.
 * @throws {ConflictError} If the run has no owner, or one that may be alive.
 */
export async function interruptRun(session: Session, id: string, action: string): Promise<void> {
  await requireLive(session, id, "failed", action);
  const current = await readLease(session, id, true);
  if (current === undefined || !current.expired) {
    const actual = current === undefined ? "no owner" : `owned by "${current.lease.owner}"`;
    throw new ConflictError(`${action}: it is ${actual}, wanted is a run whose owner is gone`, {
      expected: "abandoned",
      actual,
    });
  }
  await session.query(INTERRUPT, [id, `The engine "${current.lease.owner}" did not finish it`]);
}
