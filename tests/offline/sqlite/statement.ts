// Part of the stand-in for `@db/sqlite`: a prepared statement.

import { bindAll, type RestBindParameters } from "./bind.ts";
import type { Database } from "./database.ts";
import { unwrap } from "./error.ts";
import { library, readCString, toCString } from "./library.ts";

export type { BindParameters, BindValue, RestBindParameters } from "./bind.ts";

const ROW = 100;
const DONE = 101;
const INTEGER = 1;
const FLOAT = 2;
const TEXT = 3;
const BLOB = 4;
const JSON_SUBTYPE = 74;

/** Open statements and their connections. */
const connections = new Map<Deno.PointerValue, Deno.PointerValue>();

const registry = new FinalizationRegistry((statement: Deno.PointerValue) => {
  if (connections.delete(statement)) library.sqlite3_finalize(statement);
});

/** Finalizes all statements of a connection. */
export function finalizeAll(connection: Deno.PointerValue): void {
  for (const [statement, owner] of connections) {
    if (owner !== connection) continue;
    connections.delete(statement);
    library.sqlite3_finalize(statement);
  }
}

/**
 * A prepared statement, as far as it is used here. Use after `finalize()` or after the connection
 * closed is undefined.
 */
export class Statement<T extends object = Record<string, unknown>> {
  readonly db: Database;
  #handle: Deno.PointerValue;
  #parameters: number;
  #token = {};
  /** SQLite reads bound text and blobs where they lie. */
  #buffers: unknown[] = [];

  constructor(db: Database, sql: string) {
    this.db = db;
    const handle = new BigUint64Array(1);
    const text = toCString(sql);
    unwrap(
      library.sqlite3_prepare_v2(
        db.unsafeHandle,
        text,
        text.byteLength,
        handle,
        null,
      ),
      db.unsafeHandle,
    );
    this.#handle = Deno.UnsafePointer.create(handle[0] ?? 0n);
    connections.set(this.#handle, db.unsafeHandle);
    registry.register(this, this.#handle, this.#token);
    this.#parameters = library.sqlite3_bind_parameter_count(this.#handle);
  }

  /** Steps once; returns the number of changed rows of the connection's last change. */
  run(...params: RestBindParameters): number {
    this.#begin(params);
    const status = library.sqlite3_step(this.#handle);
    if (status !== ROW) unwrap(status, this.db.unsafeHandle);
    library.sqlite3_reset(this.#handle);
    return library.sqlite3_changes(this.db.unsafeHandle);
  }

  all<R extends object = T>(...params: RestBindParameters): R[] {
    this.#begin(params);
    return Array.from(this.#objects()) as R[];
  }

  values<R extends unknown[] = unknown[]>(...params: RestBindParameters): R[] {
    this.#begin(params);
    return Array.from(this.#rows()) as R[];
  }

  get<R extends object = T>(...params: RestBindParameters): R | undefined {
    const names = this.columnNames();
    const row = this.#first(params);
    if (row === undefined) return undefined;
    return Object.fromEntries(names.map((name, i) => [name, row[i]])) as R;
  }

  value<R extends unknown[]>(...params: RestBindParameters): R | undefined {
    return this.#first(params) as R | undefined;
  }

  columnNames(): string[] {
    return Array.from(
      { length: library.sqlite3_column_count(this.#handle) },
      (_, i) => readCString(library.sqlite3_column_name(this.#handle, i)),
    );
  }

  finalize(): void {
    if (!connections.delete(this.#handle)) return;
    registry.unregister(this.#token);
    this.#buffers = [];
    unwrap(library.sqlite3_finalize(this.#handle));
  }

  [Symbol.dispose](): void {
    this.finalize();
  }

  #reset(): void {
    library.sqlite3_reset(this.#handle);
    if (this.#parameters === 0) return;
    library.sqlite3_clear_bindings(this.#handle);
    this.#buffers = [];
  }

  #begin(params: RestBindParameters): void {
    this.#reset();
    if (this.#parameters > 0) this.#buffers = bindAll(this.#handle, params);
  }

  /** The first row; a statement that fails is not reset. */
  #first(params: RestBindParameters): unknown[] | undefined {
    this.#reset();
    if (this.#parameters > 0 && params.length > 0) {
      this.#buffers = bindAll(this.#handle, params);
    }
    const status = library.sqlite3_step(this.#handle);
    if (status !== ROW) {
      unwrap(status, this.db.unsafeHandle);
      return undefined;
    }
    const row = this.#columns();
    library.sqlite3_reset(this.#handle);
    return row;
  }

  *#rows(): Generator<unknown[]> {
    let status = library.sqlite3_step(this.#handle);
    for (; status === ROW; status = library.sqlite3_step(this.#handle)) {
      yield this.#columns();
    }
    if (status !== DONE) unwrap(status, this.db.unsafeHandle);
    library.sqlite3_reset(this.#handle);
  }

  *#objects(): Generator<object> {
    const names = this.columnNames();
    // The genuine package generates code from the names without escaping them.
    const bad = names.find((name) => /["\\\r\n]/.test(name));
    if (bad !== undefined) {
      throw new SyntaxError(`Cannot make objects with a key ${bad}`);
    }
    for (const row of this.#rows()) {
      yield Object.fromEntries(names.map((name, i) => [name, row[i]]));
    }
  }

  #columns(): unknown[] {
    const { int64, parseJson } = this.db;
    return Array.from(
      { length: library.sqlite3_column_count(this.#handle) },
      (_, i) => readColumn(this.#handle, i, int64, parseJson),
    );
  }
}

function readColumn(
  statement: Deno.PointerValue,
  column: number,
  int64: boolean,
  parseJson: boolean,
): unknown {
  switch (library.sqlite3_column_type(statement, column)) {
    case INTEGER: {
      if (!int64) return library.sqlite3_column_int(statement, column);
      const value = library.sqlite3_column_int64(statement, column);
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    }
    case FLOAT:
      return library.sqlite3_column_double(statement, column);
    case TEXT:
      return readText(statement, column, parseJson);
    case BLOB:
      return readBlob(statement, column);
    default:
      return null;
  }
}

/** Text ends at its first NUL. */
function readText(
  statement: Deno.PointerValue,
  column: number,
  parseJson: boolean,
): unknown {
  const pointer = library.sqlite3_column_text(statement, column);
  if (pointer === null) return null;
  const text = readCString(pointer);
  const value = library.sqlite3_column_value(statement, column);
  if (!parseJson || library.sqlite3_value_subtype(value) !== JSON_SUBTYPE) {
    return text;
  }
  try {
    return JSON.parse(text);
  } catch (_notJson) {
    return text;
  }
}

function readBlob(statement: Deno.PointerValue, column: number): Uint8Array {
  const pointer = library.sqlite3_column_blob(statement, column);
  if (pointer === null) return new Uint8Array();
  const length = library.sqlite3_column_bytes(statement, column);
  return new Uint8Array(
    Deno.UnsafePointerView.getArrayBuffer(pointer, length).slice(0),
  );
}
