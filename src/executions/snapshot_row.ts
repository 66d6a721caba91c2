/**
 * Rows of the table `variable_snapshots`.
 *
 * @module
 */

import { encodeJson } from "../domain/json.ts";
import type { VariableSnapshot } from "../domain/variable_snapshot.ts";
import type { Redactor } from "../domain/redaction.ts";
import type { Connection } from "./connection.ts";
import type { Row, SqlValue } from "./driver.ts";
import { encodeTime } from "./instant.ts";
import { asText, ColumnReader } from "./invalid_columns.ts";
import { plainText } from "./column_text.ts";

/** The columns that are read, in the order of a row; all but the first are written. */
export const SNAPSHOT_COLUMNS = [
  "id",
  "execution_id",
  "node_execution_id",
  "variable_name",
  "old_value",
  "new_value",
  "timestamp",
] as const;

/**
 * Reads a row.
 *
 * @param row The columns in the order of {@linkcode SNAPSHOT_COLUMNS}.
 * @returns The snapshot.
 */
export function readSnapshot(row: Row): VariableSnapshot {
  const id = Number(row[0]);
  const reader = new ColumnReader("variable snapshot", id);
  const nodeExecutionId = asText(row[2]);
  const snapshot: VariableSnapshot = {
    id,
    executionId: asText(row[1]) ?? "",
    ...(nodeExecutionId === undefined ? {} : { nodeExecutionId }),
    variableName: asText(row[3]) ?? "",
    timestamp: reader.time("timestamp", row[6]) ?? new Date(NaN),
  };
  const oldValue = reader.json("old_value", row[4]);
  const newValue = reader.json("new_value", row[5]);
  if (oldValue !== undefined) snapshot.oldValue = oldValue;
  if (newValue !== undefined) snapshot.newValue = newValue;
  if (reader.invalid !== undefined) snapshot.invalidColumns = reader.invalid;
  return snapshot;
}

/**
 * Turns a snapshot into the values of its row.
 *
 * @param snapshot The snapshot.
 * @param redactor Removes secrets, if wanted.
 * @returns The values of all columns but `id`.
 * @throws {InvalidDataError} If the database cannot hold a field.
 */
export function writeSnapshot(snapshot: VariableSnapshot, redactor?: Redactor): SqlValue[] {
  const action = `Cannot save a snapshot of the variable "${snapshot.variableName}"`;
  const safe = (value: unknown, field: string): unknown =>
    redactor === undefined ? value : redactor.redact(value, action, field, snapshot.variableName);
  return [
    plainText(snapshot.executionId, action, "executionId"),
    plainText(snapshot.nodeExecutionId, action, "nodeExecutionId"),
    plainText(snapshot.variableName, action, "variableName"),
    encodeJson(safe(snapshot.oldValue, "oldValue"), action, "oldValue") ?? null,
    encodeJson(safe(snapshot.newValue, "newValue"), action, "newValue") ?? null,
    encodeTime(snapshot.timestamp, action),
  ];
}

const INSERT = `INSERT INTO variable_snapshots (${SNAPSHOT_COLUMNS.slice(1).join(", ")}) ` +
  `VALUES (?, ?, ?, ?, ?, ?) RETURNING id`;

/**
 * Appends a snapshot.
 *
 * @param connection The connection, in a write transaction.
 * @param values What {@linkcode writeSnapshot} returned.
 * @returns Number of the new row.
 */
export function insertSnapshot(connection: Connection, values: SqlValue[]): number {
  return Number(connection.statement(INSERT).get(...values)?.[0]);
}
