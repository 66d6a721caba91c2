/**
 * Runs with their parts as they are stored: how exports and archives read them.
 *
 * @module
 */

import type { ExportOptions } from "../domain/execution_transfer.ts";
import type { Cursor } from "../executions/cursor.ts";
import type { Row } from "../executions/driver.ts";
import { readFilter } from "../executions/filter.ts";
import { fitting } from "../executions/policy.ts";
import {
  CHANGE_COLUMNS,
  NODE_COLUMNS,
  RUN_COLUMNS,
  type StoredRun,
} from "../executions/run_line.ts";
import { timeSql, withTimes } from "./columns.ts";
import type { PostgresDatabase, Session } from "./database.ts";
import { pageQuery, placeOf } from "./list_query.ts";
import { BYTES } from "./retention.ts";

/** Runs that are read at once. */
const BATCH = 50;

/** The times as SQLite names them, and the names of their columns here without the endings. */
export const TIMES: Readonly<Record<string, string>> = {
  started_at: "started",
  completed_at: "completed",
  created_at: "created",
  timestamp: "taken",
};

/** Columns as SQLite names them, read from the table of an alias. */
function selectOf(columns: readonly string[], alias: string): string {
  return columns.map((column) => {
    const time = TIMES[column];
    return time === undefined ? `${alias}.${column}` : timeSql(time, `${alias}.`);
  }).join(", ");
}

/** Which of some columns are times. */
function timesOf(columns: readonly string[]): number[] {
  return columns.flatMap((column, i) => TIMES[column] === undefined ? [] : [i]);
}

const RUN_SELECT = selectOf(RUN_COLUMNS, "e");
/** By the text of their start, as from SQLite, so that equal runs are equal lines. */
const NODES = `SELECT n.execution_id, ${selectOf(NODE_COLUMNS, "n")} FROM node_executions AS n
WHERE n.execution_id = ANY($1)
ORDER BY n.execution_id, coalesce(n.started_text,
  to_char(n.started_at, 'YYYY-MM-DD HH24:MI:SS.MS"+00:00"')) COLLATE "C", n.place`;
const SNAPSHOTS = `SELECT s.execution_id, ${selectOf(CHANGE_COLUMNS, "s")}
FROM variable_snapshots AS s WHERE s.execution_id = ANY($1) ORDER BY s.execution_id, s.id`;
const LABELS = `SELECT execution_id, label FROM labels WHERE execution_id = ANY($1)
ORDER BY execution_id, label`;

/**
 * Reads runs by their ids.
 *
 * @param session A transaction that sees one state of them.
 * @param ids The ids; those that are gone are left out.
 * @returns The runs, in the order of the ids.
 */
export async function readStoredRunParts(
  session: Pick<Session, "query">,
  ids: readonly string[],
): Promise<StoredRun[]> {
  const runs = await session.query(
    `SELECT ${RUN_SELECT} FROM executions AS e WHERE e.id = ANY($1)`,
    [ids],
  );
  const read = async (sql: string, columns: readonly string[]) => {
    const { rows } = await session.query(sql, [ids]);
    const byRun = Map.groupBy(rows, ([id]) => String(id));
    const times = timesOf(columns);
    return (id: string): Row[] =>
      (byRun.get(id) ?? []).map((row) => withTimes(row.slice(1), times));
  };
  const [nodesOf, snapshotsOf, labelsOf] = [
    await read(NODES, NODE_COLUMNS),
    await read(SNAPSHOTS, CHANGE_COLUMNS),
    await read(LABELS, ["label"]),
  ];
  const found = new Map(runs.rows.map((run) => [String(run[0]), run]));
  return ids.flatMap((id) => {
    const run = found.get(id);
    return run === undefined ? [] : {
      run: withTimes(run, timesOf(RUN_COLUMNS)),
      nodes: nodesOf(id),
      snapshots: snapshotsOf(id),
      labels: labelsOf(id).map(([label]) => String(label)),
    };
  });
}

/**
 * Reads runs and their parts, newest first, with constant memory. Runs that
 * change meanwhile come as they are when they are read.
 *
 * @param database The database.
 * @param options Filters and signal.
 * @param action What it is for.
 * @returns Batches of runs.
 */
export async function* readStoredRuns(
  database: PostgresDatabase,
  options: ExportOptions,
  action: string,
): AsyncGenerator<StoredRun[]> {
  if (options.ids !== undefined) {
    yield* readRunsOf(database, options.ids, options.signal, action);
    return;
  }
  const filter = readFilter(options);
  let cursor: Cursor | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    const { sql, params } = pageQuery(filter, cursor, BATCH, "e.id, e.started_at");
    const { rows } = await database.query(action, sql, params);
    const ids = rows.map(([id]) => String(id));
    yield* readFew(database, ids, action);
    const last = rows.at(-1);
    if (last === undefined || rows.length < BATCH) return;
    cursor = { direction: "older", ...placeOf(last[0], last[1]) };
  }
}

async function* readRunsOf(
  database: PostgresDatabase,
  ids: readonly string[],
  signal: AbortSignal | undefined,
  action: string,
): AsyncGenerator<StoredRun[]> {
  for (let i = 0; i < ids.length; i += BATCH) {
    signal?.throwIfAborted();
    const batch = ids.slice(i, i + BATCH);
    yield* readFew(database, batch, action);
  }
}

/** Reads all at once, or a few at a time where they are large. */
async function* readFew(
  database: PostgresDatabase,
  ids: readonly string[],
  action: string,
): AsyncGenerator<StoredRun[]> {
  const { rows } = await database.query(
    action,
    `SELECT e.id, ${BYTES} FROM executions AS e WHERE e.id = ANY($1)`,
    [ids],
  );
  const sizes = new Map(rows.map(([id, bytes]) => [String(id), Number(bytes)]));
  const left = ids.map((id) => ({ id, bytes: sizes.get(id) ?? 0 }));
  while (left.length > 0) {
    const few = left.splice(0, fitting(left, BATCH)).map(({ id }) => id);
    yield await database.snapshot(action, (session) => readStoredRunParts(session, few));
  }
}

/**
 * Tells which of these runs are stored.
 *
 * @param session Where to read.
 * @param ids Ids of runs.
 * @returns Those that are there.
 */
export async function readStoredIds(
  session: Pick<Session, "query">,
  ids: readonly string[],
): Promise<Set<string>> {
  const { rows } = await session.query("SELECT id FROM executions WHERE id = ANY($1)", [ids]);
  return new Set(rows.map(([id]) => String(id)));
}
