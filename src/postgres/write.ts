/**
 * The statements that write runs. Each writes a run with all its parts, its
 * place in the change feed and in the queue of the statistics, in one round
 * trip and one transaction.
 *
 * A run that has ended may be counted in the roll-ups already: such a one is
 * left alone by the statements that end in `_OPEN`, and changed by the others
 * under the lock of the roll-ups.
 *
 * @module
 */

import type { Row } from "../executions/driver.ts";
import type { RecordedRun } from "../executions/save.ts";
import { FINAL_SQL, nextNumber, storedTime, UNREADABLE_START } from "./columns.ts";
import type { Param } from "./driver.ts";

const RUN_COLUMNS = [
  "id",
  "workflow_id",
  "workflow_version",
  "workflow_revision",
  "status",
  "started_at",
  "started_text",
  "completed_at",
  "completed_text",
  "error_type",
  "error_message",
  "error_node_id",
  "error_context",
  "return_value",
];
const NODE_COLUMNS = [
  "id",
  "place",
  "node_id",
  "node_type",
  "status",
  "started_at",
  "started_text",
  "completed_at",
  "completed_text",
  "inputs",
  "outputs",
  "error_type",
  "error_message",
  "error_context",
  "retry_count",
];
const SNAPSHOT_COLUMNS = [
  "id",
  "node_execution_id",
  "variable_name",
  "old_value",
  "new_value",
  "taken_at",
  "taken_text",
];

/** Returns the type of a column of a run or of its parts; the id of a snapshot, a number, apart. */
export function typeOf(column: string): string {
  if (column.endsWith("_at")) return "timestamptz";
  return ["place", "retry_count"].includes(column) ? "bigint" : "text";
}

/** Assignments of an update; a time that is the same to the millisecond keeps its text. */
function assignments(table: string, columns: readonly string[]): string {
  return columns.map((column) => {
    const time = /^(.*)_(?:at|text)$/.exec(column)?.[1];
    if (time === undefined) return `${column} = excluded.${column}`;
    const [at, text] = [`${time}_at`, `${time}_text`];
    return `${column} = CASE WHEN excluded.${text} IS NULL AND ` +
      `date_trunc('milliseconds', ${table}.${at}) = excluded.${at} ` +
      `THEN ${table}.${column} ELSE excluded.${column} END`;
  }).join(", ");
}

const RUN_VALUES = RUN_COLUMNS.map((column, i) => `$${i + 1}::${typeOf(column)}`).join(", ");

/** What was inserted began to be when this transaction did; the system column that tells it too is PostgreSQL's alone. */
function runSql(open: boolean): string {
  return `run AS (
  INSERT INTO executions AS e (${RUN_COLUMNS.join(", ")}) VALUES (${RUN_VALUES})
  ON CONFLICT (id) DO UPDATE SET ${assignments("e", RUN_COLUMNS.slice(1))}
  ${open ? `WHERE e.status NOT IN ${FINAL_SQL}` : ""}
  RETURNING id, created_at = now() AS created
), change AS (
  INSERT INTO queued_changes (execution_id, kind)
  SELECT id, CASE WHEN created THEN 'created' ELSE 'updated' END FROM run ON CONFLICT DO NOTHING
), queued AS (
  INSERT INTO uncounted SELECT id FROM run WHERE $5 IN ${FINAL_SQL} ON CONFLICT DO NOTHING
)`;
}

/** Inserts node executions of the run `run.id`, or updates them. */
function nodesSql(first: number): string {
  const arrays = NODE_COLUMNS.map((column, i) => `$${first + i}::${typeOf(column)}[]`);
  return `nodes AS (
  INSERT INTO node_executions AS n (execution_id, ${NODE_COLUMNS.join(", ")})
  SELECT run.id, ${NODE_COLUMNS.map((column) => `u.${column}`).join(", ")}
  FROM run, unnest(${arrays.join(", ")}) AS u (${NODE_COLUMNS.join(", ")})
  ON CONFLICT (execution_id, id) DO UPDATE SET ${
    assignments("n", NODE_COLUMNS.filter((column) => column !== "id" && column !== "place"))
  }
  RETURNING id
)`;
}

/** Appends snapshots to the run `run.id`. */
function snapshotsSql(first: number): string {
  const arrays = SNAPSHOT_COLUMNS.map((column, i) =>
    `$${first + i}::${column === "id" ? "bigint" : typeOf(column)}[]`
  );
  return `snapshots AS (
  INSERT INTO variable_snapshots (execution_id, ${SNAPSHOT_COLUMNS.join(", ")})
  SELECT run.id, ${SNAPSHOT_COLUMNS.map((column) => `u.${column}`).join(", ")}
  FROM run, unnest(${arrays.join(", ")}) AS u (${SNAPSHOT_COLUMNS.join(", ")})
  RETURNING id
)`;
}

const NODES_AT = RUN_COLUMNS.length + 1;
const SNAPSHOTS_AT = NODES_AT + NODE_COLUMNS.length;

function saveSql(open: boolean): string {
  return `WITH ${runSql(open)} SELECT count(*) FROM run`;
}

function recordSql(open: boolean): string {
  return `WITH ${runSql(open)}, ${nodesSql(NODES_AT)}, ${snapshotsSql(SNAPSHOTS_AT)}
SELECT count(*) FROM run`;
}

/** Writes the row of a run. */
export const SAVE: string = saveSql(false);
/** Writes the row of a run unless it has ended. */
export const SAVE_OPEN: string = saveSql(true);
/** Writes a run with its parts. */
export const RECORD: string = recordSql(false);
/** Writes a run with its parts unless it has ended. */
export const RECORD_OPEN: string = recordSql(true);

/** Writes a node execution; the run is the first parameter. */
export const SAVE_NODE: string = `WITH run AS (SELECT id FROM executions WHERE id = $1), ${
  nodesSql(2)
} SELECT count(*) FROM nodes`;

/** Writes a node execution unless its run has ended, and keeps it from ending meanwhile. */
export const SAVE_NODE_OPEN: string = `WITH run AS (
  SELECT id FROM executions WHERE id = $1 AND status NOT IN ${FINAL_SQL} FOR SHARE
), ${nodesSql(2)} SELECT count(*) FROM nodes`;

/** Appends snapshots; the run is the first parameter. */
export const SAVE_SNAPSHOTS: string = `WITH run AS (
  SELECT id FROM executions WHERE id = $1 FOR KEY SHARE
), ${snapshotsSql(2)} SELECT count(*) FROM snapshots`;

/**
 * Returns the parameters of the row of a run.
 *
 * @param row What `writeExecution()` returned.
 * @returns The parameters of {@linkcode SAVE}.
 */
export function runParams(row: Row): Param[] {
  const text = (at: number) => row[at] as string | null;
  return [
    text(0),
    text(1),
    text(2),
    text(11),
    text(3),
    ...storedTime(row[4], UNREADABLE_START),
    ...storedTime(row[5], null),
    text(6),
    text(7),
    text(8),
    text(9),
    text(10),
  ];
}

/**
 * Returns the parameters of node executions; of several with one id the last counts.
 *
 * @param rows What `writeNodeExecution()` returned for each.
 * @returns The parameters, arrays all.
 */
export function nodeParams(rows: readonly Row[]): Param[] {
  const byId = new Map(rows.map((row) => [row[0], row]));
  return columnsOf(
    NODE_COLUMNS.length,
    [...byId.values()].map((row) => [
      row[0] as string,
      nextNumber(),
      row[2] as string,
      row[3] as string,
      row[4] as string,
      ...storedTime(row[5], UNREADABLE_START),
      ...storedTime(row[6], null),
      row[7] as string | null,
      row[8] as string | null,
      row[9] as string | null,
      row[10] as string | null,
      row[11] as string | null,
      Number(row[12]),
    ]),
  );
}

/**
 * Returns the parameters of snapshots.
 *
 * @param snapshots What `writeSnapshot()` returned for each.
 * @param numbers Their numbers.
 * @returns The parameters, arrays all.
 */
export function snapshotParams(
  snapshots: RecordedRun["snapshots"],
  numbers: readonly number[],
): Param[] {
  return columnsOf(
    SNAPSHOT_COLUMNS.length,
    snapshots.map(([, row], i) => [
      numbers[i]!,
      row[1] as string | null,
      row[2] as string,
      row[3] as string | null,
      row[4] as string | null,
      ...storedTime(row[5], UNREADABLE_START),
    ]),
  );
}

/**
 * Turns rows into one array per column.
 *
 * @param width Number of columns.
 * @param rows The rows.
 * @returns The arrays.
 */
export function columnsOf(width: number, rows: readonly Param[][]): Param[] {
  return Array.from({ length: width }, (_, i) => rows.map((row) => row[i] ?? null));
}
