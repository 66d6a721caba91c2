/**
 * A store in a database: closed once, with writes of one run in the order of
 * their calls.
 *
 * @module
 */

import { DatabaseError, StorageError } from "../domain/errors.ts";
import { countWaiting } from "./counting.ts";
import { placeChanges } from "./changes.ts";
import type { PostgresDatabase } from "./database.ts";
import type { PostgresInfo } from "./migrator.ts";

/** After how many writes what is queued is moved on. */
const UPKEEP = 500;

/**
 * Opening and closing, which all parts of the repository share.
 *
 * @example What is at the other end
 * ```ts ignore
 * import { openPostgresStorage } from "@goflow/storage/postgres";
 *
 * await using storage = await openPostgresStorage("postgres://goflow@db.example/goflow", {
 *   password: () => readPassword(),
 * });
 * console.log((await storage.executions.info()).schemaVersion);
 * ```
 */
export abstract class PostgresStore implements Disposable, AsyncDisposable {
  readonly #database: PostgresDatabase;
  readonly #owned: boolean;
  readonly #writes = new Map<string, Promise<unknown>>();
  #closed: Promise<void> | undefined;
  #sinceUpkeep = 0;
  #upkeep: Promise<void> | undefined;

  /**
   * Makes a store.
   *
   * @param database The database.
   * @param owned Whether closing the store closes the database.
   */
  protected constructor(database: PostgresDatabase, owned: boolean) {
    this.#database = database;
    this.#owned = owned;
  }

  /**
   * Tells what was found when the database was opened.
   *
   * @returns Server, schema and whether it can only be read.
   */
  info(): Promise<PostgresInfo> {
    return Promise.resolve({ ...this.#database.info });
  }

  /** Closes the store; further calls do nothing. Operations under way end before their connections do. */
  close(): void {
    this.#closed ??= this.#owned ? this.#database.close() : Promise.resolve();
  }

  /** Closes the store. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the store and waits for the operations under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#closed;
  }

  /**
   * Returns the database.
   *
   * @param action What it is for, in the form `Cannot load execution "a"`.
   * @returns The database.
   * @throws {DatabaseError} If the store is closed.
   */
  protected connect(action: string): PostgresDatabase {
    if (this.#closed === undefined) return this.#database;
    throw new DatabaseError(`${action}: the store is closed`, { code: "io" });
  }

  /** Options with their defaults. */
  protected get options(): PostgresDatabase["options"] {
    return this.#database.options;
  }

  /**
   * Writes to a run after all writes to it that were asked for before.
   *
   * @param id Id of the run.
   * @param action What is done, in the form `Cannot save execution "a"`.
   * @param write Writes.
   * @returns What it returned.
   */
  protected async write<T>(
    id: string,
    action: string,
    write: (database: PostgresDatabase) => Promise<T>,
  ): Promise<T> {
    const database = this.connect(action);
    const before = this.#writes.get(id);
    const mine = before === undefined ? write(database) : before.then(() => write(database));
    const settled = mine.then(() => {}, () => {});
    this.#writes.set(id, settled);
    try {
      return await mine;
    } finally {
      if (this.#writes.get(id) === settled) this.#writes.delete(id);
      this.written(database);
    }
  }

  /**
   * Called after writes: wakes those who watch, and now and then moves on what
   * is queued.
   *
   * @param database The database.
   */
  protected written(database: PostgresDatabase): void {
    database.changed();
    if (++this.#sinceUpkeep < UPKEEP || this.#upkeep !== undefined) return;
    this.#sinceUpkeep = 0;
    const action = "Cannot count executions";
    this.#upkeep = countWaiting(database, action).then(() => placeChanges(database, action))
      .catch((error) => {
        // What is not done now is done the next time, by this process or another.
        if (!(error instanceof StorageError)) throw error;
      })
      .finally(() => this.#upkeep = undefined);
  }
}
