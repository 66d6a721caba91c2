/**
 * How many bytes a run takes: its rows, their index entries, and those of its
 * parts. The pages of the file, which are not filled to the brim, hold about a
 * quarter more.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import { NODE_EXECUTION_TABLE } from "./node_execution_row.ts";
import { RUN_COLUMNS } from "./run_line.ts";
import { SNAPSHOT_COLUMNS } from "./snapshot_row.ts";

/** A time as it is written here, and what SQLite adds to a value, a row and an index entry. */
const [TIME, ROW, ENTRY] = [29, 25, 8];

/**
 * Returns the SQL expression of the bytes of a row of `executions`.
 *
 * @param sqliteVersion Version of the library.
 * @returns The expression.
 */
export function runBytesSql(sqliteVersion: string): string {
  const lengths = (columns: readonly string[]) =>
    columns.map((column) => `coalesce(${lengthSql(column, sqliteVersion)}, 0)`).join(" + ");
  const parts = (table: string, columns: readonly string[], more: number) =>
    `coalesce((SELECT sum(${
      lengths(columns)
    } + ${more}) FROM ${table} WHERE execution_id = executions.id), 0)`;
  // The columns that indexes repeat are counted again.
  const run = [...RUN_COLUMNS, "id", ...Array(4).fill(["workflow_id", "status"]).flat()];
  const node = [...NODE_EXECUTION_TABLE.columns, "id", "execution_id", "status"];
  const snapshot = [...SNAPSHOT_COLUMNS.slice(1), "execution_id", "node_execution_id"];
  return [
    lengths(run),
    ROW + 4 * (TIME + ENTRY) + 5 * 2 * ENTRY,
    parts("node_executions", node, ROW + TIME + 3 * ENTRY),
    parts("variable_snapshots", snapshot, ROW + TIME + 2 * ENTRY),
  ].join(" + ");
}

/** An old library has to read a whole text to tell its length. */
function lengthSql(column: string, sqliteVersion: string): string {
  const [major = 0, minor = 0] = sqliteVersion.split(".").map(Number);
  const isNew = major > 3 || (major === 3 && minor >= 43);
  return isNew ? `octet_length(${column})` : `length(CAST(${column} AS BLOB))`;
}

/**
 * Returns how many bytes of the file are in use.
 *
 * @param connection The connection.
 * @returns The bytes; free pages do not count.
 */
export function usedBytes(connection: Connection): number {
  const pragma = (name: string) => Number(connection.statement(`PRAGMA ${name}`).get()?.[0]);
  return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
}
