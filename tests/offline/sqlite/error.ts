// Part of the stand-in for `@db/sqlite`: how it reports failures.

import { library, readCString } from "./library.ts";

const OK = 0;
const MISUSE = 21;
const DONE = 101;

/** A failure without a connection to ask, or a misuse; most failures are a plain `Error`. */
export class SqliteError extends Error {
  override name = "SqliteError";
  code: number;

  constructor(code: number = 1, message: string = "Unknown Error") {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** Throws for a result code; with a connection a plain `Error` that has lost the code. */
export function unwrap(code: number, connection?: Deno.PointerValue): void {
  if (code === OK || code === DONE) return;
  if (code === MISUSE) throw new SqliteError(code, "SQLite3 API misuse");
  if (connection === undefined) {
    throw new SqliteError(code, readCString(library.sqlite3_errstr(code)));
  }
  const message = library.sqlite3_errmsg(connection);
  if (message === null) throw new SqliteError(code);
  throw new Error(readCString(message));
}
