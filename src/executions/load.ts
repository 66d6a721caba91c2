/**
 * Reads one run with its parts.
 *
 * @module
 */

import type { Execution } from "../domain/execution.ts";
import type { NodeExecution } from "../domain/node_execution.ts";
import type { Connection } from "./connection.ts";
import { executionTable, readExecution } from "./execution_row.ts";
import { asText } from "./invalid_columns.ts";
import { parseInstant, ZERO_INSTANT } from "./instant.ts";
import { NODE_EXECUTION_TABLE, readNodeExecution } from "./node_execution_row.ts";
import { readSnapshot, SNAPSHOT_COLUMNS } from "./snapshot_row.ts";

/** Reads the node executions of a run along the index of their text. */
export const NODE_EXECUTIONS_SQL: string =
  `SELECT ${NODE_EXECUTION_TABLE.columns.join(", ")} FROM node_executions ` +
  `WHERE execution_id = ? ORDER BY started_at, rowid`;

/** Reads the snapshots of a run in the order they were appended. */
export const SNAPSHOTS_SQL: string = `SELECT ${SNAPSHOT_COLUMNS.join(", ")} ` +
  `FROM variable_snapshots WHERE execution_id = ?`;

/**
 * Reads a run.
 *
 * @param connection The connection, in a transaction.
 * @param id Id of the run.
 * @returns The run, `undefined` if there is none.
 */
export function loadExecution(connection: Connection, id: string): Execution | undefined {
  const row = connection.statement(executionTable(connection.info.schemaVersion).selectSql).get(id);
  if (row === undefined) return undefined;
  const execution = readExecution(row);
  execution.nodeExecutions = loadNodeExecutions(connection, id);
  execution.variableSnapshots = connection.statement(SNAPSHOTS_SQL).all(id).map(readSnapshot)
    .sort((a, b) => a.id! - b.id!);
  for (const { variableName, newValue } of execution.variableSnapshots) {
    // A plain assignment to "__proto__" would set the prototype.
    Object.defineProperty(execution.variables, variableName, {
      value: newValue,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return execution;
}

/** By instant, whatever the zone; those that have not started last. */
function loadNodeExecutions(connection: Connection, id: string): NodeExecution[] {
  const rows = connection.statement(NODE_EXECUTIONS_SQL).all(id);
  const texts = rows.map((row) => asText(row[5]) ?? "");
  if (texts.every(isOwnForm)) return rows.map(readNodeExecution);
  return rows
    .map((row, i) => ({ row, instant: orderOf(texts[i]!) }))
    .sort((a, b) => a.instant < b.instant ? -1 : a.instant > b.instant ? 1 : 0)
    .map(({ row }) => readNodeExecution(row));
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
