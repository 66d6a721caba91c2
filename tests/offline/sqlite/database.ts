// Part of the stand-in for `@db/sqlite`: a connection.

import { unwrap } from "./error.ts";
import { library, readCString, toCString } from "./library.ts";
import { finalizeAll, type RestBindParameters, Statement } from "./statement.ts";

/** Options of a connection, as far as they are used here. */
export interface DatabaseOpenOptions {
  create?: boolean;
  /** Without it integers are read as 32 bits. */
  int64?: boolean;
  /** Text of JSON functions is parsed, unless `false`. */
  parseJson?: boolean;
}

/** Version of the native library. */
export const SQLITE_VERSION: string = readCString(library.sqlite3_libversion());

const OPEN_READWRITE = 0x02;
const OPEN_CREATE = 0x04;

/** A connection; it has no `Symbol.dispose`. */
export class Database {
  #handle: Deno.PointerValue;
  #open = true;

  int64: boolean;
  parseJson: boolean;

  constructor(path: string, options: DatabaseOpenOptions = {}) {
    const { create = true, int64 = false, parseJson = true } = options;
    this.int64 = int64;
    this.parseJson = parseJson;
    const handle = new BigUint64Array(1);
    const flags = OPEN_READWRITE | (create ? OPEN_CREATE : 0);
    const result = library.sqlite3_open_v2(toCString(path), handle, flags, null);
    this.#handle = Deno.UnsafePointer.create(handle[0] ?? 0n);
    if (result !== 0) library.sqlite3_close_v2(this.#handle);
    unwrap(result);
  }

  get unsafeHandle(): Deno.PointerValue {
    return this.#handle;
  }

  get autocommit(): boolean {
    return library.sqlite3_get_autocommit(this.#handle) === 1;
  }

  get inTransaction(): boolean {
    return this.#open && !this.autocommit;
  }

  prepare<T extends object = Record<string, unknown>>(
    sql: string,
  ): Statement<T> {
    return new Statement<T>(this, sql);
  }

  /** Runs one statement with parameters, or any number without; the error is a plain `Error`. */
  exec(sql: string, ...params: RestBindParameters): number {
    if (params.length > 0) {
      // Left to the garbage collector, as in the genuine package.
      this.prepare(sql).run(...params);
      return library.sqlite3_changes(this.#handle);
    }
    const message = new BigUint64Array(1);
    library.sqlite3_exec(this.#handle, toCString(sql), null, null, message);
    const pointer = Deno.UnsafePointer.create(message[0] ?? 0n);
    if (pointer !== null) {
      const text = readCString(pointer);
      library.sqlite3_free(pointer);
      throw new Error(text);
    }
    return library.sqlite3_changes(this.#handle);
  }

  /** Copies pages to another connection. */
  backup(dest: Database, name = "main", pages = -1): void {
    const backup = library.sqlite3_backup_init(
      dest.#handle,
      toCString(name),
      this.#handle,
      toCString("main"),
    );
    if (backup === null) {
      unwrap(library.sqlite3_errcode(dest.#handle), dest.#handle);
    } else {
      unwrap(library.sqlite3_backup_step(backup, pages));
      unwrap(library.sqlite3_backup_finish(backup));
    }
  }

  close(): void {
    if (!this.#open) return;
    finalizeAll(this.#handle);
    unwrap(library.sqlite3_close_v2(this.#handle));
    this.#open = false;
  }
}
