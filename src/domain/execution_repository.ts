/**
 * The port to execution history.
 *
 * @module
 */

import type { Execution, ExecutionStatus } from "./execution.ts";
import type {
  ExecutionChange,
  ExecutionEvent,
  Lease,
  WatchOptions,
} from "./execution_monitoring.ts";
import type {
  DetailedPrunePlan,
  PruneOptions,
  PruneProgress,
  RetentionPolicy,
} from "./execution_retention.ts";
import type { ExecutionStatistics, StatisticsQuery } from "./execution_statistics.ts";
import type { ExportOptions, ImportOptions, ImportResult } from "./execution_transfer.ts";
import type { NodeExecution } from "./node_execution.ts";
import type { VariableSnapshot } from "./variable_snapshot.ts";

/** Filters and paging of {@linkcode ExecutionRepository.list}. */
export interface ExecutionQuery {
  /** Only runs of this workflow. */
  workflowId?: string;
  /** Only runs of this status, or of one of several. */
  status?: ExecutionStatus | readonly ExecutionStatus[];
  /** Only runs started at this time or later. */
  startedAfter?: Date;
  /** Only runs started before this time. */
  startedBefore?: Date;
  /** Only runs whose workflow id contains this text; case does not matter, wildcards are plain text. */
  nameSearch?: string;
  /** Only runs that took at least this many milliseconds. */
  minDuration?: number;
  /** Only runs that took at most this many milliseconds. */
  maxDuration?: number;
  /** Only runs that failed with this type of error. */
  errorType?: string;
  /** Only runs with this label. */
  label?: string;
  /**
   * Most runs on a page, from 1 to 1000.
   *
   * @default {50}
   */
  limit?: number;
  /** `nextCursor` or `previousCursor` of a page of the same query. */
  cursor?: string;
  /**
   * Whether to count all matches: not at all, up to 1000, or all.
   *
   * @default {"none"}
   */
  total?: "none" | "capped" | "exact";
}

/** One page of runs. */
export interface ExecutionPage {
  /** Newest first; without node executions, snapshots and variables. */
  executions: Execution[];
  /** Cursor of the page of older runs; absent on the last page. */
  nextCursor?: string;
  /** Cursor of the page of newer runs; absent on the first page. */
  previousCursor?: string;
  /** Number of matches, when asked for; `capped` when there are more. */
  total?: { count: number; capped: boolean };
}

/** Which parts of a run are read with it. */
export interface LoadOptions {
  /**
   * Node executions: `"eager"` reads them with the run, `"lazy"` too, but makes
   * objects of them only when they are first used, `"none"` leaves them out.
   *
   * @default {"lazy"}
   */
  nodeExecutions?: "eager" | "lazy" | "none";
  /**
   * Whether to read the snapshots, from which the variables are rebuilt.
   *
   * @default {true}
   */
  variableSnapshots?: boolean;
}

/** How a run or a part of it is stored. */
export interface ExecutionSaveOptions {
  /**
   * Who must hold the lease of the run, which is looked at in the transaction that stores: an
   * engine that slept past the end of its lease cannot overwrite what its successor stored.
   *
   * With it, what stores throws as {@linkcode ExecutionRepository.lease} does, and a
   * {@linkcode ConflictError} for a run without an owner; then nothing was written.
   */
  owner?: string;
}

/** Execution history: what every backend offers. */
export interface ExecutionRepository extends Disposable, AsyncDisposable {
  /** Inserts or updates the row of a run, without its node executions and snapshots. */
  save(execution: Execution, options?: ExecutionSaveOptions): Promise<void>;

  /**
   * Inserts or updates a node execution.
   *
   * @throws {DatabaseError} With code `constraint` if its run is not stored.
   */
  saveNodeExecution(node: NodeExecution, options?: ExecutionSaveOptions): Promise<void>;

  /**
   * Appends a snapshot and sets its `id`; one that has an id is stored already.
   *
   * @throws {DatabaseError} With code `constraint` if its run is not stored.
   */
  saveVariableSnapshot(snapshot: VariableSnapshot, options?: ExecutionSaveOptions): Promise<void>;

  /** Stores a run, its node executions and its snapshots in one transaction. */
  record(execution: Execution, options?: ExecutionSaveOptions): Promise<void>;

  /**
   * Reads a run with its node executions and snapshots, oldest first.
   *
   * @throws {NotFoundError} If there is no such run.
   */
  load(id: string, options?: LoadOptions): Promise<Execution>;

  /** Lists the runs of a workflow, newest first, without node executions. */
  listByWorkflow(workflowId: string): Promise<Execution[]>;

  /** Lists the runs of a status, newest first, without node executions. */
  listByStatus(status: ExecutionStatus): Promise<Execution[]>;

  /**
   * Reads one page of runs.
   *
   * @throws {InvalidDataError} If an option is not valid or the cursor belongs to another query.
   */
  list(query?: ExecutionQuery): Promise<ExecutionPage>;

  /** Yields all runs of a query, newest first, with constant memory. */
  iterate(query?: Omit<ExecutionQuery, "cursor" | "total">): AsyncGenerator<Execution>;

  /** Yields the node executions of a run, oldest first; none if there is no such run. */
  iterateNodeExecutions(id: string): AsyncGenerator<NodeExecution>;

  /**
   * Returns the values that the variables of a run had at a time, by default the end.
   *
   * @throws {NotFoundError} If there is no such run.
   */
  variablesAt(id: string, at?: Date): Promise<Record<string, unknown>>;

  /** Lists the revisions of a workflow that its runs refer to, each once. */
  workflowRevisions(workflowId: string): Promise<string[]>;

  /**
   * Deletes a run with its node executions and snapshots.
   *
   * @throws {NotFoundError} If there is no such run.
   */
  delete(id: string): Promise<void>;

  /**
   * Deletes a node execution; snapshots it made stay, without its id.
   *
   * @throws {NotFoundError} If there is no such node execution.
   */
  deleteNodeExecution(id: string): Promise<void>;

  /**
   * Tells exactly which runs a policy lets go, by which of its rules. Changes nothing.
   *
   * @throws {InvalidDataError} If the policy is not valid.
   */
  planPrune(policy: RetentionPolicy): Promise<DetailedPrunePlan>;

  /**
   * Deletes the runs that a policy lets go, in short transactions; goes on
   * with the next call wherever it was stopped.
   *
   * @throws {InvalidDataError} If the policy is not valid.
   */
  prune(policy: RetentionPolicy, options?: PruneOptions): Promise<PruneProgress>;

  /**
   * Puts labels on a run.
   *
   * @throws {InvalidDataError} If a label is empty or cannot be stored.
   * @throws {DatabaseError} With code `constraint` if the run is not stored.
   */
  addLabels(id: string, ...labels: string[]): Promise<void>;

  /** Takes labels off a run. */
  removeLabels(id: string, ...labels: string[]): Promise<void>;

  /** Reads the labels of a run, sorted. */
  getLabels(id: string): Promise<string[]>;

  /**
   * Keeps a run from every pruning, by the label `pinned`.
   *
   * @throws {DatabaseError} With code `constraint` if the run is not stored.
   */
  pin(id: string): Promise<void>;

  /** Lets a run be pruned again. */
  unpin(id: string): Promise<void>;

  /** Counts runs and node executions that have ended; those that were deleted stay counted. */
  statistics(query?: StatisticsQuery): Promise<ExecutionStatistics>;

  /**
   * Gives a live run an owner for some milliseconds, by default a minute, or renews the lease of
   * its owner.
   *
   * @throws {NotFoundError} If there is no such run.
   * @throws {InvalidStateError} If the run has ended.
   * @throws {ConflictError} If the run has another owner.
   */
  lease(id: string, owner: string, duration?: number): Promise<Lease>;

  /**
   * Takes over a run whose owner is gone, as {@linkcode lease} does; of many claimants exactly one
   * wins.
   *
   * @throws {NotFoundError} If there is no such run.
   */
  claim(id: string, owner: string, duration?: number): Promise<boolean>;

  /** Gives a lease back; returns whether it was that owner's. */
  releaseLease(id: string, owner: string): Promise<boolean>;

  /** Reads the lease of a run, `undefined` for a run without an owner. */
  getLease(id: string): Promise<Lease | undefined>;

  /** Lists the live runs whose owner is gone, the longest gone first. */
  listAbandoned(): Promise<Execution[]>;

  /**
   * Ends a run whose owner is gone, and its running nodes, as failed.
   *
   * @throws {NotFoundError} If there is no such run.
   * @throws {InvalidStateError} If the run has ended.
   * @throws {ConflictError} If the run has no owner, or one that may be alive.
   */
  interrupt(id: string): Promise<void>;

  /**
   * Yields every change of a run as it happens, until the signal or `close()`.
   *
   * @throws {ConflictError} If changes behind `after` were dropped already.
   */
  watch(options?: WatchOptions & { after?: number }): AsyncGenerator<ExecutionChange>;

  /**
   * Yields what is new in one run; begins with what is there, ends with the run.
   *
   * @throws {NotFoundError} If there is no such run.
   */
  follow(id: string, options?: WatchOptions): AsyncGenerator<ExecutionEvent>;

  /** Tells which of these runs are stored. */
  storedIds(ids: readonly string[]): Promise<Set<string>>;

  /** Writes runs, newest first, as a stream of bytes. */
  export(options?: ExportOptions): ReadableStream<Uint8Array>;

  /** Adds runs that were exported as NDJSON; a run that is there already stays as it is. */
  import(stream: ReadableStream<Uint8Array>, options?: ImportOptions): Promise<ImportResult>;

  /** Closes the store; further calls do nothing. */
  close(): void;
}
