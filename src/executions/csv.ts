/**
 * CSV after RFC 4180: CRLF, quotes doubled, UTF-8.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { CsvTable } from "../domain/execution_transfer.ts";
import type { Row, SqlValue } from "./driver.ts";
import { asText } from "./invalid_columns.ts";
import { CHANGE_COLUMNS, NODE_COLUMNS, RUN_COLUMNS, type StoredRun } from "./run_line.ts";

const HEADERS: Record<CsvTable, readonly string[]> = {
  executions: RUN_COLUMNS,
  node_executions: ["execution_id", ...NODE_COLUMNS],
  variable_snapshots: ["execution_id", ...CHANGE_COLUMNS],
  joined: [
    ...RUN_COLUMNS.map((column) => `execution_${column}`),
    ...NODE_COLUMNS.map((column) => `node_${column}`.replace("node_node_", "node_")),
  ],
};

/**
 * Returns the first line.
 *
 * @param table The table.
 * @param action What it is for.
 * @returns The names of the columns.
 * @throws {InvalidDataError} If there is no such table.
 */
export function csvHeader(table: CsvTable, action: string): string {
  if (Object.hasOwn(HEADERS, table)) return line(HEADERS[table]);
  throw new InvalidDataError(
    `${action}: the table is "${table}", wanted is one of ${Object.keys(HEADERS).join(", ")}`,
  );
}

/**
 * Returns the lines of a run.
 *
 * @param table The table.
 * @param stored The run.
 * @returns The lines.
 */
export function csvRows(table: CsvTable, { run, nodes, snapshots }: StoredRun): string {
  const id = run[0] ?? null;
  switch (table) {
    case "executions":
      return line(run);
    case "node_executions":
      return nodes.map((node) => line([id, ...node])).join("");
    case "variable_snapshots":
      return snapshots
        .map((snapshot) => line([id, ...snapshot.slice(0, CHANGE_COLUMNS.length)])).join("");
    case "joined":
      return (nodes.length === 0 ? [NODE_COLUMNS.map(() => null)] : nodes)
        .map((node) => line([...run, ...node])).join("");
  }
}

function line(values: Row): string {
  return `${values.map(field).join(",")}\r\n`;
}

/**
 * Spreadsheets take text that begins like this for a formula, some also with
 * signs of full width; a quote in front stops them.
 */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

function field(value: SqlValue): string {
  if (value === null) return "";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const text = asText(value)!;
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
