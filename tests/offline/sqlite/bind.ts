// Part of the stand-in for `@db/sqlite`: values on their way in.

import { unwrap } from "./error.ts";
import { library, toCString } from "./library.ts";

/** What can be bound; objects and arrays become JSON. */
export type BindValue =
  | number
  | string
  | symbol
  | bigint
  | boolean
  | null
  | undefined
  | Date
  | Uint8Array
  | BindValue[]
  | { [key: string]: BindValue };

/** By position or by name. */
export type BindParameters = BindValue[] | Record<string, BindValue>;

/** Values, or one array or record of them. */
export type RestBindParameters = BindValue[] | [BindParameters];

/** Deno passes an empty buffer as NULL, which SQLite would bind as NULL. */
const empty = new Uint8Array(1);

/** Binds all parameters; returns the buffers that SQLite reads later. */
export function bindAll(
  statement: Deno.PointerValue,
  params: RestBindParameters,
): unknown[] {
  const [first] = params;
  const values = isContainer(first) ? first : params as BindValue[];
  if (Array.isArray(values)) {
    return values.map((value, i) => bindOne(statement, i + 1, value));
  }
  return Object.entries(values).map(([name, value]) => {
    const prefixed = /^[:@$]/.test(name) ? name : `:${name}`;
    const index = library.sqlite3_bind_parameter_index(
      statement,
      toCString(prefixed),
    );
    if (index === 0) throw new Error(`No such parameter "${name}"`);
    return bindOne(statement, index, value);
  });
}

function isContainer(value: unknown): value is BindParameters {
  return typeof value === "object" && value !== null &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Date);
}

function bindOne(
  statement: Deno.PointerValue,
  index: number,
  value: BindValue,
): unknown {
  // What is not bound is NULL.
  if (value === null || value === undefined) return undefined;
  switch (typeof value) {
    case "number":
      return unwrap(bindNumber(statement, index, value));
    case "bigint":
      return unwrap(library.sqlite3_bind_int64(statement, index, value));
    case "boolean":
      return unwrap(library.sqlite3_bind_int(statement, index, value ? 1 : 0));
    case "string":
      return bindText(statement, index, value);
    case "object":
      if (value instanceof Uint8Array) return bindBlob(statement, index, value);
      if (value instanceof Date) {
        return bindCString(statement, index, value.toISOString());
      }
      return bindCString(statement, index, JSON.stringify(value));
    default:
      throw new Error(`Value of unsupported type: ${Deno.inspect(value)}`);
  }
}

function bindNumber(
  statement: Deno.PointerValue,
  index: number,
  value: number,
): number {
  if (!Number.isInteger(value)) {
    return library.sqlite3_bind_double(statement, index, value);
  }
  if (value >= -(2 ** 31) && value < 2 ** 31) {
    return library.sqlite3_bind_int(statement, index, value);
  }
  return library.sqlite3_bind_int64(statement, index, BigInt(value));
}

function bindText(
  statement: Deno.PointerValue,
  index: number,
  value: string,
): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  const data = bytes.byteLength === 0 ? empty : bytes;
  unwrap(
    library.sqlite3_bind_text(statement, index, data, bytes.byteLength, null),
  );
  return data;
}

/** Dates and JSON: up to the first NUL. */
function bindCString(
  statement: Deno.PointerValue,
  index: number,
  value: string,
): Uint8Array {
  const data = toCString(value);
  unwrap(library.sqlite3_bind_text(statement, index, data, -1, null));
  return data;
}

function bindBlob(
  statement: Deno.PointerValue,
  index: number,
  value: Uint8Array,
): Uint8Array {
  const data = value.byteLength === 0 ? empty : value as Uint8Array<ArrayBuffer>;
  unwrap(
    library.sqlite3_bind_blob(statement, index, data, value.byteLength, null),
  );
  return data;
}
