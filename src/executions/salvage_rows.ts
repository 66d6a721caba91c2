/**
 * Copies the rows of a damaged table, around the places that cannot be read.
 *
 * @module
 */

import { databaseErrorCode } from "./database_error.ts";
import type { Driver, Row, SqlValue, Statement } from "./driver.ts";
import { bytesSql, withExactTexts } from "./exact_text.ts";
import { insertSql } from "./stored_run.ts";

/** Most rows that are read at once. */
const BATCH = 100;
const MAX_ROWID = 2n ** 63n - 1n;

/** What was copied of a table. */
export interface CopiedRows {
  /** Number of rows. */
  copied: number;
  /** What cannot be read or stored. */
  damage: string[];
}

/**
 * Copies the rows that can be read.
 *
 * @param source The damaged database.
 * @param target The new one.
 * @param table A table with a rowid and a unique id.
 * @param columns Names of its columns.
 * @returns What was copied.
 */
export function copyRows(
  source: Driver,
  target: Driver,
  table: string,
  columns: readonly string[],
): CopiedRows {
  const copy = new TableCopy(source, target, table, columns);
  copy.scan();
  copy.lookUpIndex();
  return copy.result();
}

/** Reads around damage: along the table, then what its index names besides. */
class TableCopy {
  readonly #source: Driver;
  readonly #table: string;
  readonly #columns: readonly string[];
  readonly #read: Statement;
  readonly #readBytes: Statement;
  readonly #insert: Statement;
  readonly #count: () => number;
  readonly #has: (id: SqlValue) => boolean;
  /** Place of the id among the columns. */
  readonly #id: number;
  readonly #damage: string[] = [];
  /** Ranges of rows that were told to be unreadable. */
  readonly #gaps: [from: bigint, to: bigint][] = [];
  /** Rows that were copied in part. */
  readonly #parts = new Set<bigint>();
  #refused = 0;

  constructor(source: Driver, target: Driver, table: string, columns: readonly string[]) {
    this.#source = source;
    this.#table = table;
    this.#columns = columns;
    this.#read = source.prepare(rowsSql(["rowid", ...columns], table));
    this.#readBytes = source.prepare(rowsSql(["rowid", ...bytesSql(columns)], table));
    this.#insert = target.prepare(insertSql(table, columns, "INSERT OR IGNORE"));
    const count = target.prepare(`SELECT count(*) FROM ${table}`);
    this.#count = () => Number(count.get()?.[0]);
    const select = target.prepare(`SELECT 1 FROM ${table} WHERE id = ?`);
    this.#has = (id) => select.get(id) !== undefined;
    this.#id = columns.indexOf("id");
  }

  scan(): void {
    let size = BATCH;
    for (let from = -MAX_ROWID; from <= MAX_ROWID;) {
      const found = tryRead(this.#read, from, size);
      if ("rows" in found) {
        for (const row of found.rows) this.#store(this.#valuesOf(row));
        if (found.rows.length < size) break;
        from = found.last + 1n;
        size = Math.min(size * 2, BATCH);
      } else if (size > 1) {
        size >>= 1;
      } else {
        from = this.#copyPart(from, found.message) ?? this.#skip(from, found.message);
      }
    }
  }

  /** A page in the place of another one hides rows, and brings others that are none. */
  lookUpIndex(): void {
    const index = readIndex(this.#source, this.#table, this.#count());
    if (index === undefined) return;
    let [lost, named] = [0, 0];
    for (const [rowid, id] of index.rows) {
      if (this.#isCopied(rowid, id)) named++;
      else if (!this.#gaps.some(([from, to]) => from <= rowid && rowid <= to)) lost++;
    }
    if (lost > 0) {
      this.#damage.push(
        `${lost} rows of the table "${this.#table}" are lost that its index "${index.name}" names`,
      );
    }
    const others = this.#count() - named;
    if (others > 0) {
      this.#damage.push(
        `${others} rows were copied to the table "${this.#table}" ` +
          `that its index "${index.name}" does not name`,
      );
    }
  }

  result(): CopiedRows {
    if (this.#refused > 0) this.#damage.push(refusedRows(this.#refused, this.#table));
    return { copied: this.#count(), damage: this.#damage };
  }

  /** Tells whether a row that an index names was copied, which is made up for where it can be. */
  #isCopied(rowid: bigint, id: SqlValue): boolean {
    if (this.#parts.has(rowid) || id !== null && this.#has(id)) return true;
    const found = tryRead(this.#read, rowid, 1);
    if (!("rows" in found) || found.last !== rowid) return false;
    for (const row of found.rows) this.#insert.run(...this.#valuesOf(row));
    return id === null || this.#has(id);
  }

  /** The values behind a rowid. */
  #valuesOf(row: Row): Row {
    const [rowid = null, ...values] = row;
    return withExactTexts([values], () => {
      const found = tryRead(this.#readBytes, toRowid(rowid), 1);
      return "rows" in found && found.last === toRowid(rowid)
        ? found.rows.map(([, ...bytes]) => bytes)
        : [];
    })[0]!;
  }

  #store(values: Row): void {
    if (this.#insert.run(...values) === 1) return;
    // Where pages are mixed up a row may come twice.
    if (!this.#has(values[this.#id] ?? null)) this.#refused++;
  }

  /** Copies the columns that can be read of a row, as where the end of a long text is gone. */
  #copyPart(from: bigint, message: string): bigint | undefined {
    const first = tryRead(this.#source.prepare(rowsSql(["rowid"], this.#table)), from, 1);
    if (!("rows" in first) || first.rows.length === 0) return undefined;
    const lacks: string[] = [];
    const values = this.#columns.map((column) => {
      const found = tryRead(
        this.#source.prepare(rowsSql(["rowid", column], this.#table)),
        first.last,
        1,
      );
      if ("rows" in found) return found.rows[0]?.[1] ?? null;
      lacks.push(column);
      return null;
    });
    this.#store(values);
    this.#parts.add(first.last);
    this.#damage.push(
      `the row ${first.last} of the table "${this.#table}" cannot be read whole, ` +
        `it lacks ${lacks.join(", ")}: ${message}`,
    );
    return first.last + 1n;
  }

  /** Goes on behind what cannot be read. */
  #skip(from: bigint, message: string): bigint {
    // Rows are numbered from 1; only other programs use numbers below.
    const start = from < 0n ? 0n : from;
    const next = nextReadable(start, (rowid) => "rows" in tryRead(this.#read, rowid, 1));
    this.#gaps.push([start, next - 1n]);
    this.#damage.push(
      `the table "${this.#table}" cannot be read ${
        next > MAX_ROWID ? `from row ${start} on` : `from row ${start} to ${next - 1n}`
      }: ${message}`,
    );
    return next;
  }
}

function rowsSql(columns: readonly string[], table: string): string {
  return `SELECT ${columns.join(", ")} FROM ${table} NOT INDEXED ` +
    `WHERE rowid >= ? ORDER BY rowid LIMIT ?`;
}

/**
 * The rows that an index names, with their ids if that is the index of the ids,
 * which is asked first; `undefined` where they are as many as were copied.
 */
function readIndex(
  source: Driver,
  table: string,
  copied: number,
): { name: string; rows: [rowid: bigint, id: SqlValue][] } | undefined {
  const names = tryAll(source, `PRAGMA index_list(${table})`).map(([, name]) => String(name));
  const ofIds = (name: string) => name.startsWith("sqlite_autoindex_");
  for (const name of [...names.filter(ofIds), ...names.filter((name) => !ofIds(name))]) {
    const from = `FROM ${table} INDEXED BY ${name}`;
    // SQLite would count all rows along any other index.
    const [count] = tryAll(source, `SELECT sum(1) ${from}`);
    if (count === undefined) continue;
    if (Number(count[0]) === copied) return undefined;
    const rows = tryAll(source, `SELECT rowid, ${ofIds(name) ? "id" : "NULL"} ${from}`);
    return { name, rows: rows.map(([rowid = null, id = null]) => [toRowid(rowid), id]) };
  }
  return undefined;
}

/** Returns no rows where they cannot be read. */
function tryAll(source: Driver, sql: string): Row[] {
  try {
    return source.prepare(sql).all();
  } catch (error) {
    if (databaseErrorCode(error) !== "corrupt") throw error;
    return [];
  }
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

/** Rows of a damaged page come in any order: those behind the last one are still to be read. */
function tryRead(
  read: Statement,
  from: bigint,
  size: number,
): { rows: Row[]; last: bigint } | { message: string } {
  try {
    const rows = read.all(from, size);
    const last = toRowid(rows.at(-1)?.[0] ?? -MAX_ROWID);
    return rows.length > 0 && last < from
      ? { message: "its rows are out of order" }
      : { rows, last };
  } catch (error) {
    if (databaseErrorCode(error) !== "corrupt") throw error;
    return { message: error instanceof Error ? error.message : String(error) };
  }
}
