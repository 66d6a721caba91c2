/**
 * Runs with their parts as they are stored: how exports and archives read them,
 * and imports insert them.
 *
 * @module
 */

import type { ExportOptions } from "../domain/execution_transfer.ts";
import { InvalidDataError } from "../domain/errors.ts";
import type { Cursor } from "../executions/cursor.ts";
import type { Row } from "../executions/driver.ts";
import { readFilter } from "../executions/filter.ts";
import {
  CHANGE_COLUMNS,
  NODE_COLUMNS,
  RUN_COLUMNS,
  type StoredRun,
} from "../executions/run_line.ts";
import {
  FINAL_SQL,
  nextNumber,
  storedTime,
  textParam,
  timeSql,
  UNREADABLE_START,
} from "./columns.ts";
import type { PostgresDatabase, Session } from "./database.ts";
import type { Param } from "./driver.ts";
import { pageQuery, placeOf } from "./list_query.ts";
import { columnsOf } from "./write.ts";

/** Runs that are read at once. */
const BATCH = 50;

const TIMES: Record<string, string> = {
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

const RUN_SELECT = selectOf(RUN_COLUMNS, "e");
/** By the text of their start, as from SQLite, so that equal runs are equal lines. */
const NODES = `SELECT n.execution_id, ${selectOf(NODE_COLUMNS, "n")} FROM node_executions AS n
WHERE n.execution_id = ANY($1)
ORDER BY n.execution_id, ${timeSql("started", "n.")} COLLATE "C", n.place`;
const SNAPSHOTS = `SELECT s.execution_id, ${selectOf(CHANGE_COLUMNS, "s")}
FROM variable_snapshots AS s WHERE s.execution_id = ANY($1) ORDER BY s.execution_id, s.id`;
const LABELS = `SELECT execution_id, label FROM labels WHERE execution_id = ANY($1)
ORDER BY execution_id, label`;

/**
 * Reads runs by their ids.
 *
 * @param database The database.
 * @param ids The ids; those that are gone are left out.
 * @param action What it is for.
 * @returns The runs.
 */
export async function readStoredRunsById(
  database: PostgresDatabase,
  ids: readonly string[],
  action: string,
): Promise<StoredRun[]> {
  return await database.transaction(action, async (session) => {
    await session.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    return await readStoredRunParts(session, ids);
  });
}

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
  const read = async (sql: string) => {
    const { rows } = await session.query(sql, [ids]);
    const byRun = Map.groupBy(rows, ([id]) => String(id));
    return (id: string): Row[] => (byRun.get(id) ?? []).map((row) => row.slice(1));
  };
  const [nodesOf, snapshotsOf, labelsOf] = [
    await read(NODES),
    await read(SNAPSHOTS),
    await read(LABELS),
  ];
  const found = new Map(runs.rows.map((run) => [String(run[0]), run]));
  return ids.flatMap((id) => {
    const run = found.get(id);
    return run === undefined ? [] : {
      run,
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
    const { sql, params } = pageQuery(filter, cursor, BATCH, "e.id");
    const { rows } = await database.query(action, sql, params);
    const ids = rows.map(([id]) => String(id));
    yield await readStoredRunsById(database, ids, action);
    const last = rows.at(-1);
    if (last === undefined || rows.length < BATCH) return;
    cursor = {
      direction: "older",
      instant: BigInt(last.at(-2) as number | bigint),
      place: placeOf(String(last.at(-1))),
    };
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
    yield await readStoredRunsById(database, ids.slice(i, i + BATCH), action);
  }
}

/** The columns of a table, in the order of its parameters. */
const RUN_PARAMS = RUN_COLUMNS.flatMap(timed);
const NODE_PARAMS = ["execution_id", "place", ...NODE_COLUMNS.flatMap(timed)];
const SNAPSHOT_PARAMS = ["execution_id", "id", ...CHANGE_COLUMNS.flatMap(timed)];

function timed(column: string): string[] {
  const time = TIMES[column];
  return time === undefined ? [column] : [`${time}_at`, `${time}_text`];
}

function unnest(columns: readonly string[], first: number): string {
  const types = columns.map((column, i) => {
    const isNumber = ["place", "retry_count"].includes(column) ||
      (column === "id" && columns === SNAPSHOT_PARAMS);
    const type = column.endsWith("_at") ? "timestamptz" : isNumber ? "bigint" : "text";
    return `$${first + i}::${type}[]`;
  });
  return `unnest(${types.join(", ")}) AS u (${columns.join(", ")})`;
}

const NODES_AT = RUN_PARAMS.length + 1;
const SNAPSHOTS_AT = NODES_AT + NODE_PARAMS.length;
const LABELS_AT = SNAPSHOTS_AT + SNAPSHOT_PARAMS.length;

const values = (columns: readonly string[]) => columns.map((column) => `u.${column}`).join(", ");

/** Inserts runs that are not there yet, with their parts. */
const INSERT = `WITH runs AS (
  INSERT INTO executions (${RUN_PARAMS.join(", ")}) SELECT ${values(RUN_PARAMS)}
  FROM ${unnest(RUN_PARAMS, 1)} ON CONFLICT (id) DO NOTHING RETURNING id, status
), nodes AS (
  INSERT INTO node_executions (${NODE_PARAMS.join(", ")}) SELECT ${values(NODE_PARAMS)}
  FROM ${unnest(NODE_PARAMS, NODES_AT)} JOIN runs ON runs.id = u.execution_id
), snapshots AS (
  INSERT INTO variable_snapshots (${SNAPSHOT_PARAMS.join(", ")}) SELECT ${values(SNAPSHOT_PARAMS)}
  FROM ${unnest(SNAPSHOT_PARAMS, SNAPSHOTS_AT)} JOIN runs ON runs.id = u.execution_id
), labelled AS (
  INSERT INTO labels (execution_id, label) SELECT u.execution_id, u.label
  FROM ${unnest(["execution_id", "label"], LABELS_AT)} JOIN runs ON runs.id = u.execution_id
  ON CONFLICT DO NOTHING
), change AS (
  INSERT INTO queued_changes (execution_id, kind) SELECT id, 'created' FROM runs
), queued AS (
  INSERT INTO uncounted SELECT id FROM runs WHERE status IN ${FINAL_SQL}
) SELECT id FROM runs`;

/**
 * Inserts runs that are not there yet, in one statement.
 *
 * @param database The database.
 * @param runs The runs.
 * @param action What it is for.
 * @returns How many were inserted; one of the same id is left as it is.
 */
export async function insertStoredRuns(
  database: PostgresDatabase,
  runs: readonly StoredRun[],
  action: string,
): Promise<number> {
  const first = new Map(runs.map((run) => [run.run[0], run]).reverse() as [unknown, StoredRun][]);
  const wanted = [...first.values()].reverse();
  const ids = wanted.map(({ run }) => String(run[0]));
  const of = (parts: (run: StoredRun) => Param[][]) => wanted.flatMap(parts);
  const params = [
    ...columnsOf(RUN_PARAMS.length, of(({ run }) => [paramsOf(RUN_COLUMNS, run, action)])),
    ...columnsOf(
      NODE_PARAMS.length,
      of(({ run, nodes }) =>
        nodes.map((row) => [
          String(run[0]),
          nextNumber(),
          ...paramsOf(NODE_COLUMNS, row, action),
        ])
      ),
    ),
    ...columnsOf(
      SNAPSHOT_PARAMS.length,
      of(({ run, snapshots }) =>
        snapshots.map((row) => [
          String(run[0]),
          nextNumber(),
          ...paramsOf(CHANGE_COLUMNS, row, action),
        ])
      ),
    ),
    ...columnsOf(
      2,
      of(({ run, labels }) => labels.map((label) => [String(run[0]), textParam(label, action)])),
    ),
  ];
  return await database.attempt(action, async (session) => {
    const { count } = await session.query(INSERT, params);
    if (!session.uncertain) return count;
    // The answer to an earlier attempt was lost: what is there now was added by it.
    const there = await session.query("SELECT 1 FROM executions WHERE id = ANY($1)", [ids]);
    return there.count;
  });
}

/** Of these an unreadable one has no instant. */
const OPTIONAL_TIMES = ["completed_at", "created_at"];

function paramsOf(columns: readonly string[], row: Row, action: string): Param[] {
  return columns.flatMap((column, i): Param[] => {
    const value = row[i] ?? null;
    if (column === "retry_count") return [wholeNumber(value, action)];
    if (TIMES[column] === undefined) return [textParam(value, action)];
    textParam(value, action);
    return storedTime(value, OPTIONAL_TIMES.includes(column) ? null : UNREADABLE_START);
  });
}

function wholeNumber(value: Row[number], action: string): number | null {
  if (value === null || value === undefined) return null;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new InvalidDataError(`${action}: "retry_count" is "${value}", wanted is a whole number`);
}

/**
 * Checks that a run can be stored.
 *
 * @param stored The run.
 * @param action What it is for.
 * @throws {InvalidDataError} If a text or a number of it cannot.
 */
export function checkStoredRun(stored: StoredRun, action: string): void {
  paramsOf(RUN_COLUMNS, stored.run, action);
  for (const row of stored.nodes) paramsOf(NODE_COLUMNS, row, action);
  for (const row of stored.snapshots) paramsOf(CHANGE_COLUMNS, row, action);
  for (const label of stored.labels) textParam(label, action);
}
