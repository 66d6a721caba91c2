// Part of the stand-in for `@db/sqlite`: a connection.

import { fileURLToPath } from "node:url";
import { unwrap } from "./error.ts";
import { library, readCString, toCString } from "./library.ts";
import { finalizeAll, type RestBindParameters, Statement } from "./statement.ts";

/** Options of a connection; extensions cannot be loaded here. */
export interface DatabaseOpenOptions {
  readonly?: boolean;
  create?: boolean;
  /** Raw flags, in place of all that the options above say. */
  flags?: number;
  memory?: boolean;
  /** Without it integers are read as 32 bits. */
  int64?: boolean;
  unsafeConcurrency?: boolean;
  /** Text of JSON functions is parsed, unless `false`. */
  parseJson?: boolean;
}

/** Version of the native library. */
export const SQLITE_VERSION: string = readCString(library.sqlite3_libversion());
/** Source of the native library. */
export const SQLITE_SOURCEID: string = readCString(library.sqlite3_sourceid());

const OPEN_READONLY = 0x01;
const OPEN_READWRITE = 0x02;
const OPEN_CREATE = 0x04;
const OPEN_MEMORY = 0x80;

/** A connection; it has no `Symbol.dispose`. */
export class Database {
  #path: string;
  #handle: Deno.PointerValue;
  #open = true;

  int64: boolean;
  parseJson: boolean;
  unsafeConcurrency: boolean;

  constructor(path: string | URL, options: DatabaseOpenOptions = {}) {
    this.#path = path instanceof URL ? fileURLToPath(path) : path;
    this.int64 = options.int64 ?? false;
    this.parseJson = options.parseJson ?? true;
    this.unsafeConcurrency = options.unsafeConcurrency ?? false;
    const handle = new BigUint64Array(1);
    const flags = options.flags ?? openFlags(options);
    const result = library.sqlite3_open_v2(
      toCString(this.#path),
      handle,
      flags,
      null,
    );
    this.#handle = Deno.UnsafePointer.create(handle[0] ?? 0n);
    if (result !== 0) library.sqlite3_close_v2(this.#handle);
    unwrap(result);
  }

  get open(): boolean {
    return this.#open;
  }

  get unsafeHandle(): Deno.PointerValue {
    return this.#handle;
  }

  get path(): string {
    return this.#path;
  }

  get changes(): number {
    return library.sqlite3_changes(this.#handle);
  }

  get totalChanges(): number {
    return library.sqlite3_total_changes(this.#handle);
  }

  get lastInsertRowId(): number {
    return library.sqlite3_last_insert_rowid(this.#handle);
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
      return this.changes;
    }
    const message = new BigUint64Array(1);
    library.sqlite3_exec(this.#handle, toCString(sql), null, null, message);
    const pointer = Deno.UnsafePointer.create(message[0] ?? 0n);
    if (pointer !== null) {
      const text = readCString(pointer);
      library.sqlite3_free(pointer);
      throw new Error(text);
    }
    return this.changes;
  }

  run(sql: string, ...params: RestBindParameters): number {
    return this.exec(sql, ...params);
  }

  sql<T extends object = Record<string, unknown>>(
    strings: TemplateStringsArray,
    ...params: RestBindParameters
  ): T[] {
    return this.prepare<T>(strings.join("?")).all(...params);
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

function openFlags(
  { memory, readonly, create = true }: DatabaseOpenOptions,
): number {
  let flags = readonly ? OPEN_READONLY : OPEN_READWRITE;
  if (memory) flags |= OPEN_MEMORY;
  if (create && !readonly) flags |= OPEN_CREATE;
  return flags;
}
