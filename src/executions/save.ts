/**
 * Writes runs and their parts.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { Execution } from "../domain/execution.ts";
import type { VariableSnapshot } from "../domain/variable_snapshot.ts";
import type { Redactor } from "../domain/redaction.ts";
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./driver.ts";
import { NODE_EXECUTION_TABLE, writeNodeExecution } from "./node_execution_row.ts";
import { insertSnapshot, writeSnapshot } from "./snapshot_row.ts";
import { executionTable, writeExecution } from "./written_execution.ts";
import { upsert, upsertAll } from "./written_row.ts";

/** A run and its parts as rows: a copy, made before the first wait. */
export interface RecordedRun {
  /** Columns of the run. */
  execution: SqlValue[];
  /** Columns of each node execution. */
  nodes: SqlValue[][];
  /** Each snapshot that was not stored yet, with its columns. */
  snapshots: [VariableSnapshot, SqlValue[]][];
}

/**
 * Turns a run and its parts into rows.
 *
 * @param execution The run.
 * @param redactor Removes secrets, if wanted.
 * @returns The rows.
 * @throws {InvalidDataError} If the database cannot hold a value, or a part belongs to another run.
 */
export function writeRun(execution: Execution, redactor?: Redactor): RecordedRun {
  for (const part of [...execution.nodeExecutions, ...execution.variableSnapshots]) {
    if (part.executionId !== execution.id) {
      throw new InvalidDataError(
        `Cannot record execution "${execution.id}": ` +
          `a node execution or snapshot belongs to execution "${part.executionId}"`,
      );
    }
  }
  return {
    execution: writeExecution(execution, redactor),
    nodes: execution.nodeExecutions.map((node) => writeNodeExecution(node, redactor)),
    snapshots: execution.variableSnapshots.filter(({ id }) => id === undefined)
      .map((snapshot) => [snapshot, writeSnapshot(snapshot, redactor)]),
  };
}

/**
 * Inserts or updates the row of a run.
 *
 * @param connection The connection, in a write transaction.
 * @param row Its columns.
 */
export function saveExecution(connection: Connection, row: SqlValue[]): void {
  const table = executionTable(connection.info.schemaVersion);
  upsert(connection, table, row.slice(0, table.columns.length));
}

/**
 * Stores a run and its parts.
 *
 * @param connection The connection, in a write transaction.
 * @param run The rows.
 * @returns The new snapshots with their numbers, for {@linkcode numberSnapshots} after the commit.
 */
export function recordRun(connection: Connection, run: RecordedRun): NumberedSnapshot[] {
  saveExecution(connection, run.execution);
  upsertAll(connection, NODE_EXECUTION_TABLE, run.nodes);
  return insertSnapshots(connection, run.snapshots);
}

/** A snapshot and the number of its row. */
export type NumberedSnapshot = [snapshot: VariableSnapshot, id: number];

/**
 * Appends those snapshots that no earlier write has stored meanwhile.
 *
 * @param connection The connection, in a write transaction.
 * @param snapshots Snapshots with their columns.
 * @returns The snapshots that were appended, with their numbers.
 */
export function insertSnapshots(
  connection: Connection,
  snapshots: RecordedRun["snapshots"],
): NumberedSnapshot[] {
  const numbers = new Map<VariableSnapshot, number>();
  for (const [snapshot, row] of snapshots) {
    if (snapshot.id !== undefined || numbers.has(snapshot)) continue;
    numbers.set(snapshot, insertSnapshot(connection, row));
  }
  return [...numbers];
}

/**
 * Sets the numbers of snapshots, once they are committed.
 *
 * @param numbered The snapshots with their numbers.
 */
export function numberSnapshots(numbered: NumberedSnapshot[]): void {
  for (const [snapshot, id] of numbered) snapshot.id = id;
}
