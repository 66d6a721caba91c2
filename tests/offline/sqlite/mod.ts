// A stand-in for `@db/sqlite`, used only where JSR cannot be reached. FFI on the SQLite library of the system.

export { Database, type DatabaseOpenOptions, SQLITE_VERSION } from "./database.ts";
export {
  type BindParameters,
  type BindValue,
  type RestBindParameters,
  Statement,
} from "./statement.ts";
export { SqliteError } from "./error.ts";
