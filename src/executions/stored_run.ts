/**
 * Runs with their parts as they are stored: how exports and archives read them,
 * and imports insert them.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { ExportOptions } from "../domain/execution_transfer.ts";
import type { Connection } from "./connection.ts";
import type { Cursor } from "./cursor.ts";
import type { Row, SqlValue } from "./driver.ts";
import { databaseErrorCode } from "./database_error.ts";
import { bytesSql, withExactTexts } from "./exact_text.ts";
import { readFilter } from "./filter.ts";
import { pageQuery, placeOf } from "./list_query.ts";
import { CHANGE_COLUMNS, NODE_COLUMNS, RUN_COLUMNS, type StoredRun } from "./run_line.ts";
import { FEATURES } from "./schema_version.ts";

/** Most runs, and about the most characters, that are read in one transaction and held at once. */
const [BATCH, BATCH_LENGTH] = [50, 2_000_000];

const RUN = exactSql(RUN_COLUMNS, "executions WHERE id = ?");
/** Before version 3 of the schema. */
const OLD_RUN = exactSql(
  RUN_COLUMNS.map((column) => column === "workflow_revision" ? "NULL" : column),
  "executions WHERE id = ?",
);
const NODES = exactSql(
  NODE_COLUMNS,
  "node_executions WHERE execution_id = ? ORDER BY started_at, rowid",
);
const SNAPSHOTS = exactSql(
  [...CHANGE_COLUMNS, "id"],
  "variable_snapshots WHERE execution_id = ?",
);
const LABELS_SQL = selectSql(["label"], "labels WHERE execution_id = ? ORDER BY label");

/** Statements that read rows, and the bytes of their texts. */
interface ExactSql {
  sql: string;
  bytes: string;
}

function exactSql(columns: readonly string[], from: string): ExactSql {
  return { sql: selectSql(columns, from), bytes: selectSql(bytesSql(columns), from) };
}

function selectSql(columns: readonly string[], from: string): string {
  return `SELECT ${columns.join(", ")} FROM ${from}`;
}

const INSERT_NODE = insertSql("node_executions", ["execution_id", ...NODE_COLUMNS]);
const INSERT_CHANGE = insertSql("variable_snapshots", ["execution_id", ...CHANGE_COLUMNS]);
const INSERT_LABEL = insertSql("labels", ["execution_id", "label"]);

/**
 * Returns the statement that inserts a row.
 *
 * @param table The table.
 * @param columns The columns, in the order of the parameters.
 * @param insert Whether a row that the table refuses is an error.
 * @returns The statement.
 */
export function insertSql(
  table: string,
  columns: readonly string[],
  insert: "INSERT" | "INSERT OR IGNORE" = "INSERT",
): string {
  return `${insert} INTO ${table} (${columns.join(", ")}) VALUES (${
    columns.map(() => "?").join(", ")
  })`;
}

/**
 * Reads a run and its parts as they are stored.
 *
 * @param connection The connection, in a transaction.
 * @param id Id of the run.
 * @returns The run, `undefined` if there is none.
 */
export function readStoredRun(connection: Connection, id: SqlValue): StoredRun | undefined {
  const isOld = connection.info.schemaVersion < FEATURES.revisions;
  const [run] = readRows(connection, isOld ? OLD_RUN : RUN, id);
  if (run === undefined) return undefined;
  return {
    run,
    nodes: readRows(connection, NODES, id),
    snapshots: readRows(connection, SNAPSHOTS, id)
      .sort((a, b) => Number(a.at(-1)) - Number(b.at(-1))),
    labels: isOld ? [] : connection.statement(LABELS_SQL).all(id).map(([label]) => String(label)),
  };
}

function readRows(connection: Connection, query: ExactSql, id: SqlValue): Row[] {
  const rows = connection.statement(query.sql).all(id);
  return withExactTexts(rows, () => connection.statement(query.bytes).all(id));
}

/**
 * Reads runs and their parts, newest first, with constant memory. Runs that
 * change meanwhile come as they are when they are read.
 *
 * @param connection The connection.
 * @param options Filters and signal.
 * @param action What it is for.
 * @returns Batches of runs.
 */
export async function* readStoredRuns(
  connection: Connection,
  options: ExportOptions,
  action: string,
): AsyncGenerator<StoredRun[]> {
  if (options.ids !== undefined) {
    yield* readRunsOf(connection, options.ids, options.signal, action);
    return;
  }
  const filter = readFilter(options);
  const { schemaVersion } = connection.info;
  let cursor: Cursor | undefined;
  for (let size = FIRST_BATCH;;) {
    options.signal?.throwIfAborted();
    const { sql, params } = pageQuery(filter, cursor, size, schemaVersion);
    const { rows, runs } = await connection.read(action, () => {
      const rows = connection.statement(sql).all(...params);
      return { rows, runs: rows.map(([id = null]) => readStoredRun(connection, id)) };
    });
    const found = runs.filter((run) => run !== undefined);
    yield found;
    const last = rows.at(-1);
    if (last === undefined || rows.length < size) return;
    cursor = { direction: "older", ...placeOf(last) };
    size = nextSize(size, found);
  }
}

/** How many runs are read first, before their size is known. */
const FIRST_BATCH = 4;

/** More runs where they are small, fewer where they are large. */
function nextSize(size: number, runs: readonly StoredRun[]): number {
  let length = 0;
  for (const { run, nodes, snapshots } of runs) {
    for (const row of [run, ...nodes, ...snapshots]) {
      for (const value of row) if (typeof value === "string") length += value.length;
    }
  }
  if (length > BATCH_LENGTH) return Math.max(1, size >> 1);
  return length < BATCH_LENGTH / 2 ? Math.min(BATCH, size * 2) : size;
}

async function* readRunsOf(
  connection: Connection,
  ids: readonly string[],
  signal: AbortSignal | undefined,
  action: string,
): AsyncGenerator<StoredRun[]> {
  for (let i = 0, size = FIRST_BATCH; i < ids.length;) {
    signal?.throwIfAborted();
    const runs = await connection.read(
      action,
      () => ids.slice(i, i + size).map((id) => readStoredRun(connection, id)),
    );
    const found = runs.filter((run) => run !== undefined);
    yield found;
    i += size;
    size = nextSize(size, found);
  }
}

/**
 * Tells which of these runs are stored.
 *
 * @param connection The connection, in a transaction.
 * @param ids Ids of runs.
 * @returns Those that are there.
 */
export function readStoredIds(connection: Connection, ids: readonly string[]): Set<string> {
  return new Set(
    connection.statement("SELECT id FROM executions WHERE id IN (SELECT value FROM json_each(?))")
      .all(JSON.stringify(ids)).map(([id]) => String(id)),
  );
}

/**
 * Inserts runs that are not there yet, each whole or not at all.
 *
 * @param connection The connection, in a write transaction.
 * @param runs The runs.
 * @returns For each run whether it was inserted, or why it cannot be.
 */
export function insertStoredRuns(
  connection: Connection,
  runs: readonly StoredRun[],
): (boolean | InvalidDataError)[] {
  return runs.map((run) => {
    connection.statement("SAVEPOINT run").run();
    try {
      return insertStoredRun(connection, run);
    } catch (cause) {
      if (databaseErrorCode(cause) !== "constraint") throw cause;
      connection.statement("ROLLBACK TO run").run();
      const found = cause instanceof Error ? cause.message : String(cause);
      return new InvalidDataError(
        `Cannot import run "${run.run[0]}": SQLite reports "${found}"; ` +
          "a node execution may be that of another run",
        { cause },
      );
    } finally {
      connection.statement("RELEASE run").run();
    }
  });
}

function insertStoredRun(connection: Connection, stored: StoredRun): boolean {
  const isOld = connection.info.schemaVersion < FEATURES.revisions;
  const [id = null] = stored.run;
  if (connection.statement("SELECT 1 FROM executions WHERE id = ?").get(id) !== undefined) {
    return false;
  }
  const columns = RUN_COLUMNS.filter((column, i) =>
    (column !== "workflow_revision" || !isOld) &&
    // The column has a default.
    (column !== "created_at" || stored.run[i] !== null)
  );
  const values = columns.map((column) => stored.run[RUN_COLUMNS.indexOf(column)] ?? null);
  connection.statement(insertSql("executions", columns)).run(...values);
  for (const node of stored.nodes) connection.statement(INSERT_NODE).run(id, ...node);
  for (const snapshot of stored.snapshots) {
    connection.statement(INSERT_CHANGE).run(id, ...snapshot.slice(0, CHANGE_COLUMNS.length));
  }
  for (const label of isOld ? [] : stored.labels) {
    connection.statement(INSERT_LABEL).run(id, label);
  }
  return true;
}
