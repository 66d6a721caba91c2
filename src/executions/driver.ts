/**
 * The port to a SQLite library: the smallest slice that the store needs.
 *
 * @module
 */

/** What a column holds. Integers are numbers where exact, BigInts elsewhere. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** The columns of a row in the order of the statement; text ends at its first NUL. */
export type Row = readonly SqlValue[];

/** A prepared statement; it lives as long as its connection. */
export interface Statement {
  /** Runs it; returns how many rows it changed, triggers and cascades apart. */
  run(...params: SqlValue[]): number;
  /** Returns the first row. */
  get(...params: SqlValue[]): Row | undefined;
  /** Returns all rows. */
  all(...params: SqlValue[]): Row[];
}

/** One connection to one database file. All calls are synchronous. */
export interface Driver {
  /** Which library. */
  readonly name: DriverName;
  /** Version of the library, such as `"3.53.2"`. */
  readonly sqliteVersion: string;
  /** Whether a transaction is open. */
  readonly inTransaction: boolean;
  /** Compiles one statement. */
  prepare(sql: string): Statement;
  /** Runs any number of statements without parameters; the errors may lack their code. */
  exec(sql: string): void;
  /**
   * Copies the whole database, as it is at one moment, to another file of the
   * same library. Nobody else may use the connection meanwhile. Where the
   * library copies in steps, each is told, and an error thrown then ends it.
   */
  copyTo(path: string, onStep?: CopyStep): Promise<void>;
  /** Leaves out what cannot be read of a damaged schema, in place of refusing every statement. */
  skipDamagedSchema(): void;
  /** Closes the connection and its statements. */
  close(): void;
}

/** Called while a database is copied, with the pages that are copied and all there are. */
export type CopyStep = (done: number, total: number) => void;

/** Names of the drivers: `@db/sqlite` over FFI, or `node:sqlite`, which is part of Deno. */
export type DriverName = "ffi" | "builtin";

/** What a driver's file exports. */
export interface DriverModule {
  /** Opens an existing file. */
  openDriver(path: string): Driver;
}
