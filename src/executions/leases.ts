/**
 * Which engine runs a run, and until when it is trusted to be alive.
 *
 * @module
 */

import {
  ConflictError,
  InvalidDataError,
  InvalidStateError,
  NotFoundError,
} from "../domain/errors.ts";
import type { Execution } from "../domain/execution.ts";
import type { Lease } from "../domain/execution_monitoring.ts";
import type { Connection } from "./connection.ts";
import { executionColumns, readExecution } from "./execution_row.ts";
import { encodeTime } from "./instant.ts";
import { plainText } from "./column_text.ts";

/** How long a lease lasts unless said otherwise, in milliseconds. */
export const LEASE_DURATION = 60_000;

const SELECT = "SELECT owner, expires_at FROM leases WHERE execution_id = ?";
const UPSERT = "INSERT INTO leases (execution_id, owner, expires_at) VALUES (?, ?, ?) " +
  "ON CONFLICT DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at";
const LIVE = "('pending', 'running')";

/** Finds the runs whose owner is gone, the longest gone first. */
const ABANDONED_SQL = `FROM leases CROSS JOIN executions
  ON executions.id = leases.execution_id
  WHERE leases.expires_at <= ? AND status IN ${LIVE} ORDER BY leases.expires_at`;

/**
 * Makes a lease that begins now.
 *
 * @param id Id of the run.
 * @param owner Who runs it.
 * @param duration How long it lasts, in milliseconds.
 * @param action What it is for, in the form `Cannot lease execution "a"`.
 * @returns The lease.
 * @throws {InvalidDataError} If the owner or the duration is not valid.
 */
export function makeLease(id: string, owner: string, duration: number, action: string): Lease {
  plainText(owner, action, "owner");
  if (owner === "") throw new InvalidDataError(`${action}: the owner is empty`);
  const expiresAt = new Date(Date.now() + duration);
  if (!(duration >= 1) || Number.isNaN(expiresAt.getTime())) {
    throw new InvalidDataError(
      `${action}: the duration is ${duration}, wanted are milliseconds from 1`,
    );
  }
  return { executionId: id, owner, expiresAt };
}

/**
 * Reads the lease of a run.
 *
 * @param connection The connection, in a transaction.
 * @param id Id of the run.
 * @returns The lease, `undefined` for a run without an owner.
 */
export function readLease(connection: Connection, id: string): Lease | undefined {
  const row = connection.statement(SELECT).get(id);
  if (row === undefined) return undefined;
  return { executionId: id, owner: String(row[0]), expiresAt: new Date(Number(row[1])) };
}

/**
 * Tells whether a run has not ended.
 *
 * @param status Its status.
 * @returns Whether somebody may run it.
 */
export function isLive(status: string): boolean {
  return status === "pending" || status === "running";
}

function statusOf(connection: Connection, id: string, action: string): string {
  const row = connection.statement("SELECT status FROM executions WHERE id = ?").get(id);
  if (row !== undefined) return String(row[0]);
  throw new NotFoundError(`${action}: it does not exist`, { kind: "execution", id });
}

function requireLive(connection: Connection, id: string, to: string, action: string): void {
  const status = statusOf(connection, id, action);
  if (isLive(status)) return;
  throw new InvalidStateError(`${action}: it is ${status}, wanted is pending or running`, {
    from: status,
    to,
  });
}

/**
 * Gives a run an owner, or renews the lease of its owner.
 *
 * @param connection The connection, in a write transaction.
 * @param lease The lease.
 * @param action What it is for, in the form `Cannot lease execution "a"`.
 * @throws {ConflictError} If the run has another owner.
 */
export function setLease(connection: Connection, lease: Lease, action: string): void {
  requireLive(connection, lease.executionId, "running", action);
  const current = readLease(connection, lease.executionId);
  if (current !== undefined && current.owner !== lease.owner) {
    throw otherOwner(current.owner, lease.owner, action);
  }
  write(connection, lease);
}

/**
 * Refuses unless a live run has this owner; its lease may have run out, as long as nobody claimed
 * the run.
 *
 * @param connection The connection, in a write transaction.
 * @param id Id of the run.
 * @param owner The owner wanted.
 * @param action What it is for, in the form `Cannot save execution "a"`.
 * @throws {NotFoundError} If there is no such run.
 * @throws {InvalidStateError} If the run has ended.
 * @throws {ConflictError} If the run has another owner, or none.
 */
export function requireOwner(
  connection: Connection,
  id: string,
  owner: string,
  action: string,
): void {
  requireLive(connection, id, "running", action);
  const actual = readLease(connection, id)?.owner;
  if (actual !== owner) throw otherOwner(actual, owner, action);
}

/**
 * Makes the error that a run is not the caller's.
 *
 * @param actual Its owner, if it has one.
 * @param expected The owner wanted.
 * @param action What it is for, in the form `Cannot lease execution "a"`.
 * @returns The error.
 */
export function otherOwner(
  actual: string | undefined,
  expected: string,
  action: string,
): ConflictError {
  const found = actual === undefined ? "it has no owner" : `its owner is "${actual}"`;
  return new ConflictError(`${action}: ${found}, wanted is "${expected}"`, {
    expected,
    actual: actual ?? "no owner",
  });
}

function write(connection: Connection, { executionId, owner, expiresAt }: Lease): void {
  connection.statement(UPSERT).run(executionId, owner, expiresAt.getTime());
}

/**
 * Takes a run over whose owner is gone. Of several at once exactly one wins,
 * because writers wait for one another and see what the first one wrote.
 *
 * @param connection The connection, in a write transaction.
 * @param lease The lease wanted.
 * @param now The time.
 * @param action What it is for, in the form `Cannot claim execution "a"`.
 * @returns Whether the run was taken over.
 */
export function claimLease(
  connection: Connection,
  lease: Lease,
  now: number,
  action: string,
): boolean {
  const status = statusOf(connection, lease.executionId, action);
  const current = readLease(connection, lease.executionId);
  if (current === undefined || current.expiresAt.getTime() > now) return false;
  if (!isLive(status)) return false;
  write(connection, lease);
  return true;
}

/**
 * Gives a lease back.
 *
 * @param connection The connection, in a write transaction.
 * @param id Id of the run.
 * @param owner Its owner.
 * @returns Whether it was that owner's.
 */
export function releaseLease(connection: Connection, id: string, owner: string): boolean {
  return connection.statement("DELETE FROM leases WHERE execution_id = ? AND owner = ?")
    .run(id, owner) > 0;
}

/**
 * Lists the runs whose owner is gone.
 *
 * @param connection The connection, in a transaction.
 * @param now The time.
 * @returns The runs, the longest gone first.
 */
export function listAbandoned(connection: Connection, now: number): Execution[] {
  const columns = executionColumns(connection.info.schemaVersion)
    .map((column) => `executions.${column}`).join(", ");
  return connection.statement(`SELECT ${columns} ${ABANDONED_SQL}`).all(now)
    .map((row) => readExecution(row));
}

/**
 * Ends a run whose owner is gone, and its running nodes, as failed.
 *
 * @param connection The connection, in a write transaction.
 * @param id Id of the run.
 * @param now The time.
 * @param action What it is for, in the form `Cannot interrupt execution "a"`.
 * @throws {InvalidStateError} If the run has ended.
 * @throws {ConflictError} If the run has no owner, or one that may be alive.
 */
export function interruptRun(
  connection: Connection,
  id: string,
  now: number,
  action: string,
): void {
  requireLive(connection, id, "failed", action);
  const lease = readLease(connection, id);
  if (lease === undefined || lease.expiresAt.getTime() > now) {
    const actual = lease === undefined ? "no owner" : `owned by "${lease.owner}"`;
    throw new ConflictError(`${action}: it is ${actual}, wanted is a run whose owner is gone`, {
      expected: "abandoned",
      actual,
    });
  }
  const time = encodeTime(new Date(now), action);
  const message = `The engine "${lease.owner}" did not finish it`;
  connection.statement(
    "UPDATE node_executions SET status = 'failed', completed_at = ?, " +
      "error_type = 'interrupted', error_message = ? WHERE execution_id = ? AND status = 'running'",
  ).run(time, message, id);
  connection.statement(
    "UPDATE executions SET status = 'failed', completed_at = ?, " +
      "error_type = 'interrupted', error_message = ? WHERE id = ?",
  ).run(time, message, id);
}
