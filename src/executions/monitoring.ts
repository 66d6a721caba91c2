/**
 * Watching runs: statistics, the change feed, leases and labels.
 *
 * @module
 */

import { NotFoundError } from "../domain/errors.ts";
import type { Execution } from "../domain/execution.ts";
import type {
  ExecutionChange,
  ExecutionEvent,
  Lease,
  WatchOptions,
} from "../domain/execution_monitoring.ts";
import type { ExecutionStatistics, StatisticsQuery } from "../domain/execution_statistics.ts";
import { CHANGES_PAGE, FollowedRun, newestChange, pollChanges, readChanges } from "./changes.ts";
import type { Connection } from "./connection.ts";
import { addLabels, checkLabels, PINNED, readLabels, removeLabels } from "./labels.ts";
import {
  claimLease,
  interruptRun,
  LEASE_DURATION,
  listAbandoned,
  makeLease,
  readLease,
  releaseLease,
  setLease,
} from "./leases.ts";
import { SQLiteMaintenance } from "./maintenance.ts";
import { type FEATURES, requireFeature } from "./schema_version.ts";
import { countWaiting, hasUncounted, readStatistics, readStatisticsAside } from "./statistics.ts";
import { checkWatch } from "./watch_options.ts";

/**
 * The part of the repository for those who watch runs.
 *
 * @example Count runs, and keep one from every pruning
 * ```ts
 * import { Execution, SQLiteExecutionRepository } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * {
 *   using executions = await SQLiteExecutionRepository.open({ root });
 *   const run = Execution.create("etl", "1.0");
 *   run.start();
 *   run.complete();
 *   await executions.record(run);
 *   assertEquals((await executions.statistics()).runs.byStatus, { completed: 1 });
 *   await executions.pin(run.id);
 * }
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export abstract class SQLiteMonitoring extends SQLiteMaintenance {
  /**
   * Counts runs and node executions that have ended, from roll-ups that cost
   * the same however many runs there are; runs that were deleted or pruned stay
   * counted, and those that Go writes are counted too.
   *
   * @param query What to count.
   * @returns The statistics.
   * @throws {InvalidDataError} If an option is not valid.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   */
  async statistics(query: StatisticsQuery = {}): Promise<ExecutionStatistics> {
    const action = "Cannot count executions";
    const connection = await this.#connectTo("statistics", action);
    const { readOnly } = connection.info;
    const waiting = await connection.read(action, () => hasUncounted(connection));
    if (waiting && !readOnly) await connection.write(action, () => countWaiting(connection));
    const read = waiting && readOnly ? readStatisticsAside : readStatistics;
    return await connection.read(action, () => read(connection, query), query.exact);
  }

  /**
   * Yields every change of a run as it happens, in this process, in others and
   * in Go's, until the signal is aborted or the store is closed.
   *
   * @param options Where to begin, by default with the next change, and when to end.
   * @returns The changes, each once, in the order they were committed.
   * @throws {InvalidDataError} If an option is not valid.
   * @throws {ConflictError} If changes behind `after` were dropped already, since the feed keeps 100,000, or a copy was restored.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   */
  async *watch(
    options: WatchOptions & { after?: number } = {},
  ): AsyncGenerator<ExecutionChange> {
    const action = "Cannot watch executions";
    checkWatch(options, action);
    // Nothing else is waited for: what is stored after the call of `next()` is a change.
    const connection = await this.connect(action);
    requireFeature(connection, "changes", action);
    const connect = () => this.#connectTo("changes", action);
    // By default behind the newest, which may be 0; given, 0 is the oldest that is kept.
    let after = options.after === undefined
      ? await connection.read(action, () => newestChange(connection))
      : options.after || undefined;
    const read = (connection: Connection) =>
      connection.read(action, () => readChanges(connection, after));
    const isFull = (changes: ExecutionChange[]) => changes.length === CHANGES_PAGE;
    for await (
      const changes of pollChanges(connect, action, options, this.closing, read, isFull)
    ) {
      for (const change of changes) {
        after = change.sequence;
        yield change;
        if (options.signal?.aborted || this.closing.aborted) return;
      }
    }
  }

  /**
   * Yields the node executions and snapshots of one run as they come, and the
   * run itself when it changes; begins with what is there, ends with the run.
   *
   * @param id Id of the run.
   * @param options When to end earlier.
   * @returns The events.
   * @throws {InvalidDataError} If an option is not valid.
   * @throws {NotFoundError} If there is no such run.
   * @throws {DatabaseError} If the database refuses.
   */
  async *follow(id: string, options: WatchOptions = {}): AsyncGenerator<ExecutionEvent> {
    const action = `Cannot follow execution "${id}"`;
    checkWatch(options, action);
    const connect = () => this.connect(action);
    await connect();
    const run = new FollowedRun(id);
    let seen = false;
    const read = (connection: Connection) => connection.read(action, () => run.read(connection));
    for await (
      const { events, ended } of pollChanges(connect, action, options, this.closing, read)
    ) {
      seen ||= events.length > 0;
      if (!seen) throw new NotFoundError(`${action}: it does not exist`, { kind: "execution", id });
      for (const event of events) {
        yield event;
        if (options.signal?.aborted || this.closing.aborted) return;
      }
      if (ended) return;
    }
  }

  /**
   * Gives a live run an owner, or renews the lease of its owner (heartbeat).
   *
   * @param id Id of the run.
   * @param owner Who runs it, unique among all engines.
   * @param duration How long the owner is trusted to be alive, in milliseconds, by default a minute.
   * @returns The lease.
   * @throws {InvalidDataError} If the owner or the duration is not valid.
   * @throws {NotFoundError} If there is no such run.
   * @throws {InvalidStateError} If the run has ended.
   * @throws {ConflictError} If the run has another owner.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   *
   * @example Run what another engine can take over
   * ```ts
   * import { Execution, SQLiteExecutionRepository } from "@goflow/storage";
   * import { assertEquals } from "@std/assert";
   *
   * const root = await Deno.makeTempDir();
   * {
   *   using executions = await SQLiteExecutionRepository.open({ root });
   *   const owner = `engine ${Deno.pid}`;
   *
   *   const run = Execution.create("etl", "1.0");
   *   await executions.save(run);
   *   await executions.lease(run.id, owner, 30_000); // again every 10 seconds, by a timer
   *   run.start();
   *   await executions.save(run, { owner }); // throws if another engine has claimed the run
   *   run.complete();
   *   await executions.record(run, { owner });
   *
   *   assertEquals(await executions.getLease(run.id), undefined); // it ends with the run
   * }
   * await Deno.remove(root, { recursive: true });
   * ```
   */
  async lease(id: string, owner: string, duration: number = LEASE_DURATION): Promise<Lease> {
    const action = `Cannot lease execution "${id}"`;
    const connection = await this.#connectTo("leases", action);
    return await connection.write(action, () => {
      const lease = makeLease(id, owner, duration, action);
      setLease(connection, lease, action);
      return lease;
    });
  }

  /**
   * Takes over a run whose owner is gone. Of many claimants exactly one wins.
   * A run without an owner is left alone.
   *
   * @param id Id of the run.
   * @param owner Who wants to run it.
   * @param duration How long the owner is trusted to be alive, in milliseconds, by default a minute.
   * @returns Whether the run is the caller's now.
   * @throws {InvalidDataError} If the owner or the duration is not valid.
   * @throws {NotFoundError} If there is no such run.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   */
  async claim(id: string, owner: string, duration: number = LEASE_DURATION): Promise<boolean> {
    const action = `Cannot claim execution "${id}"`;
    const connection = await this.#connectTo("leases", action);
    return await connection.write(
      action,
      () => claimLease(connection, makeLease(id, owner, duration, action), Date.now(), action),
    );
  }

  /**
   * Gives a lease back. A run that still lives is nobody's then: to hand it on, let its lease end
   * at once instead, by a duration of 1.
   *
   * @param id Id of the run.
   * @param owner Its owner.
   * @returns Whether it was that owner's.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   */
  async releaseLease(id: string, owner: string): Promise<boolean> {
    const action = `Cannot release execution "${id}"`;
    const connection = await this.#connectTo("leases", action);
    return await connection.write(action, () => releaseLease(connection, id, owner));
  }

  /**
   * Reads the lease of a run.
   *
   * @param id Id of the run.
   * @returns The lease, `undefined` for a run without an owner.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   */
  async getLease(id: string): Promise<Lease | undefined> {
    const action = `Cannot read the lease of execution "${id}"`;
    const connection = await this.#connectTo("leases", action);
    return await connection.read(action, () => readLease(connection, id));
  }

  /**
   * Lists the live runs whose owner is gone, the longest gone first. Runs
   * without an owner, such as Go's, are not among them.
   *
   * @returns The runs, without node executions and snapshots.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   */
  async listAbandoned(): Promise<Execution[]> {
    const action = "Cannot list abandoned executions";
    const connection = await this.#connectTo("leases", action);
    return await connection.read(action, () => listAbandoned(connection, Date.now()));
  }

  /**
   * Ends a run whose owner is gone, and its running nodes, as failed with the
   * error type `interrupted`.
   *
   * @param id Id of the run.
   * @throws {NotFoundError} If there is no such run.
   * @throws {InvalidStateError} If the run has ended.
   * @throws {ConflictError} If the run has no owner, or one that may be alive.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   */
  async interrupt(id: string): Promise<void> {
    const action = `Cannot interrupt execution "${id}"`;
    const connection = await this.#connectTo("leases", action);
    await connection.write(action, () => interruptRun(connection, id, Date.now(), action));
  }

  /**
   * Puts labels on a run.
   *
   * @param id Id of the run.
   * @param labels The labels.
   * @throws {InvalidDataError} If a label is empty or cannot be stored.
   * @throws {DatabaseError} If the database refuses; with code `constraint` if the run is not stored.
   */
  async addLabels(id: string, ...labels: string[]): Promise<void> {
    const action = `Cannot label execution "${id}"`;
    checkLabels(labels, action);
    const connection = await this.#connectTo("labels", action);
    await connection.write(action, () => addLabels(connection, id, labels));
  }

  /**
   * Takes labels off a run.
   *
   * @param id Id of the run.
   * @param labels The labels.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   */
  async removeLabels(id: string, ...labels: string[]): Promise<void> {
    const action = `Cannot take labels off execution "${id}"`;
    const connection = await this.#connectTo("labels", action);
    await connection.write(action, () => removeLabels(connection, id, labels));
  }

  /**
   * Reads the labels of a run.
   *
   * @param id Id of the run.
   * @returns The labels, sorted.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   */
  async getLabels(id: string): Promise<string[]> {
    const action = `Cannot read the labels of execution "${id}"`;
    const connection = await this.#connectTo("labels", action);
    return await connection.read(action, () => readLabels(connection, id));
  }

  /**
   * Keeps a run from every pruning, by the label `pinned`.
   *
   * @param id Id of the run.
   * @throws {DatabaseError} If the database refuses; with code `constraint` if the run is not stored.
   */
  pin(id: string): Promise<void> {
    return this.addLabels(id, PINNED);
  }

  /**
   * Lets a run be pruned again.
   *
   * @param id Id of the run.
   * @throws {DatabaseError} If the database refuses or its schema is too old.
   */
  unpin(id: string): Promise<void> {
    return this.removeLabels(id, PINNED);
  }

  /** Returns the connection to a file whose schema has a feature. */
  async #connectTo(feature: keyof typeof FEATURES, action: string): Promise<Connection> {
    const connection = await this.connect(action);
    requireFeature(connection, feature, action);
    return connection;
  }
}
