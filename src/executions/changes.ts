/**
 * The change feed: what happens to runs, in this process, in others, and in
 * Go's.
 *
 * @module
 */

import { ConflictError } from "../domain/errors.ts";
import type {
  ExecutionChange,
  ExecutionEvent,
  WatchOptions,
} from "../domain/execution_monitoring.ts";
import { sleep } from "../timers.ts";
import type { Connection } from "./connection.ts";
import type { Row } from "./driver.ts";
import { isLive } from "./leases.ts";
import { LIMIT_SQL } from "./list_query.ts";
import { makeRun, readNodes, readRunRows } from "./load.ts";
import { FEATURES } from "./schema_version.ts";
import { readSnapshot, SNAPSHOT_COLUMNS } from "./snapshot_row.ts";

/** How many changes are read at once. */
export const CHANGES_PAGE = 500;

/** Reads the next changes. */
const CHANGES_SQL =
  `SELECT sequence, kind, execution_id FROM changes WHERE sequence > ? ORDER BY sequence ${LIMIT_SQL}`;

/**
 * Returns the newest place in the feed.
 *
 * @param connection The connection, in a transaction.
 * @returns The sequence; 0 for an empty feed.
 */
export function newestChange(connection: Pick<Connection, "statement">): number {
  return Number(connection.statement("SELECT max(sequence) FROM changes").get()?.[0] ?? 0);
}

function oldestChange(connection: Pick<Connection, "statement">): number {
  return Number(connection.statement("SELECT min(sequence) FROM changes").get()?.[0] ?? 0);
}

/**
 * Reads the next changes.
 *
 * @param connection The connection, in a transaction.
 * @param after The place to go on behind, by default before the oldest that is kept.
 * @returns The changes, oldest first.
 * @throws {ConflictError} If changes behind that place were dropped already, or the feed never came there.
 */
export function readChanges(connection: Connection, after?: number): ExecutionChange[] {
  const oldest = oldestChange(connection);
  const newest = newestChange(connection);
  if (after !== undefined && (oldest > after + 1 || newest < after)) {
    const found = newest < after ? `ends with change ${newest}` : `begins with change ${oldest}`;
    throw new ConflictError(
      `Cannot watch executions: the feed ${found}, wanted is ${after + 1}; ` +
        `read the runs anew and watch without "after"`,
      { expected: String(after + 1), actual: String(newest < after ? newest : oldest) },
    );
  }
  return connection.statement(CHANGES_SQL).all(after ?? 0, CHANGES_PAGE).map((row) => ({
    sequence: Number(row[0]),
    kind: row[1] as ExecutionChange["kind"],
    executionId: String(row[2]),
  }));
}

/**
 * Reads the newest change.
 *
 * @param connection The connection, in a transaction.
 * @returns The change, `undefined` for an empty feed and for a schema without one.
 */
export function lastChange(connection: Connection): LastChange | undefined {
  if (connection.info.schemaVersion < FEATURES.changes) return undefined;
  const row = connection.statement(
    "SELECT sequence, execution_id FROM changes ORDER BY sequence DESC LIMIT 1",
  ).get();
  return row && { sequence: Number(row[0]), executionId: String(row[1]) };
}

/** The newest change of a feed. */
type LastChange = Omit<ExecutionChange, "kind">;

/** More than others can write between the look at the old feed and the copying, which waits for locks. */
const FEED_GAP = 10_000_000;

/**
 * Moves the feed of content that was replaced behind the old one, with a gap,
 * so that those who watch learn that they have to read the runs anew.
 *
 * @param connection The connection, in a write transaction.
 * @param last The newest change of the old feed.
 */
export function moveFeedBehind(
  connection: Pick<Connection, "statement">,
  last: LastChange | undefined,
): void {
  const newest = newestChange(connection);
  const start = Math.max(last?.sequence ?? 0, newest) + FEED_GAP;
  if (newest > 0) {
    // No further, or the numbers would double with each copy of what was restored.
    connection.statement("UPDATE changes SET sequence = sequence + ?")
      .run(start - oldestChange(connection));
  } else if (last !== undefined) {
    // An empty feed would begin at 1 again: that run was changed by the replacement too.
    connection.statement(
      `INSERT INTO changes SELECT ?1, ?2, CASE WHEN EXISTS (
        SELECT 1 FROM executions WHERE id = ?2
      ) THEN 'updated' ELSE 'deleted' END`,
    ).run(start, last.executionId);
  }
}

/** What nodes are compared by: what has not ended may still get other inputs and outputs. */
const NODE_STATES_SQL = `SELECT id, rowid, status, started_at, completed_at, retry_count,
  error_type, error_message,
  CASE WHEN status IN ('pending', 'running') THEN quote(inputs) || quote(outputs) END
  FROM node_executions WHERE execution_id = ? ORDER BY started_at, rowid`;

/** A copy that is restored may hold other snapshots of the same numbers. */
const SNAPSHOT_STATES_SQL = "SELECT id, timestamp FROM variable_snapshots WHERE execution_id = ?";

/** What was seen of a run that is followed. */
export class FollowedRun {
  readonly #id: string;
  #execution = "";
  readonly #nodes = new Map<string, string>();
  readonly #snapshots = new Map<string, string>();

  /** @param id Id of the run. */
  constructor(id: string) {
    this.#id = id;
  }

  /**
   * Reads what is new.
   *
   * @param connection The connection, in a transaction.
   * @returns The events, and whether the run has ended or is gone.
   */
  read(connection: Connection): { events: ExecutionEvent[]; ended: boolean } {
    const rows = readRunRows(connection, this.#id, {
      nodeExecutions: "none",
      variableSnapshots: false,
    });
    // Go leaves the nodes of a run behind that it deletes.
    if (rows === undefined) return { events: [], ended: true };
    const events: ExecutionEvent[] = [
      ...this.#readNodes(connection),
      ...this.#readSnapshots(connection),
    ];
    const execution = makeRun(rows);
    const state = rows.run.join("\0");
    if (state !== this.#execution) {
      this.#execution = state;
      events.push({ kind: "execution", execution });
    }
    return { events, ended: !isLive(execution.status) };
  }

  #readNodes(connection: Connection): ExecutionEvent[] {
    const states = connection.statement(NODE_STATES_SQL).all(this.#id);
    const rowids = changed(states, this.#nodes).map(([, rowid = null]) => rowid);
    return readNodes(connection, rowids).map((node) => ({ kind: "node", node }));
  }

  #readSnapshots(connection: Connection): ExecutionEvent[] {
    const states = connection.statement(SNAPSHOT_STATES_SQL).all(this.#id);
    const select = connection.statement(
      `SELECT ${SNAPSHOT_COLUMNS.join(", ")} FROM variable_snapshots WHERE id = ?`,
    );
    return changed(states, this.#snapshots).map(([id = null]) => select.get(id))
      .filter((row) => row !== undefined).map(readSnapshot).sort((a, b) => a.id! - b.id!)
      .map((snapshot) => ({ kind: "snapshot", snapshot }));
  }
}

/** Returns the rows that are new or differ from what was seen, and notes them; the first column is their key. */
function changed(rows: readonly Row[], seen: Map<string, string>): Row[] {
  return rows.filter((row) => {
    const [key, state] = [String(row[0]), row.join("\0")];
    if (seen.get(key) === state) return false;
    seen.set(key, state);
    return true;
  });
}

/**
 * Yields batches whenever the database may have changed, until the signal is
 * aborted or the store is closed. When nothing happened, a look costs one cheap
 * statement.
 *
 * @param connect Returns the connection, which is another one once a copy of an older schema was restored.
 * @param action What it is for, in the form `Cannot watch executions`.
 * @param options Signal and interval.
 * @param closing Aborted when the store is closed.
 * @param read Reads what is new; called once at the beginning.
 * @param hasMore Whether to read on at once behind a batch.
 * @returns What the calls returned.
 */
export async function* pollChanges<T>(
  connect: () => Promise<Connection>,
  action: string,
  options: WatchOptions,
  closing: AbortSignal,
  read: (connection: Connection) => Promise<T>,
  hasMore: (batch: T) => boolean = () => false,
): AsyncGenerator<T> {
  const { interval = 100, signal } = options;
  const stop = AbortSignal.any(signal === undefined ? [closing] : [closing, signal]);
  let seen: string | undefined;
  while (!stop.aborted) {
    let batch: T;
    try {
      const connection = await connect();
      const now = await connection.changeMark(action);
      if (now === seen) {
        await sleep(interval, stop);
        continue;
      }
      batch = await read(connection);
      seen = hasMore(batch) ? undefined : now;
    } catch (error) {
      // It was closed or stopped while it waited for a lock.
      if (stop.aborted) return;
      throw error;
    }
    yield batch;
  }
}
