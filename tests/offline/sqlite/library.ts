// Part of the stand-in for `@db/sqlite`: the native library, loaded on import.

const pointer = "pointer";
const buffer = "buffer";

const symbols = {
  sqlite3_initialize: { parameters: [], result: "i32" },
  sqlite3_libversion: { parameters: [], result: pointer },
  sqlite3_open_v2: {
    parameters: [buffer, buffer, "i32", pointer],
    result: "i32",
  },
  sqlite3_close_v2: { parameters: [pointer], result: "i32" },
  sqlite3_errcode: { parameters: [pointer], result: "i32" },
  sqlite3_errmsg: { parameters: [pointer], result: pointer },
  sqlite3_errstr: { parameters: ["i32"], result: pointer },
  sqlite3_exec: {
    parameters: [pointer, buffer, pointer, pointer, buffer],
    result: "i32",
  },
  sqlite3_free: { parameters: [pointer], result: "void" },
  sqlite3_changes: { parameters: [pointer], result: "i32" },
  sqlite3_get_autocommit: { parameters: [pointer], result: "i32" },
  sqlite3_prepare_v2: {
    parameters: [pointer, buffer, "i32", buffer, pointer],
    result: "i32",
  },
  sqlite3_step: { parameters: [pointer], result: "i32" },
  sqlite3_reset: { parameters: [pointer], result: "i32" },
  sqlite3_finalize: { parameters: [pointer], result: "i32" },
  sqlite3_clear_bindings: { parameters: [pointer], result: "i32" },
  sqlite3_bind_parameter_count: { parameters: [pointer], result: "i32" },
  sqlite3_bind_parameter_index: {
    parameters: [pointer, buffer],
    result: "i32",
  },
  sqlite3_bind_int: { parameters: [pointer, "i32", "i32"], result: "i32" },
  sqlite3_bind_int64: { parameters: [pointer, "i32", "i64"], result: "i32" },
  sqlite3_bind_double: { parameters: [pointer, "i32", "f64"], result: "i32" },
  sqlite3_bind_text: {
    parameters: [pointer, "i32", buffer, "i32", pointer],
    result: "i32",
  },
  sqlite3_bind_blob: {
    parameters: [pointer, "i32", buffer, "i32", pointer],
    result: "i32",
  },
  sqlite3_column_count: { parameters: [pointer], result: "i32" },
  sqlite3_column_name: { parameters: [pointer, "i32"], result: pointer },
  sqlite3_column_type: { parameters: [pointer, "i32"], result: "i32" },
  sqlite3_column_int: { parameters: [pointer, "i32"], result: "i32" },
  sqlite3_column_int64: { parameters: [pointer, "i32"], result: "i64" },
  sqlite3_column_double: { parameters: [pointer, "i32"], result: "f64" },
  sqlite3_column_text: { parameters: [pointer, "i32"], result: pointer },
  sqlite3_column_blob: { parameters: [pointer, "i32"], result: pointer },
  sqlite3_column_bytes: { parameters: [pointer, "i32"], result: "i32" },
  sqlite3_column_value: { parameters: [pointer, "i32"], result: pointer },
  sqlite3_value_subtype: { parameters: [pointer], result: "i32" },
  sqlite3_backup_init: {
    parameters: [pointer, buffer, pointer, buffer],
    result: pointer,
  },
  sqlite3_backup_step: { parameters: [pointer, "i32"], result: "i32" },
  sqlite3_backup_finish: { parameters: [pointer], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const SYSTEM_LIBRARY: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libsqlite3.so.0",
  darwin: "libsqlite3.dylib",
  windows: "winsqlite3.dll",
};

function load(): Deno.DynamicLibrary<typeof symbols>["symbols"] {
  try {
    // The genuine package reads both variables, and downloads the library when neither is set.
    const path = Deno.env.get("DENO_SQLITE_PATH");
    Deno.env.get("DENO_SQLITE_LOCAL");
    return Deno.dlopen(
      path || (SYSTEM_LIBRARY[Deno.build.os] ?? "libsqlite3.so"),
      symbols,
    ).symbols;
  } catch (cause) {
    if (cause instanceof Deno.errors.PermissionDenied) throw cause;
    throw new Error("Failed to load SQLite3 Dynamic Library", { cause });
  }
}

/** The functions of the library. */
export const library = load();

const initialized = library.sqlite3_initialize();
if (initialized !== 0) {
  throw new Error(`Failed to initialize SQLite3: ${initialized}`);
}

const encoder = new TextEncoder();

/** A string that ends with NUL. */
export function toCString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(`${text}\0`);
}

/** The text at a pointer, up to the first NUL; the pointer is never null. */
export function readCString(at: Deno.PointerValue): string {
  return Deno.UnsafePointerView.getCString(at as Deno.PointerObject);
}
