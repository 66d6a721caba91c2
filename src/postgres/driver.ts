/**
 * The port to a PostgreSQL driver: the smallest slice that the stores need.
 *
 * @module
 */

import type { SqlValue } from "../executions/driver.ts";

/** The columns of a row: whole numbers are numbers where exact, all else is text. */
export type PostgresRow = readonly SqlValue[];

/** A parameter of a statement; a list becomes an array. */
export type Param = null | string | number | bigint | boolean | readonly Param[];

/** What a statement returned. */
export interface QueryResult {
  /** Its rows. */
  rows: PostgresRow[];
  /** How many rows it returned or changed. */
  count: number;
}

/** One connection, on which one statement runs after the other. */
export interface PostgresConnection {
  /** Whether it was lost. */
  readonly lost: boolean;
  /** Runs one statement, prepared where that is allowed. */
  query(sql: string, params?: readonly Param[]): Promise<QueryResult>;
  /** Runs any number of statements without parameters; they may take any time if that is wanted. */
  exec(sql: string, anyTime?: boolean): Promise<void>;
  /** Calls a function on every notification, and once more with `undefined` when the connection is lost. */
  onNotification(call: (channel: string | undefined) => void): void;
  /** Ends the connection. */
  close(): Promise<void>;
}

/** Makes connections. */
export type Connect = () => Promise<PostgresConnection>;
