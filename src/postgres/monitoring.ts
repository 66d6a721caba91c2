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
import { checkLabels, PINNED } from "../executions/labels.ts";
import { LEASE_DURATION, makeLease } from "../executions/leases.ts";
import { checkWatch } from "../executions/watch_options.ts";
import { FollowedRun, newestChange, pollChanges, readChanges, unlessClosed } from "./changes.ts";
import { countWaiting, isWaiting } from "./counting.ts";
import { claimLease, interruptRun, listAbandoned, readLease, setLease } from "./leases.ts";
import { PostgresMaintenance } from "./maintenance.ts";
import { readStatistics } from "./statistics.ts";

/**
 * The part of the repository for those who watch runs.
 *
 * @example Count the runs of the last hour
 * ```ts ignore
 * import { openPostgresStorage } from "@goflow/storage/postgres";
 *
 * await using storage = await openPostgresStorage("postgres://goflow@db.example/goflow", {
 *   password: () => readPassword(),
 * });
 * const from = new Date(Date.now() - 3_600_000);
 * const { runs } = await storage.executions.statistics({ from });
 * console.log(runs.byStatus);
 * ```
 */
export abstract class PostgresMonitoring extends PostgresMaintenance {
  /**
   * Counts runs and node executions that have ended, from roll-ups that cost
   * the same however many runs there are; runs that were deleted or pruned stay
   * counted.
   *
   * @param query What to count.
   * @returns The statistics; on a replica without the newest runs.
   * @throws {InvalidDataError} If an option is not valid.
   * @throws {DatabaseError} If the database refuses.
   */
  async statistics(query: StatisticsQuery = {}): Promise<ExecutionStatistics> {
    const action = "Cannot count executions";
    const database = this.connect(action);
    if (await isWaiting(database, "uncounted", action)) await countWaiting(database, action);
    return await database.snapshot(action, (session) => readStatistics(session, query));
  }

  /**
   * Yields every change of a run as it happens, whoever makes it, until the
   * signal is aborted or the store is closed.
   *
   * @param options Where to begin, by default with the next change, and when to end.
   * @returns The changes, each once; those of one run in the order they were committed.
   * @throws {InvalidDataError} If an option is not valid.
   * @throws {ConflictError} If changes behind `after` were dropped already; the feed keeps 100,000.
   * @throws {DatabaseError} If the database refuses.
   */
  async *watch(
    options: WatchOptions & { after?: number } = {},
  ): AsyncGenerator<ExecutionChange> {
    const action = "Cannot watch executions";
    checkWatch(options, action);
    const database = this.connect(action);
    let after = options.after ?? await newestChange(database, action);
    const read = () => readChanges(database, after, action);
    for await (const first of pollChanges(database, options, read)) {
      let changes: ExecutionChange[] | undefined = first;
      while (changes !== undefined && changes.length > 0) {
        for (const change of changes) {
          after = change.sequence;
          yield change;
          if (options.signal?.aborted || database.closing.aborted) return;
        }
        changes = await unlessClosed(database, read);
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
    const database = this.connect(action);
    let run = new FollowedRun(id);
    let found = false;
    const read = () => database.snapshot(action, (session) => run.read(session));
    for await (const { events, seen, ended } of pollChanges(database, options, read)) {
      run = seen;
      found ||= events.length > 0;
      if (!found) {
        throw new NotFoundError(`${action}: it does not exist`, { kind: "execution", id });
      }
      for (const event of events) {
        yield event;
        if (options.signal?.aborted || database.closing.aborted) return;
      }
      if (ended) return;
    }
  }

  /**
   * Gives a live run an owner, or renews the lease of its owner (heartbeat), by
   * the clock of the server.
   *
   * @param id Id of the run.
   * @param owner Who runs it, unique among all engines.
   * @param duration How long the owner is trusted to be alive, in milliseconds, by default a minute.
   * @returns The lease.
   * @throws {InvalidDataError} If the owner or the duration is not valid.
   * @throws {NotFoundError} If there is no such run.
   * @throws {InvalidStateError} If the run has ended.
   * @throws {ConflictError} If the run has another owner.
   * @throws {DatabaseError} If the database refuses.
   */
  async lease(id: string, owner: string, duration: number = LEASE_DURATION): Promise<Lease> {
    const action = `Cannot lease execution "${id}"`;
    const database = this.connect(action);
    makeLease(id, owner, duration, action);
    return await database.transaction(
      action,
      (session) => setLease(session, { id, owner, duration }, action),
    );
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
   * @throws {DatabaseError} If the database refuses.
   */
  async claim(id: string, owner: string, duration: number = LEASE_DURATION): Promise<boolean> {
    const action = `Cannot claim execution "${id}"`;
    const database = this.connect(action);
    makeLease(id, owner, duration, action);
    return await database.attempt(
      action,
      (session) => claimLease(session, { id, owner, duration }, action),
    );
  }

  /**
   * Gives a lease back. A run that still lives is nobody's then: to hand it on, let its lease end
   * at once instead, by a duration of 1.
   *
   * @param id Id of the run.
   * @param owner Its owner.
   * @returns Whether it was that owner's.
   * @throws {DatabaseError} If the database refuses.
   */
  async releaseLease(id: string, owner: string): Promise<boolean> {
    const action = `Cannot release execution "${id}"`;
    return await this.connect(action).attempt(action, async (session) => {
      const { count } = await session.query(
        "DELETE FROM leases WHERE execution_id = $1 AND owner = $2",
        [id, owner],
      );
      return count > 0 || session.uncertain;
    });
  }

  /**
   * Reads the lease of a run.
   *
   * @param id Id of the run.
   * @returns The lease, `undefined` for a run without an owner.
   * @throws {DatabaseError} If the database refuses.
   */
  async getLease(id: string): Promise<Lease | undefined> {
    const action = `Cannot read the lease of execution "${id}"`;
    const found = await this.connect(action).attempt(action, (session) => readLease(session, id));
    return found?.lease;
  }

  /**
   * Lists the live runs whose owner is gone, the longest gone first. Runs
   * without an owner are not among them.
   *
   * @returns The runs, without node executions and snapshots.
   * @throws {DatabaseError} If the database refuses.
   */
  async listAbandoned(): Promise<Execution[]> {
    const action = "Cannot list abandoned executions";
    return await this.connect(action).attempt(action, listAbandoned);
  }

  /**
   * Ends a run whose owner is gone, and its running nodes, as failed with the
   * error type `interrupted`.
   *
   * @param id Id of the run.
   * @throws {NotFoundError} If there is no such run.
   * @throws {InvalidStateError} If the run has ended.
   * @throws {ConflictError} If the run has no owner, or one that may be alive.
   * @throws {DatabaseError} If the database refuses.
   */
  async interrupt(id: string): Promise<void> {
    const action = `Cannot interrupt execution "${id}"`;
    await this.write(
      id,
      action,
      (database) =>
        database.transaction(action, (session) => interruptRun(session, id, action), {
          repeatable: false,
        }),
    );
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
    await this.connect(action).query(
      action,
      "INSERT INTO labels (execution_id, label) SELECT $1, unnest($2::text[]) " +
        "ON CONFLICT DO NOTHING",
      [id, labels],
    );
  }

  /**
   * Takes labels off a run.
   *
   * @param id Id of the run.
   * @param labels The labels.
   * @throws {DatabaseError} If the database refuses.
   */
  async removeLabels(id: string, ...labels: string[]): Promise<void> {
    const action = `Cannot take labels off execution "${id}"`;
    await this.connect(action).query(
      action,
      "DELETE FROM labels WHERE execution_id = $1 AND label = ANY($2)",
      [id, labels],
    );
  }

  /**
   * Reads the labels of a run.
   *
   * @param id Id of the run.
   * @returns The labels, sorted.
   * @throws {DatabaseError} If the database refuses.
   */
  async getLabels(id: string): Promise<string[]> {
    const action = `Cannot read the labels of execution "${id}"`;
    const { rows } = await this.connect(action).query(
      action,
      "SELECT label FROM labels WHERE execution_id = $1 ORDER BY label",
      [id],
    );
    return rows.map(([label]) => String(label));
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
   * @throws {DatabaseError} If the database refuses.
   */
  unpin(id: string): Promise<void> {
    return this.removeLabels(id, PINNED);
  }
}
