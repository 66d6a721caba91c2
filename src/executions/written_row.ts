/**
 * A row on its way into the database.
 *
 * @module
 */

import { AlreadyExistsError, InvalidDataError } from "../domain/errors.ts";
import { decodeJson, encodeJson } from "../domain/json.ts";
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./driver.ts";
import { floorToMillis, parseInstant, ZERO_INSTANT } from "./instant.ts";
import { asText } from "./invalid_columns.ts";

/** How many rows are inserted at once; some libraries allow 999 parameters. */
const BATCH = 10;

/** A table whose first column is its key, as rows are written to it. */
export class WrittenTable {
  /** Names of the columns, in the order of a row. */
  readonly columns: readonly string[];
  /** Name of the table. */
  readonly name: string;
  /** Inserts a row unless there is one of the same key. */
  readonly insertSql: string;
  /** Does the same for ten rows. */
  readonly insertBatchSql: string;
  /** Reads the row of a key. */
  readonly selectSql: string;
  /** Updates all columns but the key; before each value is whether the stored one stays. */
  readonly updateSql: string;
  /** Which columns are times. */
  readonly times: readonly number[];
  /** Which columns are JSON. */
  readonly json: readonly number[];

  /**
   * @param name Name of the table.
   * @param columns Names of the columns, the key first.
   * @param times Names of those that are times.
   * @param json Names of those that are JSON.
   */
  constructor(name: string, columns: readonly string[], times: string[], json: string[]) {
    const names = columns.join(", ");
    const assignments = columns.slice(1)
      .map((column) => `${column} = CASE WHEN ? THEN ${column} ELSE ? END`).join(", ");
    this.name = name;
    this.columns = columns;
    const row = `(${columns.map(() => "?").join(", ")})`;
    // A failure ends the transaction: SQLite need not keep what would undo the statement alone.
    const insert = (rows: number) =>
      `INSERT OR FAIL INTO ${name} (${names}) VALUES ${Array(rows).fill(row).join(", ")} ` +
      `ON CONFLICT(id) DO NOTHING`;
    this.insertSql = insert(1);
    this.insertBatchSql = insert(BATCH);
    this.selectSql = `SELECT ${names} FROM ${name} WHERE id = ?`;
    this.updateSql = `UPDATE ${name} SET ${assignments} WHERE id = ?`;
    this.times = times.map((column) => columns.indexOf(column));
    this.json = json.map((column) => columns.indexOf(column));
  }
}

/**
 * Inserts a row or updates the one of the same key. A value that says the same
 * as what is read from the stored one keeps the stored one: what Go wrote has
 * nanoseconds and a zone, and numbers that JavaScript would write otherwise; and
 * other programs may have put bytes there that are no text.
 *
 * @param connection The connection, in a write transaction.
 * @param table The table.
 * @param values The columns of the row.
 * @throws {AlreadyExistsError} If the row is part of another run.
 */
export function upsert(connection: Connection, table: WrittenTable, values: SqlValue[]): void {
  if (connection.statement(table.insertSql).run(...values) === 0) update(connection, table, values);
}

/** Updates the row of the same key. */
function update(connection: Connection, table: WrittenTable, values: SqlValue[]): void {
  const id = values[0] ?? null;
  const old = connection.statement(table.selectSql).get(id) ?? [];
  const owner = table.columns.indexOf("execution_id");
  if (owner >= 0 && asText(old[owner]) !== values[owner]) {
    throw new AlreadyExistsError(
      `Cannot save node execution "${id}": execution "${asText(old[owner])}" has one of this id, ` +
        `wanted is an id of its own for each node execution`,
      { kind: "node execution", id: String(id) },
    );
  }
  const assigned: SqlValue[] = [];
  for (let i = 1; i < values.length; i++) {
    const value = values[i] ?? null;
    const stays = isSame(table, i, old[i] ?? null, value);
    assigned.push(stays ? 1 : 0, stays ? null : value);
  }
  connection.statement(table.updateSql).run(...assigned, id);
}

/** What is read from columns that are NULL, where that is a value. */
const READ_FROM_NULL: Record<string, SqlValue> = {
  error_type: "",
  error_message: "",
  retry_count: 0,
};

/** A column whose `null` is not the same as nothing. */
const ANY_JSON = "return_value";

/** Whether a value is what is read from the stored one. */
function isSame(table: WrittenTable, i: number, old: SqlValue, now: SqlValue): boolean {
  const column = table.columns[i] ?? "";
  if (old === now) return true;
  if (old === null) return READ_FROM_NULL[column] === now;
  if (now === null) {
    return table.times.includes(i)
      ? parseInstant(String(old)) === ZERO_INSTANT
      : table.json.includes(i) && column !== ANY_JSON &&
        /^\s*(?:\{\s*\}|null)\s*$/.test(String(old));
  }
  if (asText(old) === asText(now)) return true;
  if (typeof old !== "string" || typeof now !== "string") return false;
  return table.times.includes(i) && isSameTime(old, now) ||
    table.json.includes(i) && isSameJson(old, now);
}

/**
 * Does what {@linkcode upsert} does for many rows.
 *
 * @param connection The connection, in a write transaction.
 * @param table The table.
 * @param rows The columns of each row.
 */
export function upsertAll(
  connection: Connection,
  table: WrittenTable,
  rows: readonly SqlValue[][],
): void {
  let done = 0;
  for (; done + BATCH <= rows.length; done += BATCH) {
    const batch = rows.slice(done, done + BATCH);
    const inserted = connection.statement(table.insertBatchSql).run(...batch.flat());
    if (inserted === BATCH) continue;
    // Those that were there before are not told apart from those that were not.
    for (const values of batch) update(connection, table, values);
  }
  for (const values of rows.slice(done)) upsert(connection, table, values);
}

/** Whether two stored times are equal, cut to milliseconds as they are read. */
function isSameTime(old: string, now: string): boolean {
  const [a, b] = [parseInstant(old), parseInstant(now)];
  return a !== undefined && b !== undefined && floorToMillis(a) === floorToMillis(b);
}

/** Whether two JSON texts are read as the same value, in the same order of keys. */
function isSameJson(old: string, now: string): boolean {
  try {
    return encodeJson(decodeJson(old), "", "") === now;
  } catch (error) {
    // What was stored is not JSON, or beyond what is written here.
    if (error instanceof SyntaxError || error instanceof InvalidDataError) return false;
    throw error;
  }
}
