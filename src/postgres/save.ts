/**
 * Writes runs and their parts: first by the statement for runs that have not
 * ended, which nearly all are, then by the one that takes the lock of the
 * roll-ups.
 *
 * @module
 */

import { AlreadyExistsError, DatabaseError } from "../domain/errors.ts";
import type { Row } from "../executions/driver.ts";
import { numberSnapshots, type RecordedRun } from "../executions/save.ts";
import { FINAL_SQL, nextNumber } from "./columns.ts";
import { countBatch, lockCounts, uncountRun } from "./counting.ts";
import type { PostgresDatabase, Session } from "./database.ts";
import type { Param } from "./driver.ts";
import { requireOwner } from "./leases.ts";
import { constraintOf } from "./postgres_error.ts";
import {
  nodeParams,
  RECORD,
  RECORD_OPEN,
  runParams,
  SAVE,
  SAVE_NODE,
  SAVE_NODE_OPEN,
  SAVE_OPEN,
  SAVE_SNAPSHOTS,
  snapshotParams,
} from "./write.ts";

/** The constraint that tells that a number was taken. */
const SNAPSHOT_KEY = "variable_snapshots_pkey";

/** The constraint that tells that a node execution is of another run. */
const NODE_KEY = "node_executions_pkey";

/** The run that is written to. */
export interface Target {
  /** Its id. */
  id: string;
  /** Who must hold its lease, if anybody. */
  owner: string | undefined;
  /** What it is for, in the form `Cannot save execution "a"`. */
  action: string;
}

/**
 * Runs a statement that writes to a run, after a look at its owner when one is wanted, who may
 * have ended the run by an attempt that was not answered: then its row is that of `params`.
 */
async function writeOpen(
  database: PostgresDatabase,
  { id, owner, action }: Target,
  write: (session: Session) => Promise<boolean>,
  params?: Param[],
): Promise<boolean> {
  if (owner === undefined) return await database.attempt(action, write);
  return await database.transaction(action, async (session) => {
    if (session.uncertain && params !== undefined && await hasEnded(session, params)) return true;
    await requireOwner(session, id, owner, action);
    return await write(session);
  });
}

/** Tells whether a run has ended as these parameters of its row say. */
async function hasEnded(session: Session, params: readonly Param[]): Promise<boolean> {
  const [id = null, , , , status = null, , , completed = null, , errorType = null] = params;
  // The server may still be about to end that attempt; only a statement behind it sees what it did.
  await session.query("SELECT 1 FROM executions WHERE id = $1 FOR NO KEY UPDATE", [id]);
  const { count } = await session.query(
    `SELECT 1 FROM executions WHERE id = $1 AND status = $2 AND status IN ${FINAL_SQL}
      AND completed_at IS NOT DISTINCT FROM $3::timestamptz
      AND error_type IS NOT DISTINCT FROM $4::text`,
    [id, status, completed, errorType],
  );
  return count > 0;
}

/**
 * Stores a run and its parts, and numbers the snapshots.
 *
 * @param database The database.
 * @param run The rows.
 * @param target Where they belong.
 * @param known The largest number that the run is known to have.
 */
export async function saveRun(
  database: PostgresDatabase,
  run: RecordedRun,
  target: Target,
  known: number = 0,
): Promise<void> {
  const { id, action } = target;
  // An earlier write may have stored some meanwhile.
  const snapshots = [...new Map(run.snapshots)].filter(([snapshot]) => snapshot.id === undefined);
  const alone = run.nodes.length === 0 && snapshots.length === 0;
  await numbered(snapshots, known, async (numbers) => {
    const params = runParams(run.execution);
    if (!alone) params.push(...nodeParams(run.nodes), ...snapshotParams(snapshots, numbers));
    const ran = (session: Session, sql: string) =>
      onceOnly(session, () => wroteAny(session, sql, params));
    const [open, whole] = alone ? [SAVE_OPEN, SAVE] : [RECORD_OPEN, RECORD];
    await explained(database, run.nodes, id, action, async () => {
      let uncertain = false;
      const done = await writeOpen(database, target, (session) => {
        uncertain = session.uncertain;
        return ran(session, open);
      }, params);
      if (done) return;
      await database.transaction(action, async (session) => {
        await uncountRun(session, database, id);
        // The run may have ended by an attempt that was not answered.
        await ran({ ...session, uncertain: uncertain || session.uncertain }, whole);
      });
    });
  });
}

/**
 * Stores a node execution.
 *
 * @param database The database.
 * @param row Its row.
 * @param target Where it belongs.
 * @throws {DatabaseError} With code `constraint` if the run is not stored.
 */
export async function saveNode(
  database: PostgresDatabase,
  row: Row,
  target: Target,
): Promise<void> {
  const { id, action } = target;
  const params = [id, ...nodeParams([row])];
  const ran = (session: Session, sql: string) => wroteAny(session, sql, params);
  await explained(database, [row], id, action, async () => {
    if (await writeOpen(database, target, (session) => ran(session, SAVE_NODE_OPEN))) return;
    await database.transaction(action, async (session) => {
      if (!await uncountRun(session, database, id)) throw runMissing(action, id);
      await ran(session, SAVE_NODE);
    });
  });
}

/** Runs a statement that counts what it wrote. */
async function wroteAny(session: Session, sql: string, params: Param[]): Promise<boolean> {
  return Number((await session.query(sql, params)).rows[0]![0]) > 0;
}

/**
 * Appends a snapshot and numbers it.
 *
 * @param database The database.
 * @param snapshot The snapshot and its row.
 * @param target Where it belongs.
 * @throws {DatabaseError} With code `constraint` if the run is not stored.
 */
export async function saveSnapshot(
  database: PostgresDatabase,
  snapshot: RecordedRun["snapshots"][number],
  target: Target,
): Promise<void> {
  const { id, action } = target;
  if (snapshot[0].id !== undefined) return;
  await numbered([snapshot], 0, async (numbers) => {
    const params = [id, ...snapshotParams([snapshot], numbers)];
    const done = await writeOpen(
      database,
      target,
      (session) => onceOnly(session, () => wroteAny(session, SAVE_SNAPSHOTS, params)),
    );
    if (!done) throw runMissing(action, id);
  });
}

function runMissing(action: string, id: string): DatabaseError {
  return new DatabaseError(
    `${action}: execution "${id}" is not stored; save the run first`,
    { code: "constraint" },
  );
}

const DELETE = `WITH gone AS (
  DELETE FROM executions AS e WHERE e.id = $1
    AND NOT EXISTS (SELECT FROM uncounted AS u WHERE u.execution_id = e.id)
  RETURNING id
), change AS (
  INSERT INTO queued_changes (execution_id, kind) SELECT id, 'deleted' FROM gone
) SELECT count(*) FROM gone`;

/**
 * Deletes a run, which is counted before if it was not.
 *
 * @param database The database.
 * @param id Id of the run.
 * @param action What it is for.
 * @returns Whether there was one.
 */
export async function deleteRun(
  database: PostgresDatabase,
  id: string,
  action: string,
): Promise<boolean> {
  const remove = async (session: Session) => {
    // The statement that deletes would not see what was queued while it waited for the row.
    await session.query("SELECT 1 FROM executions WHERE id = $1 FOR UPDATE", [id]);
    return await wroteAny(session, DELETE, [id]);
  };
  let uncertain = false;
  const done = await database.transaction(action, (session) => {
    uncertain = session.uncertain;
    return remove(session);
  });
  return done || await database.transaction(action, async (session) => {
    await lockCounts(session, database);
    while (!await remove(session)) {
      // What is not there any more may have been deleted by an attempt that was not answered.
      if (await countBatch(session) === 0) return uncertain || session.uncertain;
    }
    return true;
  });
}

/**
 * Numbers snapshots: again when a number was taken, for good once they are stored.
 */
async function numbered(
  snapshots: RecordedRun["snapshots"],
  known: number,
  store: (numbers: number[]) => Promise<void>,
): Promise<void> {
  for (let above = known;;) {
    const numbers = snapshots.map(() => above = nextNumber(above));
    try {
      await store(numbers);
      return numberSnapshots(snapshots.map(([snapshot], i) => [snapshot, numbers[i]!]));
    } catch (error) {
      const cause = error instanceof DatabaseError ? error.cause : undefined;
      if (constraintOf(cause) !== SNAPSHOT_KEY) throw error;
    }
  }
}

/**
 * Appends snapshots once: when the answer to an earlier attempt was lost and
 * their numbers are taken, then that attempt has stored them and all that
 * belongs to them.
 */
async function onceOnly(session: Session, write: () => Promise<boolean>): Promise<boolean> {
  try {
    return await write();
  } catch (error) {
    if (session.uncertain && constraintOf(error) === SNAPSHOT_KEY) return true;
    throw error;
  }
}

/** Says which node execution is of another run. */
async function explained<T>(
  database: PostgresDatabase,
  nodes: readonly Row[],
  id: string,
  action: string,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof DatabaseError) || constraintOf(error.cause) !== NODE_KEY) throw error;
    const { rows } = await database.query(
      action,
      "SELECT id, execution_id FROM node_executions WHERE id = ANY($1) AND execution_id <> $2",
      [nodes.map(([node]) => String(node)), id],
    );
    const [node, owner] = rows[0] ?? [];
    throw new AlreadyExistsError(
      `Cannot save node execution "${node}": execution "${owner}" has one of this id, ` +
        `wanted is an id of its own for each node execution`,
      { kind: "node execution", id: String(node), cause: error },
    );
  }
}
