/**
 * The port to execution history.
 *
 * @module
 */

import type { Execution, ExecutionStatus } from "./execution.ts";
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

/** Execution history. */
export interface ExecutionRepository {
  /** Inserts or updates the row of a run, without its node executions and snapshots. */
  save(execution: Execution): Promise<void>;

  /**
   * Inserts or updates a node execution.
   *
   * @throws {DatabaseError} With code `constraint` if its run is not stored.
   */
  saveNodeExecution(node: NodeExecution): Promise<void>;

  /**
   * Appends a snapshot and sets its `id`; one that has an id is stored already.
   *
   * @throws {DatabaseError} With code `constraint` if its run is not stored.
   */
  saveVariableSnapshot(snapshot: VariableSnapshot): Promise<void>;

  /** Stores a run, its node executions and its snapshots in one transaction. */
  record(execution: Execution): Promise<void>;

  /**
   * Reads a run with its node executions and snapshots, oldest first.
   *
   * @throws {NotFoundError} If there is no such run.
   */
  load(id: string): Promise<Execution>;

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

  /**
   * Deletes a run with its node executions and snapshots.
   *
   * @throws {NotFoundError} If there is no such run.
   */
  delete(id: string): Promise<void>;

  /** Closes the store; further calls do nothing. */
  close(): void;
}
