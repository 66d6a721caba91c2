/**
 * The driver over FFI. Loading this file loads the native library, so it is
 * imported only when this driver is chosen.
 *
 * @module
 */

import { Database, SQLITE_VERSION, type Statement as FfiStatement } from "@db/sqlite";
import type { Driver, Row, SqlValue, Statement } from "./driver.ts";

/** Version of the library. */
export const sqliteVersion: string = SQLITE_VERSION;

/**
 * Opens an existing file.
 *
 * @param path Path of the database.
 * @returns The connection.
 */
export function openDriver(path: string): Driver {
  // Without int64 integers are cut to 32 bits, and parseJson turns text into objects.
  const database = new Database(path, { create: false, int64: true, parseJson: false });
  return {
    name: "ffi",
    sqliteVersion,
    get inTransaction(): boolean {
      return database.inTransaction;
    },
    prepare: (sql) => wrap(database, sql),
    exec: (sql) => void database.exec(sql),
    copyTo: (path) => Promise.resolve(copy(database, path)),
    skipDamagedSchema: () => void database.exec("PRAGMA writable_schema = ON"),
    close: () => database.close(),
  };
}

/** The package copies in one step, during which this process waits. */
function copy(source: Database, path: string): void {
  const target = new Database(path, { create: false });
  try {
    source.backup(target);
  } finally {
    target.close();
  }
}

/**
 * A statement that failed is not reset by the package and goes on holding its
 * lock, for one a COMMIT that was busy; so it is finalized, and compiled again
 * when it is next used.
 */
function wrap(database: Database, sql: string): Statement {
  let compiled: FfiStatement | undefined = database.prepare(sql);
  const use = <T>(call: (statement: FfiStatement) => T): T => {
    const statement = compiled ??= database.prepare(sql);
    try {
      return call(statement);
    } catch (error) {
      compiled = undefined;
      finalizeFailed(statement);
      throw error;
    }
  };
  return {
    run: (...params: SqlValue[]): number => use((statement) => statement.run(...params)),
    get: (...params: SqlValue[]): Row | undefined =>
      use((statement) => statement.value<SqlValue[]>(...params)),
    all: (...params: SqlValue[]): Row[] =>
      use((statement) => statement.values<SqlValue[]>(...params)),
  };
}

/** SQLite frees the statement, and returns the error of its last step once more. */
function finalizeFailed(statement: FfiStatement): void {
  try {
    statement.finalize();
  } catch (repeated) {
    if (!(repeated instanceof Error)) throw repeated;
  }
}
