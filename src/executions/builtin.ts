/**
 * The driver that is part of Deno. Loading this file loads SQLite, so it is
 * imported only when this driver is chosen.
 *
 * @module
 */

import { backup, DatabaseSync } from "node:sqlite";
import type { CopyStep, Driver, Row, SqlValue, Statement } from "./driver.ts";

/** The part of `node:sqlite` that is used; its type declarations lack some of it. */
interface BuiltinStatement {
  run(...params: SqlValue[]): { changes: number | bigint };
  get(...params: SqlValue[]): Row | undefined;
  all(...params: SqlValue[]): Row[];
  setReturnArrays(enabled: boolean): void;
  setReadBigInts(enabled: boolean): void;
}

/** A connection that may be guarded against statements that could damage the file. */
interface Defensive {
  enableDefensive?(active: boolean): void;
}

/** Pages of one step of a copy: about 4 MB. */
const COPY_STEP = 1000;

/**
 * Opens an existing file.
 *
 * @param path Path of the database.
 * @returns The connection.
 */
export function openDriver(path: string): Driver {
  // The default of 5 s would block the event loop; the open sequence sets what is wanted.
  const database = new DatabaseSync(path, { timeout: 0 });
  return {
    name: "builtin",
    get sqliteVersion(): string {
      return String(database.prepare("SELECT sqlite_version() AS version").get()?.["version"]);
    },
    get inTransaction(): boolean {
      return database.isTransaction;
    },
    prepare: (sql) => wrap(database.prepare(sql) as unknown as BuiltinStatement),
    exec: (sql) => database.exec(sql),
    copyTo: (path, onStep) => copy(database, path, onStep),
    skipDamagedSchema() {
      // Otherwise the setting does nothing.
      (database as Defensive).enableDefensive?.(false);
      database.exec("PRAGMA writable_schema = ON");
    },
    close: () => database.close(),
  };
}

/** Reading all the while: otherwise each write of another process would make it begin anew. */
async function copy(database: DatabaseSync, path: string, onStep?: CopyStep): Promise<void> {
  database.exec("BEGIN");
  try {
    database.prepare("SELECT 1 FROM sqlite_master").get();
    await backup(database, path, {
      rate: COPY_STEP,
      progress: ({ totalPages, remainingPages }) =>
        onStep?.(totalPages - remainingPages, totalPages),
    });
  } finally {
    database.exec("ROLLBACK");
  }
}

function wrap(statement: BuiltinStatement): Statement {
  statement.setReturnArrays(true);
  return {
    run: (...params: SqlValue[]): number => Number(statement.run(...params).changes),
    get: (...params: SqlValue[]): Row | undefined =>
      exactly(statement, () => statement.get(...params), (row) => row?.map(narrow)),
    all: (...params: SqlValue[]): Row[] =>
      exactly(statement, () => statement.all(...params), (rows) => rows.map((r) => r.map(narrow))),
  };
}

/** An integer beyond 2^53 throws unless all are read as BigInts, which is slow and rarely needed. */
function exactly<T>(statement: BuiltinStatement, read: () => T, narrowAll: (rows: T) => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    statement.setReadBigInts(true);
    try {
      return narrowAll(read());
    } finally {
      statement.setReadBigInts(false);
    }
  }
}

function narrow(value: SqlValue): SqlValue {
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
