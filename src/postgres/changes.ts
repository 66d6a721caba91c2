/**
 * The change feed. Writers put their changes into the table `queued_changes`,
 * where they wait until somebody looks. Who looks gives them their places in
 * the feed, under a lock: only what was committed is there to get one, so that
 * nothing appears behind a reader, and changes of one run, whose writers waited
 * for each other, keep their order.
 *
 * @module
 */

import { ConflictError } from "../domain/errors.ts";
import type {
  ExecutionChange,
  ExecutionEvent,
  WatchOptions,
} from "../domain/execution_monitoring.ts";
import { isLive } from "../executions/leases.ts";
import { makeRun } from "../executions/load.ts";
import { readNodeExecution } from "../executions/node_execution_row.ts";
import { readSnapshot } from "../executions/snapshot_row.ts";
import {
  NODE_ORDER,
  NODE_SELECT,
  NODE_TIMES,
  SNAPSHOT_SELECT,
  SNAPSHOT_TIMES,
  withTimes,
} from "./columns.ts";
import { isWaiting } from "./counting.ts";
import type { PostgresDatabase, Session } from "./database.ts";
import { readRunRows } from "./load.ts";

/** How many changes are read at once. */
const PAGE = 500;

/** How many changes the feed keeps. */
const KEPT = 100_000;

/** How many changes get their places in one transaction, lest it takes longer than a statement may. */
const PLACED = 50_000;

const PLACE = `WITH moved AS (
  DELETE FROM queued_changes WHERE (execution_id, happened_at, kind) IN (
    SELECT execution_id, happened_at, kind FROM queued_changes ORDER BY happened_at LIMIT ${PLACED}
  ) RETURNING execution_id, kind, happened_at
), placed AS (
  INSERT INTO changes (sequence, execution_id, kind)
  SELECT newest.sequence + row_number() OVER (ORDER BY happened_at, execution_id, kind),
    execution_id, kind
  FROM moved, (SELECT coalesce(max(sequence), 0) AS sequence FROM changes) AS newest
  RETURNING sequence
) DELETE FROM changes WHERE sequence <= (SELECT max(sequence) FROM placed) - ${KEPT}`;

/**
 * Gives all waiting changes their places in the feed.
 *
 * @param database The database.
 * @param action What it is for.
 */
export async function placeChanges(database: PostgresDatabase, action: string): Promise<void> {
  for (let more = await isWaiting(database, "queued_changes", action); more;) {
    // One round trip; the statement begins when the lock is held, and sees what the last one did.
    await database.exec(
      action,
      `BEGIN; SELECT pg_advisory_xact_lock(
        hashtextextended('goflow changes of ${database.options.schema}', 0)); ${PLACE}; COMMIT`,
    );
    more = await isWaiting(database, "queued_changes", action, PLACED);
  }
}

/**
 * Returns the newest place in the feed.
 *
 * @param database The database.
 * @param action What it is for.
 * @returns The sequence; 0 for an empty feed.
 */
export async function newestChange(database: PostgresDatabase, action: string): Promise<number> {
  await placeChanges(database, action);
  const { rows } = await database.query(action, "SELECT coalesce(max(sequence), 0) FROM changes");
  return Number(rows[0]![0]);
}

/**
 * Reads the next changes.
 *
 * @param database The database.
 * @param after The place to go on behind.
 * @param action What it is for.
 * @returns The changes, oldest first.
 * @throws {ConflictError} If changes behind that place were dropped already.
 */
export async function readChanges(
  database: PostgresDatabase,
  after: number,
  action: string,
): Promise<ExecutionChange[]> {
  await placeChanges(database, action);
  const { rows } = await database.query(
    action,
    `SELECT sequence, kind, execution_id, (SELECT min(sequence) FROM changes)
    FROM changes WHERE sequence > $1 ORDER BY sequence LIMIT ${PAGE}`,
    [after],
  );
  const oldest = Number(rows[0]?.[3] ?? 0);
  if (oldest > after + 1 && after > 0) {
    throw new ConflictError(
      `${action}: the feed begins with change ${oldest}, wanted is ${after + 1}; ` +
        `read the runs anew and watch without "after"`,
      { expected: String(after + 1), actual: String(oldest) },
    );
  }
  return rows.map((row) => ({
    sequence: Number(row[0]),
    kind: row[1] as ExecutionChange["kind"],
    executionId: String(row[2]),
  }));
}

/** What was seen of a run that is followed; a look makes a new one, so that it can be repeated. */
export class FollowedRun {
  readonly #id: string;
  #execution = "";
  #nodes: ReadonlyMap<string, string> = new Map();
  #snapshots: ReadonlySet<number> = new Set();

  /** @param id Id of the run. */
  constructor(id: string) {
    this.#id = id;
  }

  /**
   * Reads what is new.
   *
   * @param session The transaction, which sees one state.
   * @returns The events, what was seen now, and whether the run has ended or is gone.
   */
  async read(
    session: Session,
  ): Promise<{ events: ExecutionEvent[]; seen: FollowedRun; ended: boolean }> {
    const seen = new FollowedRun(this.#id);
    seen.#execution = this.#execution;
    const rows = await readRunRows(session, this.#id, {
      nodeExecutions: "none",
      variableSnapshots: false,
    });
    const events: ExecutionEvent[] = [
      ...await this.#readNodes(session, seen),
      ...await this.#readSnapshots(session, seen),
    ];
    if (rows === undefined) return { events, seen, ended: true };
    const execution = makeRun(rows);
    const state = rows.run.join("\0");
    if (state !== this.#execution) {
      seen.#execution = state;
      events.push({ kind: "execution", execution });
    }
    return { events, seen, ended: !isLive(execution.status) };
  }

  async #readNodes(session: Session, seen: FollowedRun): Promise<ExecutionEvent[]> {
    const { rows: states } = await session.query(
      `SELECT n.id, concat_ws(' ', n.status, n.started_at, n.completed_at, n.retry_count,
        n.error_type, n.error_message,
        CASE WHEN n.status IN ('pending', 'running') THEN concat(n.inputs, ' ', n.outputs) END)
      FROM node_executions AS n WHERE n.execution_id = $1 ORDER BY ${NODE_ORDER}`,
      [this.#id],
    );
    seen.#nodes = new Map(states.map(([id, state]) => [String(id), String(state)]));
    const changed = [...seen.#nodes]
      .filter(([id, state]) => this.#nodes.get(id) !== state).map(([id]) => id);
    if (changed.length === 0) return [];
    const { rows } = await session.query(
      `SELECT ${NODE_SELECT} FROM node_executions AS n WHERE n.id = ANY($1) ORDER BY ${NODE_ORDER}`,
      [changed],
    );
    return rows.map((row) => ({
      kind: "node",
      node: readNodeExecution(withTimes(row, NODE_TIMES)),
    }));
  }

  async #readSnapshots(session: Session, seen: FollowedRun): Promise<ExecutionEvent[]> {
    const { rows: ids } = await session.query(
      "SELECT s.id FROM variable_snapshots AS s WHERE s.execution_id = $1 ORDER BY s.id",
      [this.#id],
    );
    seen.#snapshots = new Set(ids.map(([id]) => Number(id)));
    // One with a lower number may come later, from another host.
    const added = [...seen.#snapshots.difference(this.#snapshots)];
    if (added.length === 0) return [];
    const { rows } = await session.query(
      `SELECT ${SNAPSHOT_SELECT} FROM variable_snapshots AS s
      WHERE s.execution_id = $1 AND s.id = ANY($2) ORDER BY s.id`,
      [this.#id, added],
    );
    return rows.map((row) => ({
      kind: "snapshot",
      snapshot: readSnapshot(withTimes(row, SNAPSHOT_TIMES)),
    }));
  }
}

/**
 * Reads what is new for those who watch.
 *
 * @param database The database.
 * @param read Reads.
 * @returns What it returned, `undefined` when closing the database cut it off.
 */
export async function unlessClosed<T>(
  database: PostgresDatabase,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (database.closing.aborted) return undefined;
    throw error;
  }
}

/**
 * Yields whenever something may have changed: on a notification, and now and
 * then, because one may be lost.
 *
 * @param database The database.
 * @param options Signal and interval.
 * @param read Reads what is new; called once at the beginning.
 * @returns What the calls returned, until the signal is aborted or the database is closed.
 */
export async function* pollChanges<T>(
  database: PostgresDatabase,
  options: WatchOptions,
  read: () => Promise<T>,
): AsyncGenerator<T> {
  const { interval = 100, signal } = options;
  const { closing, listener } = database;
  const stop = AbortSignal.any(signal === undefined ? [closing] : [closing, signal]);
  while (!stop.aborted) {
    // Armed before the look, so that what comes during it is not missed.
    const change = listener.wait(interval, stop);
    const news = await unlessClosed(database, read);
    if (news === undefined) return;
    yield news;
    await change;
  }
}
