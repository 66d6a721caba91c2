/**
 * A connection to the database: prepared statements, transactions, and waiting
 * for locks without blocking the event loop.
 *
 * @module
 */

import { DatabaseError } from "../domain/errors.ts";
import { databaseError } from "./database_error.ts";
import type { CopyStep, Driver, Row, Statement } from "./driver.ts";
import type { SQLiteInfo } from "./options.ts";

/**
 * How long SQLite itself waits for a lock, in milliseconds, which blocks the
 * event loop. A transaction may wait twice, at its start and at its commit.
 */
export const BUSY_TIMEOUT = 20;

/** How many connections this process has made. */
let connections = 0;

/** What every connection knows of its database. */
export type ConnectionInfo = Pick<SQLiteInfo, "path" | "driver" | "schemaVersion">;

/**
 * An open database. Bodies of transactions are synchronous: an `await` would let others join.
 *
 * @internal
 */
export class Connection<Info extends ConnectionInfo = SQLiteInfo> {
  /** What was found and chosen at opening. */
  readonly info: Info;
  readonly #driver: Driver;
  readonly #timeout: number;
  readonly #release: () => void;
  readonly #statements = new Map<string, Statement>();
  /** Settles when the last write in the queue has ended; writes keep the order of their calls. */
  #lastWrite: Promise<unknown> | undefined;
  /** Since when a lock is in the way of writes, once one gave up: those behind it waited too. */
  #blockedSince: number | undefined;
  #closed = false;
  /** Committed transactions; `data_version` counts only those of others. */
  #writes = 0;
  /** Tells this connection from others to the same database, which count anew. */
  readonly #number = ++connections;

  /**
   * @param driver The library's connection, set up.
   * @param info What was found and chosen at opening.
   * @param timeout How long to wait for a lock, in milliseconds.
   * @param release Called after the file was closed.
   */
  constructor(driver: Driver, info: Info, timeout: number, release: () => void) {
    this.#driver = driver;
    this.info = info;
    this.#timeout = timeout;
    this.#release = release;
  }

  /** Whether the connection was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Returns the compiled statement of an SQL text, which is compiled once.
   *
   * @param sql One statement.
   * @returns The statement.
   */
  statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#driver.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /**
   * Reads in one transaction, so that several statements see the same state.
   *
   * @param action What is done, in the form `Cannot load execution "a"`.
   * @param body Reads; may be called again when a lock is in the way.
   * @param large Whether it may sort more than fits into memory.
   * @returns What the body returned.
   * @throws {DatabaseError} If the database refuses.
   */
  read<T>(action: string, body: () => T, large: boolean = false): Promise<T> {
    const attempt = () => this.#transaction("BEGIN", body);
    return this.#retry(action, large ? () => this.#withTemporaryFiles(attempt) : attempt);
  }

  /**
   * Writes in one transaction, after all writes asked for before.
   *
   * @param action What is done, in the form `Cannot save execution "a"`.
   * @param body Writes; called again when a lock is in the way.
   * @param committed Called with what the body returned before any other write begins.
   * @returns What the body returned.
   * @throws {DatabaseError} If the database refuses; then nothing was written.
   */
  async write<T>(
    action: string,
    body: () => T,
    committed?: (result: T) => void,
  ): Promise<T> {
    const asked = performance.now();
    const attempt = async () => {
      const start = Math.max(asked, this.#blockedSince ?? performance.now());
      try {
        const result = await this.#retry(action, () => {
          const result = this.#transaction("BEGIN IMMEDIATE", body);
          committed?.(result);
          return result;
        }, start);
        this.#blockedSince = undefined;
        return result;
      } catch (error) {
        if (error instanceof DatabaseError && error.code === "busy") this.#blockedSince ??= start;
        throw error;
      }
    };
    const mine = this.#lastWrite === undefined ? attempt() : this.#lastWrite.then(attempt);
    const settled = mine.then(() => {}, () => {});
    this.#lastWrite = settled;
    try {
      return await mine;
    } finally {
      if (this.#lastWrite === settled) this.#lastWrite = undefined;
    }
  }

  /**
   * Copies the whole database to a file that nobody else uses.
   *
   * @param action What is done, in the form `Cannot back up "a.db"`.
   * @param source Another connection to this database.
   * @param path The file.
   * @param onStep Called after each step; an error thrown then ends the copying.
   * @throws {DatabaseError} If the database refuses.
   */
  copyTo(action: string, source: Driver, path: string, onStep: CopyStep): Promise<void> {
    return this.#retry(action, () => source.copyTo(path, onStep));
  }

  /**
   * Replaces all content by that of another database, in one transaction.
   *
   * @param action What is done, in the form `Cannot restore "a.db"`.
   * @param source The other database.
   * @param onStep Called after each step; an error thrown then keeps the old content.
   * @throws {DatabaseError} If the database refuses; then the old content stays.
   */
  async replaceBy(action: string, source: Driver, onStep: CopyStep): Promise<void> {
    await this.#retry(action, async () => {
      // The copying waits for locks without an end: see first whether there are any.
      this.#transaction("BEGIN EXCLUSIVE", () => {});
      await source.copyTo(this.info.path, onStep);
    });
    this.#writes++;
  }

  /**
   * Runs one statement outside of a transaction, such as `VACUUM`, which may need room for all rows.
   *
   * @param action What is done, in the form `Cannot compact "a.db"`.
   * @param sql The statement.
   * @returns Its rows.
   * @throws {DatabaseError} If the database refuses.
   */
  run(action: string, sql: string): Promise<Row[]> {
    return this.#retry(action, () => this.#withTemporaryFiles(() => this.statement(sql).all()));
  }

  /** What is put aside meanwhile goes to files; by default it stays in memory, see `open.ts`. */
  #withTemporaryFiles<T>(body: () => T): T {
    this.#driver.exec("PRAGMA temp_store = FILE");
    try {
      return body();
    } finally {
      this.#driver.exec("PRAGMA temp_store = MEMORY");
    }
  }

  /**
   * Returns a text that differs when the database may have changed since.
   *
   * @param action What is done, in the form `Cannot watch executions`.
   * @returns The mark: changes by others, and writes through this connection.
   * @throws {DatabaseError} If the database refuses.
   */
  async changeMark(action: string): Promise<string> {
    return await this.#retry(action, () => this.markInTransaction());
  }

  /**
   * Does what {@linkcode changeMark} does in a transaction.
   *
   * @returns The mark.
   */
  markInTransaction(): string {
    const version = this.statement("PRAGMA data_version").get()?.[0];
    return `${this.#number} ${version} ${this.#writes}`;
  }

  /**
   * Closes the connection; further calls do nothing. Without `PRAGMA optimize`,
   * which would hold the lock for seconds at a million runs: no query needs its statistics.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#statements.clear();
    try {
      this.#driver.close();
    } finally {
      this.#release();
    }
  }

  #transaction<T>(begin: string, body: () => T): T {
    this.statement(begin).run();
    try {
      const result = body();
      this.statement("COMMIT").run();
      if (begin !== "BEGIN") this.#writes++;
      return result;
    } catch (error) {
      // After some errors, a full disk for one, SQLite has rolled back by itself.
      if (this.#driver.inTransaction) this.statement("ROLLBACK").run();
      throw error;
    }
  }

  #retry<T>(action: string, attempt: () => T | Promise<T>, start?: number): Promise<T> {
    return retryBusy(action, this.info.path, this.#timeout, () => {
      if (this.#closed) {
        throw new DatabaseError(`${action}: the store is closed`, { code: "io" });
      }
      return attempt();
    }, start);
  }
}

/**
 * Calls a function until no lock is in its way.
 *
 * @param action What is done, in the form `Cannot open "a.db"`.
 * @param path Path of the database.
 * @param timeout How long to try, in milliseconds.
 * @param attempt The function; it leaves nothing behind when it throws.
 * @param start Since when it waits already, in milliseconds of `performance.now()`.
 * @returns What the function returned.
 * @throws {DatabaseError} If the database refuses; with code `busy` after the timeout.
 */
export async function retryBusy<T>(
  action: string,
  path: string,
  timeout: number,
  attempt: () => T | Promise<T>,
  start: number = performance.now(),
): Promise<T> {
  for (let ceiling = 2;; ceiling = Math.min(ceiling * 2, 32)) {
    try {
      return await attempt();
    } catch (cause) {
      const error = databaseError(cause, action, path);
      const busy = error instanceof DatabaseError && error.code === "busy";
      if (!busy || performance.now() - start >= timeout) throw error;
    }
    // Jitter, so that waiting processes do not meet again and again. A timer of its own, so that
    // the start of a command that lists runs loads no module more.
    const pause = 1 + Math.random() * ceiling;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
