/**
 * Copies the rows of a damaged table, around the places that cannot be read.
 *
 * @module
 */

import { databaseErrorCode } from "./database_error.ts";
import type { Driver, Row, SqlValue, Statement } from "./driver.ts";
import { insertSql } from "./stored_run.ts";

/** Most rows that are read at once. */
const BATCH = 100;
const MAX_ROWID = 2n ** 63n - 1n;

/** What was copied of a table. */
export interface CopiedRows {
  /** Number of rows. */
  copied: number;
  /** Ranges of rows that cannot be read, and how many could not be stored. */
  damage: string[];
}

/**
 * Copies the rows that can be read.
 *
 * @param source The damaged database.
 * @param target The new one.
 * @param table A table with a rowid.
 * @param columns Names of its columns.
 * @returns What was copied.
 */
export function copyRows(
  source: Driver,
  target: Driver,
  table: string,
  columns: readonly string[],
): CopiedRows {
  const list = columns.join(", ");
  const read = source.prepare(
    `SELECT rowid, ${list} FROM ${table} NOT INDEXED WHERE rowid >= ? ORDER BY rowid LIMIT ?`,
  );
  const insert = target.prepare(insertSql(table, columns, "INSERT OR IGNORE"));
  const damage: string[] = [];
  let [copied, refused, size] = [0, 0, BATCH];
  for (let from = -MAX_ROWID; from <= MAX_ROWID;) {
    const found = tryRead(read, from, size);
    if ("rows" in found) {
      for (const [, ...values] of found.rows) {
        if (insert.run(...values) === 1) copied++;
        else refused++;
      }
      if (found.rows.length < size) break;
      from = found.highest + 1n;
      size = Math.min(size * 2, BATCH);
    } else if (size > 1) {
      size >>= 1;
    } else {
      // Rows are numbered from 1; only other programs use numbers below.
      const start = from < 0n ? 0n : from;
      from = nextReadable(start, (rowid) => "rows" in tryRead(read, rowid, 1));
      damage.push(
        `the table "${table}" cannot be read ${
          from > MAX_ROWID ? `from row ${start} on` : `from row ${start} to ${from - 1n}`
        }: ${found.message}`,
      );
    }
  }
  if (refused > 0) damage.push(refusedRows(refused, table));
  return { copied, damage };
}

/**
 * Tells that rows could be read and not stored.
 *
 * @param count How many.
 * @param table Their table.
 * @returns The text.
 */
export function refusedRows(count: number, table: string): string {
  return `${count} rows of the table "${table}" cannot be stored`;
}

function toRowid(value: SqlValue): bigint {
  return BigInt(value as number | bigint);
}

/** Looks for the end of the damage in steps that double, then halves the last one. */
function nextReadable(damaged: bigint, isReadable: (rowid: bigint) => boolean): bigint {
  let low = damaged;
  let high = damaged + 1n;
  for (let step = 1n; !isReadable(high); step *= 2n) {
    low = high;
    high += step;
    if (high > MAX_ROWID) return high;
  }
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (isReadable(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Rows of a damaged page come in any order: to go on behind the last one could lead back. */
function tryRead(
  read: Statement,
  from: bigint,
  size: number,
): { rows: Row[]; highest: bigint } | { message: string } {
  try {
    const rows = read.all(from, size);
    const highest = rows.map(([rowid = null]) => toRowid(rowid)).reduce(
      (a, b) => a > b ? a : b,
      -MAX_ROWID,
    );
    return rows.length > 0 && highest < from
      ? { message: "its rows are out of order" }
      : { rows, highest };
  } catch (error) {
    if (databaseErrorCode(error) !== "corrupt") throw error;
    return { message: error instanceof Error ? error.message : String(error) };
  }
}
