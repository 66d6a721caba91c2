/**
 * Care of the database: pruning, archives, exports, copies, checks.
 *
 * @module
 */

import { resolve } from "../resolve.ts";
import type {
  DetailedPrunePlan,
  PruneOptions,
  PruneProgress,
  RetentionPolicy,
} from "../domain/execution_retention.ts";
import type { ExportOptions, ImportOptions, ImportResult } from "../domain/execution_transfer.ts";
import { startAutoPrune } from "./auto_prune.ts";
import { backUp, type CopyProgressOptions, restore } from "./backup.ts";
import { checkDatabase, type CheckOptions, type CheckResult } from "./check.ts";
import { compact, type CompactOptions } from "./compact.ts";
import { chooseDriver } from "./driver_choice.ts";
import { toByteStream, writeRuns } from "./export.ts";
import { importRuns } from "./import.ts";
import { SQLiteLister } from "./lister.ts";
import type { SQLiteInfo } from "./options.ts";
import { beginOperation, endOperation, noteOperation } from "./operations.ts";
import { planPrune, prune } from "./prune.ts";
import { redactStoredRun } from "./redact_stored_run.ts";
import { keepReserve } from "./reserve.ts";
import { requireFeature } from "./schema_version.ts";
import type { StoredRun } from "./run_line.ts";
import { insertStoredRuns, readStoredIds, readStoredRuns } from "./stored_run.ts";

/**
 * The part of the repository for those who run it.
 *
 * @example Keep the newest 1,000 runs, then copy the database
 * ```ts
 * import { SQLiteExecutionRepository } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * {
 *   using executions = await SQLiteExecutionRepository.open({ root });
 *   const { count } = await executions.prune({ rules: [{ maxCount: 1000 }] });
 *   assertEquals(count, 0);
 *   await executions.backup(`${root}/copy.db`);
 *   assertEquals((await executions.check()).ok, true);
 * }
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export abstract class SQLiteMaintenance extends SQLiteLister {
  #prunes = false;

  /** Sets space aside and starts the automatic pruning. */
  protected override opened(): void {
    const { autoPrune, path, reserve } = this.options;
    if (reserve > 0) keepReserve(path, reserve);
    if (autoPrune === undefined || this.#prunes) return;
    this.#prunes = true;
    startAutoPrune(autoPrune, (policy, options) => this.prune(policy, options), this.closing);
  }

  /**
   * Tells which driver, journal mode and schema are in use, and why.
   *
   * @returns What was found and chosen when the database was opened.
   * @throws {DatabaseError} If the database cannot be opened.
   */
  async info(): Promise<SQLiteInfo> {
    const connection = await this.connect("Cannot describe the execution store");
    return { ...connection.info };
  }

  /**
   * Moves what is in the write-ahead log into the database file, and empties
   * the log if no reader needs it. Does nothing in other journal modes.
   *
   * @returns Whether the log is empty now.
   * @throws {DatabaseError} If the database refuses.
   */
  async checkpoint(): Promise<boolean> {
    const action = "Cannot checkpoint the execution store";
    const connection = await this.connect(action);
    const [row] = await connection.run(action, "PRAGMA wal_checkpoint(TRUNCATE)");
    return Number(row?.[0] ?? 0) === 0;
  }

  /**
   * Tells exactly which runs a policy lets go, by which of its rules, and how
   * many bytes they hold. Changes nothing.
   *
   * @param policy The policy.
   * @returns The plan.
   * @throws {InvalidDataError} If the policy is not valid.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   */
  async planPrune(policy: RetentionPolicy): Promise<DetailedPrunePlan> {
    const action = "Cannot plan the pruning of executions";
    const connection = await this.connect(action);
    requireFeature(connection, "labels", action);
    return await planPrune(connection, policy, action);
  }

  /**
   * Deletes the runs that a policy lets go, in short transactions between
   * which others write, and gives the disk space back. Can be stopped at any
   * time, also by killing the process, and goes on with the next call.
   * Several processes may prune at once.
   *
   * Requires `--allow-read` and `--allow-write` for the folder of the archive.
   *
   * @param policy The policy.
   * @param options Dry run, archive, signal, progress and batch size.
   * @returns What went, or would go.
   * @throws {InvalidDataError} If the policy is not valid, or the archive is a file of another kind.
   * @throws {PermissionDeniedError} If the archive may not be written; then nothing of that batch was deleted.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   */
  async prune(policy: RetentionPolicy, options: PruneOptions = {}): Promise<PruneProgress> {
    const action = "Cannot prune executions";
    const connection = await this.connect(action);
    requireFeature(connection, "labels", action);
    if (!options.dryRun) {
      const result = await noteOperation(
        connection,
        "prune",
        action,
        () => prune(connection, policy, options, action),
      );
      if (this.options.reserve > 0) keepReserve(this.options.path, this.options.reserve);
      return result;
    }
    const { runs: _, ...plan } = await planPrune(connection, policy, action);
    return { ...plan, freedPages: 0 };
  }

  /**
   * Gives all free space back to the file system. A file that was made here
   * shrinks step by step; one that Go made is rewritten in place, which needs
   * `--allow-all` with the built-in driver, and is made so that it can shrink
   * step by step from then on.
   *
   * @param options Signal and progress; the rewriting is one step.
   * @throws {PermissionDeniedError} If Deno's sandbox forbids the rewriting.
   * @throws {DatabaseError} If the database refuses.
   * @throws {DOMException} If it was stopped; then the space that was given back so far is.
   */
  async compact(options: CompactOptions = {}): Promise<void> {
    const action = "Cannot compact the execution store";
    const connection = await this.connect(action);
    await noteOperation(connection, "compact", action, () => compact(connection, options, action));
    await this.checkpoint();
  }

  /**
   * Tells which of these runs are stored, without reading them.
   *
   * @param ids Ids of runs.
   * @returns Those that are there.
   * @throws {DatabaseError} If the database refuses.
   */
  async storedIds(ids: readonly string[]): Promise<Set<string>> {
    const action = "Cannot look for executions";
    const connection = await this.connect(action);
    return await connection.read(action, () => readStoredIds(connection, ids));
  }

  /**
   * Writes runs, newest first, as a stream of bytes with constant memory.
   *
   * @param options Format, filters, progress and signal.
   * @returns The stream, UTF-8; an error ends it.
   */
  export(options: ExportOptions = {}): ReadableStream<Uint8Array> {
    const action = "Cannot export executions";
    const connect = () => this.connect(action);
    return toByteStream(async function* () {
      const runs = readStoredRuns(await connect(), options, action);
      yield* writeRuns(runs, options, action);
    }());
  }

  /**
   * Adds runs that were exported as NDJSON or archived, plain or compressed
   * with gzip. A run that is there already is left as it is, so that repeating
   * an import changes nothing. Statistics count each run that is added, also
   * one that was pruned here before.
   *
   * @param stream The bytes.
   * @param options Progress and signal.
   * @returns How many runs were added, and which lines are none or cannot be stored.
   * @throws {InvalidDataError} If compressed data is damaged; what was read before that is added.
   * @throws {DatabaseError} If the database refuses; what was added before stays.
   */
  async import(
    stream: ReadableStream<Uint8Array>,
    options: ImportOptions = {},
  ): Promise<ImportResult> {
    const action = "Cannot import executions";
    const connection = await this.connect(action);
    const { redactor } = this.options;
    const insert = (runs: StoredRun[]) =>
      connection.write(action, () => insertStoredRuns(connection, runs));
    const prepare = (run: StoredRun) =>
      redactor === undefined ? run : redactStoredRun(run, redactor);
    return await noteOperation(
      connection,
      "import",
      action,
      () => importRuns(insert, stream, options, action, prepare),
    );
  }

  /**
   * Copies the database to a new file of mode 0600 while it is in use, and
   * checks the copy.
   *
   * Requires `--allow-read` and `--allow-write` for the folder of the copy.
   *
   * @param path The copy.
   * @param options Progress; the FFI driver copies in one step.
   * @throws {AlreadyExistsError} If there is a file of that name.
   * @throws {PermissionDeniedError} If the copy may not be written.
   * @throws {DatabaseError} If the database refuses; then there is no copy.
   */
  async backup(path: string, options: CopyProgressOptions = {}): Promise<void> {
    const action = `Cannot back the execution store up to "${path}"`;
    const connection = await this.connect(action);
    const module = await chooseDriver(connection.info.driver, action);
    await backUp(connection, module, resolve(path), options, action);
  }

  /**
   * Replaces all content by that of a copy, which is checked first. Others may
   * have the database open; they see the old content or the new one. Those who
   * watch the change feed get a `ConflictError`: they have to read the
   * runs anew.
   *
   * Requires `--allow-read` and `--allow-write` for the folder of the copy.
   *
   * @param path The copy.
   * @param options Progress; the FFI driver copies in one step.
   * @throws {PermissionDeniedError} If the copy may not be read.
   * @throws {DatabaseError} If the copy is damaged or no such database, or the database is locked; then the old content stays.
   */
  async restore(path: string, options: CopyProgressOptions = {}): Promise<void> {
    const action = `Cannot restore the execution store from "${path}"`;
    let connection = await this.connect(action);
    const module = await chooseDriver(connection.info.driver, action);
    await beginOperation(connection, "restore", action);
    let version: number;
    try {
      const migrate = this.options.migrate === "auto";
      version = await restore(connection, module, resolve(path), { ...options, migrate }, action);
    } catch (error) {
      // Otherwise the note is gone with the content.
      await endOperation(connection, "restore", action);
      throw error;
    }
    if (version !== connection.info.schemaVersion) connection = await this.reconnect(action);
    connection.info.incrementalVacuum = await connection.read(action, () => {
      // The setting is that of the last read.
      connection.statement("SELECT 1 FROM migrations").get();
      return connection.statement("PRAGMA auto_vacuum").get()?.[0] === 2;
    });
  }

  /**
   * Looks for damage and for rows that refer to rows that do not exist, which
   * Go leaves behind.
   *
   * @param options How thoroughly, and whether to repair.
   * @returns What was found.
   * @throws {DatabaseError} If the database refuses.
   */
  async check(options: CheckOptions = {}): Promise<CheckResult> {
    const action = "Cannot check the execution store";
    const connection = await this.connect(action);
    return await checkDatabase(connection, options, action);
  }
}
