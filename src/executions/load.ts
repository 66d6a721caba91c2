/**
 * Reads one run with its parts.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { Execution } from "../domain/execution.ts";
import type { LoadOptions } from "../domain/execution_repository.ts";
import { Lazy } from "../domain/lazy.ts";
import type { NodeExecution } from "../domain/node_execution.ts";
import { setOwn } from "../domain/value.ts";
import type { VariableSnapshot } from "../domain/variable_snapshot.ts";
import type { Connection } from "./connection.ts";
import type { Row, SqlValue } from "./driver.ts";
import { type LazyParts, readExecution } from "./execution_row.ts";
import { asText } from "./invalid_columns.ts";
import { parseInstant, ZERO_INSTANT } from "./instant.ts";
import { NODE_EXECUTION_TABLE, readNodeExecution } from "./node_execution_row.ts";
import { readSnapshot, SNAPSHOT_COLUMNS } from "./snapshot_row.ts";
import { executionTable } from "./written_execution.ts";

const STARTED_AT = NODE_EXECUTION_TABLE.columns.indexOf("started_at");

/** Reads the node executions of a run along the index of their text. */
export const NODE_EXECUTIONS_SQL: string =
  `SELECT ${NODE_EXECUTION_TABLE.columns.join(", ")} FROM node_executions ` +
  `WHERE execution_id = ? ORDER BY started_at, rowid`;

/** Reads the snapshots of a run in the order they were appended. */
export const SNAPSHOTS_SQL: string = `SELECT ${SNAPSHOT_COLUMNS.join(", ")} ` +
  `FROM variable_snapshots WHERE execution_id = ?`;

/** A run and its parts as rows; nothing changes them, so that they can be kept. */
export interface RunRows {
  /** The row of the run. */
  run: Row;
  /** The rows of its node executions, if they were read. */
  nodes: Row[] | undefined;
  /** The rows of its snapshots, if they were read. */
  snapshots: Row[] | undefined;
}

/**
 * Reads the rows of a run and of the wanted parts.
 *
 * @param connection The connection, in a transaction.
 * @param id Id of the run.
 * @param options Which parts.
 * @returns The rows, `undefined` if there is no such run.
 */
export function readRunRows(
  connection: Connection,
  id: string,
  options: LoadOptions = {},
): RunRows | undefined {
  const { nodeExecutions = "lazy", variableSnapshots = true } = options;
  const { selectSql } = executionTable(connection.info.schemaVersion);
  const run = connection.statement(selectSql).get(id);
  if (run === undefined) return undefined;
  const read = (wanted: boolean, sql: string) =>
    wanted ? connection.statement(sql).all(id) : undefined;
  return {
    run,
    nodes: read(nodeExecutions !== "none", NODE_EXECUTIONS_SQL),
    snapshots: read(variableSnapshots, SNAPSHOTS_SQL),
  };
}

/**
 * Makes a run of its rows.
 *
 * @param rows The rows.
 * @param options Which parts are wanted.
 * @returns The run.
 */
export function makeRun(rows: RunRows, options: LoadOptions = {}): Execution {
  const { nodeExecutions = "lazy", variableSnapshots = true } = options;
  const { nodes, snapshots } = rows;
  const parts: LazyParts = {};
  if (nodes !== undefined && nodeExecutions !== "none") {
    parts.nodeExecutions = new Computed(() =>
      sortByInstant(nodes, STARTED_AT).map(readNodeExecution)
    );
  }
  if (snapshots !== undefined && variableSnapshots) {
    const read = once(() => snapshots.map(readSnapshot).sort((a, b) => a.id! - b.id!));
    parts.variableSnapshots = new Computed(() => [...read()]);
    parts.variables = new Computed(() => currentValues(read()));
  }
  const execution = readExecution(rows.run, parts);
  // Reading the field computes it.
  if (nodeExecutions === "eager") void execution.nodeExecutions;
  return execution;
}

/** A field that a function computes. */
class Computed<T> extends Lazy<T> {
  readonly #compute: () => T;

  constructor(compute: () => T) {
    super();
    this.#compute = compute;
  }

  override read(): T {
    return this.#compute();
  }
}

function once<T>(compute: () => T): () => T {
  let value: { now: T } | undefined;
  return () => (value ??= { now: compute() }).now;
}

/**
 * Replays snapshots up to a time.
 *
 * @param snapshots Snapshots of a run, oldest first.
 * @param at The time, by default the end.
 * @param action What it is for, in the form `Cannot read the variables of execution "a"`.
 * @returns The value of each variable at that time.
 * @throws {InvalidDataError} If the time is invalid.
 */
export function valuesAt(
  snapshots: readonly VariableSnapshot[],
  at: Date | undefined,
  action: string,
): Record<string, unknown> {
  if (at === undefined) return currentValues(snapshots);
  if (!(at instanceof Date) || Number.isNaN(at.getTime())) {
    throw new InvalidDataError(`${action}: the time is ${String(at)}, wanted is a valid date`);
  }
  return currentValues(snapshots.filter(({ timestamp }) => timestamp <= at));
}

/** Returns the value of each variable after the last snapshot. */
function currentValues(snapshots: readonly VariableSnapshot[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { variableName, newValue } of snapshots) setOwn(values, variableName, newValue);
  return values;
}

/** By instant, whatever the zone; those that have not started last. */
function sortByInstant(rows: Row[], column: number): Row[] {
  const texts = rows.map((row) => asText(row[column]) ?? "");
  if (texts.every(isOwnForm)) return rows;
  return rows
    .map((row, i) => ({ row, instant: orderOf(texts[i]!) }))
    .sort((a, b) => a.instant < b.instant ? -1 : a.instant > b.instant ? 1 : 0)
    .map(({ row }) => row);
}

/**
 * Returns the rows of the node executions of a run, oldest first.
 *
 * @param connection The connection, in a transaction.
 * @param id Id of the run.
 * @returns Their rowids.
 */
export function nodeOrder(connection: Connection, id: string): SqlValue[] {
  const rows = connection.statement(NODE_ORDER_SQL).all(id);
  return sortByInstant(rows, 1).map(([rowid = null]) => rowid);
}

/** Reads the order of the node executions of a run from an index alone. */
const NODE_ORDER_SQL = "SELECT rowid, started_at FROM node_executions " +
  "WHERE execution_id = ? ORDER BY started_at, rowid";

/**
 * Reads node executions.
 *
 * @param connection The connection, in a transaction.
 * @param rowids Their rows; those that are gone are left out.
 * @returns The node executions.
 */
export function readNodes(connection: Connection, rowids: SqlValue[]): NodeExecution[] {
  const statement = connection.statement(
    `SELECT ${NODE_EXECUTION_TABLE.columns.join(", ")} FROM node_executions WHERE rowid = ?`,
  );
  return rowids.map((rowid) => statement.get(rowid)).filter((row) => row !== undefined)
    .map(readNodeExecution);
}

/** Our own form sorts as text, Go's zero time in that form apart. */
function isOwnForm(text: string): boolean {
  return text.length === 29 && text.endsWith("+00:00");
}

const LAST = 2n ** 63n;

function orderOf(text: string): bigint {
  const instant = parseInstant(text);
  return instant === undefined || instant === ZERO_INSTANT ? LAST : instant;
}
