/**
 * A store over one database: opened when it is first used, closed once.
 *
 * @module
 */

import { DatabaseError } from "../domain/errors.ts";
import type { Connection } from "./connection.ts";
import { openConnection } from "./open.ts";
import type { ResolvedOptions } from "./options.ts";

/**
 * Opening and closing, which all parts of the repository share.
 *
 * @example Close a store at the end of a block
 * ```ts
 * import { DatabaseError, SQLiteExecutionRepository } from "@goflow/storage";
 * import { assertRejects } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const executions = await SQLiteExecutionRepository.open({ root });
 * executions.close();
 * executions.close(); // does nothing
 * await assertRejects(() => executions.list(), DatabaseError, "the store is closed");
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export abstract class SQLiteStore implements Disposable, AsyncDisposable {
  /** Options with their defaults. */
  protected readonly options: ResolvedOptions;
  #connection: Promise<Connection> | undefined;
  /** The connection once it is open, for `close()`, which does not wait. */
  #opened: Connection | undefined;
  #closed = false;
  readonly #closing = new AbortController();

  /**
   * Makes a store that is not open yet.
   *
   * @param options Options with their defaults.
   */
  protected constructor(options: ResolvedOptions) {
    this.options = options;
  }

  /** Aborted when the store is closed. */
  protected get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Closes the store; further calls do nothing. Operations under way fail. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closing.abort();
    this.#opened?.close();
  }

  /** Closes the store. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the store. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /**
   * Returns the connection, which is opened now if it is not.
   *
   * @param action What it is for, in the form `Cannot load execution "a"`.
   * @returns The connection.
   * @throws {DatabaseError} If the store is closed or the database cannot be opened.
   */
  protected connect(action: string): Promise<Connection> {
    if (this.#closed) {
      return Promise.reject(new DatabaseError(`${action}: the store is closed`, { code: "io" }));
    }
    return this.#connection ??= this.#open();
  }

  /**
   * Closes the connection and opens the database anew.
   *
   * @param action What it is for.
   * @returns The new connection.
   */
  protected reconnect(action: string): Promise<Connection> {
    this.#opened?.close();
    this.#opened = undefined;
    this.#connection = undefined;
    return this.connect(action);
  }

  /** Called after the database was opened. */
  protected opened(): void {}

  async #open(): Promise<Connection> {
    try {
      const connection = await openConnection(this.options);
      this.#opened = connection;
      // The store may have been closed meanwhile; then operations report it.
      if (this.#closed) connection.close();
      else this.opened();
      return connection;
    } catch (error) {
      // The next call tries again.
      this.#connection = undefined;
      throw error;
    }
  }
}
