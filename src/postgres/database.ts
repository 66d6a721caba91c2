/**
 * A PostgreSQL database as the stores use it: statements and transactions that
 * are repeated where that is safe, within a deadline.
 *
 * @module
 */

import { DatabaseError, type StorageError } from "../domain/errors.ts";
import { sleep } from "../timers.ts";
import { wellFormed } from "./columns.ts";
import type { Connect, Param, PostgresConnection, QueryResult } from "./driver.ts";
import { Listener } from "./listener.ts";
import { MIGRATIONS } from "./migrations.ts";
import { openSchema, type PostgresInfo } from "./migrator.ts";
import {
  type PostgresOptions,
  type ResolvedPostgresOptions,
  resolvePostgresOptions,
} from "./options.ts";
import { Notifier } from "./notifier.ts";
import { connectPg } from "./pg_driver.ts";
import { Pool } from "./pool.ts";
import { isConflict, isLost, postgresError } from "./postgres_error.ts";

/** How an operation may be repeated. */
export interface RepeatOptions {
  /**
   * Whether doing it twice is the same as doing it once, so that it may be
   * repeated when the connection was lost and nobody knows what became of it.
   *
   * @default {true}
   */
  repeatable?: boolean;
}

/** The statements of a transaction, or single ones. */
export interface Session {
  /** Runs one statement. */
  query(sql: string, params?: readonly Param[]): Promise<QueryResult>;
  /** Whether an earlier attempt was not answered, so that this one may find it done. */
  readonly uncertain: boolean;
}

/**
 * An open database; the stores share one.
 *
 * @internal
 */
export class PostgresDatabase {
  /** Options with their defaults. */
  readonly options: ResolvedPostgresOptions;
  /** What was found when it was opened. */
  readonly info: PostgresInfo;
  /** Tells when others may have changed something. */
  readonly listener: Listener;
  readonly #notifier: Notifier;
  readonly #pool: Pool;
  readonly #closing = new AbortController();

  private constructor(options: ResolvedPostgresOptions, pool: Pool, info: PostgresInfo) {
    this.options = options;
    this.info = info;
    this.#pool = pool;
    this.listener = new Listener(
      () => connectPg(options),
      // Longer names are cut off by one statement and refused by the other.
      `goflow_${options.schema}`.slice(0, 63),
      this.closing,
    );
    const send = () =>
      this.query("Cannot notify", "SELECT pg_notify($1, '')", [this.listener.channel]);
    this.#notifier = new Notifier(send, this.closing);
  }

  /**
   * Connects to a database and brings its schema to the newest version.
   *
   * @param url URL of the database.
   * @param options The options.
   * @param connect Makes connections.
   * @returns The database.
   * @throws {InvalidDataError} If the URL or an option is not valid.
   * @throws {PermissionDeniedError} If the server or Deno refuses.
   * @throws {DatabaseError} If the server cannot be used, or its schema is newer or not as it should be.
   */
  static async open(
    url: string,
    options: PostgresOptions = {},
    connect?: Connect,
  ): Promise<PostgresDatabase> {
    const resolved = resolvePostgresOptions(url, options);
    const action = "Cannot open the PostgreSQL storage";
    const pool = new Pool(connect ?? (() => connectPg(resolved)), resolved);
    try {
      const connection = await pool.acquire(action, resolved.timeout);
      try {
        const info = await openSchema(connection, resolved, MIGRATIONS, action);
        return new PostgresDatabase(resolved, pool, info);
      } finally {
        pool.release(connection);
      }
    } catch (error) {
      await pool.close();
      throw postgresError(error, action, resolved.place);
    }
  }

  /** Aborted when the database is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Runs one statement, which is a transaction of its own.
   *
   * @param action What is done, in the form `Cannot load execution "a"`.
   * @param sql The statement.
   * @param params Its parameters.
   * @param options Whether it may be repeated.
   * @returns What it returned.
   * @throws {DatabaseError} If the database refuses; then nothing was written.
   */
  query(
    action: string,
    sql: string,
    params: readonly Param[] = [],
    options: RepeatOptions = {},
  ): Promise<QueryResult> {
    return this.attempt(action, (session) => session.query(sql, params), options);
  }

  /**
   * Runs a body on one connection without a transaction around it.
   *
   * @param action What is done, in the form `Cannot load execution "a"`.
   * @param body Runs statements; called again when it is repeated.
   * @param options Whether it may be repeated.
   * @returns What the body returned.
   * @throws {DatabaseError} If the database refuses.
   */
  attempt<T>(
    action: string,
    body: (session: Session) => Promise<T>,
    options: RepeatOptions = {},
  ): Promise<T> {
    const { repeatable = true } = options;
    return this.#repeat(
      action,
      repeatable,
      () => true,
      (connection, uncertain) => body({ uncertain, query: queryOf(connection, action) }),
    );
  }

  /**
   * Runs a body in one transaction.
   *
   * @param action What is done, in the form `Cannot save execution "a"`.
   * @param body Runs statements; called again when the transaction is repeated.
   * @param options Whether it may be repeated when its commit was not answered.
   * @returns What the body returned.
   * @throws {DatabaseError} If the database refuses; then nothing was written.
   */
  transaction<T>(
    action: string,
    body: (session: Session) => Promise<T>,
    options: RepeatOptions = {},
  ): Promise<T> {
    const { repeatable = true } = options;
    let committing = false;
    // A transaction whose commit was not sent is undone for certain.
    const isUnknown = () => committing;
    return this.#repeat(action, repeatable, isUnknown, async (connection, uncertain) => {
      committing = false;
      const query = queryOf(connection, action);
      await query("BEGIN");
      try {
        const result = await body({ uncertain, query });
        committing = true;
        await query("COMMIT");
        return result;
      } catch (error) {
        if (!committing && !isLost(error)) await rollBack(connection);
        throw error;
      }
    });
  }

  /**
   * Reads in one transaction, so that several statements see the same state.
   *
   * @param action What is done, in the form `Cannot count executions`.
   * @param body Reads; called again when the transaction is repeated.
   * @returns What the body returned.
   * @throws {DatabaseError} If the database refuses.
   */
  snapshot<T>(action: string, body: (session: Session) => Promise<T>): Promise<T> {
    return this.transaction(action, async (session) => {
      await session.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
      return await body(session);
    });
  }

  /**
   * Runs several statements without parameters in one round trip.
   *
   * @param action What is done, in the form `Cannot watch executions`.
   * @param sql The statements.
   * @throws {DatabaseError} If the database refuses.
   */
  async exec(action: string, sql: string): Promise<void> {
    await this.#repeat(action, true, () => true, async (connection) => {
      try {
        await connection.exec(sql);
      } catch (error) {
        if (!isLost(error)) await rollBack(connection);
        throw error;
      }
    });
  }

  /** Wakes those who watch, here and in other processes; called after a commit. */
  changed(): void {
    this.listener.wake();
    this.#notifier.notify();
  }

  /** Refuses further operations, waits for those under way and ends all connections. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#pool.close(), this.listener.ended]);
  }

  async #repeat<T>(
    action: string,
    repeatable: boolean,
    isUnknown: () => boolean,
    body: (connection: PostgresConnection, uncertain: boolean) => Promise<T>,
  ): Promise<T> {
    const deadline = performance.now() + this.options.timeout;
    let uncertain = false;
    for (let ceiling = 4;; ceiling = Math.min(ceiling * 2, 500)) {
      let connection: PostgresConnection | undefined;
      try {
        connection = await this.#pool.acquire(action, Math.max(0, deadline - performance.now()));
        return await body(connection, uncertain);
      } catch (cause) {
        const lost = isLost(cause);
        // Nobody knows what became of what was sent and not answered.
        const unknown = lost && connection !== undefined && isUnknown();
        // The server may still be about to end it.
        if (lost && connection !== undefined) {
          this.#pool.discard(connection);
          connection = undefined;
        }
        const again = isConflict(cause) || lost && (repeatable || !unknown);
        if (!again || performance.now() >= deadline || this.closing.aborted) {
          throw this.#failure(cause, action, unknown && !again);
        }
        uncertain ||= unknown;
      } finally {
        if (connection !== undefined) this.#pool.release(connection);
      }
      // Jitter, so that those who met do not meet again.
      await sleep(1 + Math.random() * ceiling);
    }
  }

  #failure(cause: unknown, action: string, unknown: boolean): StorageError {
    if (!unknown) return postgresError(cause, action, this.options.place);
    return new DatabaseError(
      `${action}: the connection to the server at ${this.options.place} was lost before it ` +
        "answered, so it may have been done or not; look before trying again",
      { code: "io", cause },
    );
  }
}

function queryOf(connection: PostgresConnection, action: string): Session["query"] {
  return async (sql, params = []) => await connection.query(sql, wellFormed(params, action));
}

/** What cannot be rolled back was lost, and is undone by the server. */
async function rollBack(connection: PostgresConnection): Promise<void> {
  if (connection.lost) return;
  try {
    await connection.query("ROLLBACK");
  } catch (error) {
    if (!isLost(error)) throw error;
  }
}
