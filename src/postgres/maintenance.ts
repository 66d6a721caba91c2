/**
 * Care of the runs: pruning, archives, exports, imports.
 *
 * @module
 */

import type {
  DetailedPrunePlan,
  PruneOptions,
  PruneProgress,
  RetentionPolicy,
} from "../domain/execution_retention.ts";
import type { ExportOptions, ImportOptions, ImportResult } from "../domain/execution_transfer.ts";
import { startAutoPrune } from "../executions/auto_prune.ts";
import { toByteStream, writeRuns } from "../executions/export.ts";
import { importRuns } from "../executions/import.ts";
import { redactStoredRun } from "../executions/redact_stored_run.ts";
import type { StoredRun } from "../executions/run_line.ts";
import { insertStoredRuns } from "./insert_run.ts";
import { planPrune, prune } from "./prune.ts";
import { readStoredRuns } from "./stored_run.ts";
import { PostgresStore } from "./store.ts";

/** Transactions are under way while the next one is read, and pay for their round trips by their size. */
const PACE = { runs: 200, lanes: 3 };

/**
 * The part of the repository for those who run it.
 *
 * @example Keep the newest 1,000 runs
 * ```ts ignore
 * import { openPostgresStorage } from "@goflow/storage/postgres";
 *
 * await using storage = await openPostgresStorage("postgres://goflow@db.example/goflow", {
 *   password: () => readPassword(),
 * });
 * await storage.executions.prune({ rules: [{ maxCount: 1000 }] });
 * ```
 */
export abstract class PostgresMaintenance extends PostgresStore {
  /** Starts the automatic pruning. */
  protected startPruning(): void {
    const { autoPrune } = this.options;
    if (autoPrune === undefined) return;
    const { closing } = this.connect("Cannot prune executions");
    startAutoPrune(autoPrune, (policy, options) => this.prune(policy, options), closing);
  }

  /**
   * Tells exactly which runs a policy lets go, by which of its rules, and how
   * many bytes they hold. Changes nothing.
   *
   * @param policy The policy.
   * @returns The plan.
   * @throws {InvalidDataError} If the policy is not valid.
   * @throws {DatabaseError} If the database refuses.
   */
  async planPrune(policy: RetentionPolicy): Promise<DetailedPrunePlan> {
    const action = "Cannot plan the pruning of executions";
    return await planPrune(this.connect(action), policy, action);
  }

  /**
   * Deletes the runs that a policy lets go, in short transactions. Can be
   * stopped at any time, also by killing the process or the server, and goes on
   * with the next call. Several processes may prune at once. The server gives
   * the space to what is written next; `freedPages` is 0.
   *
   * Requires `--allow-read` and `--allow-write` for the folder of the archive.
   *
   * @param policy The policy.
   * @param options Dry run, archive, signal, progress and batch size.
   * @returns What went, or would go.
   * @throws {InvalidDataError} If the policy is not valid.
   * @throws {PermissionDeniedError} If the archive may not be written; then nothing of that batch was deleted.
   * @throws {DatabaseError} If the database refuses.
   */
  async prune(policy: RetentionPolicy, options: PruneOptions = {}): Promise<PruneProgress> {
    const action = "Cannot prune executions";
    const database = this.connect(action);
    if (options.dryRun) {
      const { runs: _, ...plan } = await planPrune(database, policy, action);
      return { ...plan, freedPages: 0 };
    }
    const result = await prune(database, policy, options, action);
    this.written(database);
    return result;
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
      yield* writeRuns(readStoredRuns(connect(), options, action), options, action);
    }());
  }

  /**
   * Adds runs that were exported as NDJSON or archived, plain or compressed
   * with gzip. A run that is there already is left as it is, so that repeating
   * an import changes nothing.
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
    const database = this.connect(action);
    const { redactor } = this.options;
    const insert = async (runs: StoredRun[]) => {
      const outcomes = await insertStoredRuns(database, runs, action);
      this.written(database);
      return outcomes;
    };
    const prepare = redactor && ((run: StoredRun) => redactStoredRun(run, redactor));
    return await importRuns(insert, stream, options, action, prepare, PACE);
  }
}
