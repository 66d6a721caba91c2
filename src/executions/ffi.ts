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
    prepare: (sql) => wrap(database.prepare(sql)),
    exec: (sql) => void database.exec(sql),
    close: () => database.close(),
  };
}

function wrap(statement: FfiStatement): Statement {
  return {
    run: (...params: SqlValue[]): number => statement.run(...params),
    get: (...params: SqlValue[]): Row | undefined => statement.value<SqlValue[]>(...params),
    all: (...params: SqlValue[]): Row[] => statement.values<SqlValue[]>(...params),
  };
}
