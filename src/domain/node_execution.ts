/**
 * The run of one node and its state machine,
 * `pending → running → completed | failed`, `pending → skipped`, `failed → running`.
 *
 * @module
 */

import { InvalidStateError } from "./errors.ts";
import type { InvalidColumn } from "./execution.ts";
import { newId } from "./ids.ts";
import { defineLazy, type Lazy } from "./lazy.ts";

/** Status of a node execution. */
export type NodeExecutionStatus = "pending" | "running" | "completed" | "failed" | "skipped";

/** All statuses of a node execution. */
export const NODE_EXECUTION_STATUSES: readonly NodeExecutionStatus[] = [
  "pending",
  "running",
  "completed",
  "failed",
  "skipped",
];

/** Why a node execution failed. */
export interface NodeExecutionError {
  /** Kind of error, such as `"connection"`. */
  type: string;
  /** For people. */
  message: string;
  /** Anything that helps to understand it, as JSON. */
  context?: Record<string, unknown>;
}

/** The fields of a node execution, as {@linkcode NodeExecution.from} takes them. */
export interface NodeExecutionFields {
  /** Unique; a UUID version 7 when made here. */
  id: string;
  /** Id of the run. */
  executionId: string;
  /** Id of the workflow node. */
  nodeId: string;
  /** Type of the workflow node. */
  nodeType: string;
  /** Status. */
  status: NodeExecutionStatus;
  /** When it was started; absent until then. */
  startedAt?: Date;
  /** When it ended. */
  completedAt?: Date;
  /** What it was given, as JSON. */
  inputs?: Record<string, unknown>;
  /** What it gave, as JSON. */
  outputs?: Record<string, unknown>;
  /** Why it failed. */
  error?: NodeExecutionError;
  /** How often it was repeated, from 0. */
  retryCount?: number;
  /** Columns that could not be read; absent when all could. */
  invalidColumns?: InvalidColumn[] | undefined;
}

/** Fields of a node execution that are computed when they are first read. */
export interface LazyNodeExecutionFields {
  /** What it was given. */
  inputs: Lazy<Record<string, unknown>>;
  /** What it gave. */
  outputs: Lazy<Record<string, unknown>>;
  /** Reads the fields above and returns the columns that could not be read. */
  invalidColumns(): InvalidColumn[] | undefined;
}

/**
 * The run of one node. A plain mutable object.
 *
 * @example A node that fails once and is repeated
 * ```ts
 * import { NodeExecution } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const node = NodeExecution.create("run-1", "fetch", "mcp_tool");
 * node.start();
 * node.fail({ type: "timeout", message: "no answer" });
 * node.retry();
 * node.complete({ rows: 12 });
 * assertEquals([node.status, node.retryCount], ["completed", 1]);
 * ```
 */
export class NodeExecution implements NodeExecutionFields {
  // Some fields are declared only: an absent one is no property, a lazy one an accessor.

  /** Unique; a UUID version 7 when made here. */
  id: string;
  /** Id of the run. */
  executionId: string;
  /** Id of the workflow node. */
  nodeId: string;
  /** Type of the workflow node. */
  nodeType: string;
  /** Status. */
  status: NodeExecutionStatus;
  /** When it was started; absent until then. */
  declare startedAt?: Date;
  /** When it ended. */
  declare completedAt?: Date;
  /** What it was given, as JSON. */
  declare inputs: Record<string, unknown>;
  /** What it gave, as JSON. */
  declare outputs: Record<string, unknown>;
  /** Why it failed. */
  declare error?: NodeExecutionError;
  /** How often it was repeated, from 0. */
  retryCount: number;
  #invalidColumns: InvalidColumn[] | undefined;
  #lazy: LazyNodeExecutionFields | undefined;

  private constructor(fields: NodeExecutionFields, lazy?: LazyNodeExecutionFields) {
    this.id = fields.id;
    this.executionId = fields.executionId;
    this.nodeId = fields.nodeId;
    this.nodeType = fields.nodeType;
    this.status = fields.status;
    if (fields.startedAt !== undefined) this.startedAt = fields.startedAt;
    if (fields.completedAt !== undefined) this.completedAt = fields.completedAt;
    if (fields.error !== undefined) this.error = fields.error;
    this.retryCount = fields.retryCount ?? 0;
    this.#invalidColumns = fields.invalidColumns;
    this.#lazy = lazy;
    if (lazy === undefined) {
      this.inputs = fields.inputs ?? {};
      this.outputs = fields.outputs ?? {};
    } else {
      defineLazy(this, { inputs: lazy.inputs, outputs: lazy.outputs });
    }
  }

  /** Columns that could not be read; absent when all could. Reading it reads all fields. */
  get invalidColumns(): InvalidColumn[] | undefined {
    if (this.#lazy !== undefined) {
      this.#invalidColumns = this.#lazy.invalidColumns();
      this.#lazy = undefined;
    }
    return this.#invalidColumns;
  }

  set invalidColumns(columns: InvalidColumn[] | undefined) {
    this.#lazy = undefined;
    this.#invalidColumns = columns;
  }

  /**
   * Makes a pending node execution.
   *
   * @param executionId Id of the run.
   * @param nodeId Id of the workflow node.
   * @param nodeType Type of the workflow node.
   * @returns The node execution.
   */
  static create(executionId: string, nodeId: string, nodeType: string): NodeExecution {
    return new NodeExecution({ id: newId(), executionId, nodeId, nodeType, status: "pending" });
  }

  /**
   * Makes a node execution of its fields, which are taken over, not copied.
   *
   * @param fields The fields.
   * @param lazy Fields to compute when they are first read, for repositories.
   * @returns The node execution.
   */
  static from(fields: NodeExecutionFields, lazy?: LazyNodeExecutionFields): NodeExecution {
    return new NodeExecution(fields, lazy);
  }

  /** Time from start to end in milliseconds, `undefined` until it ended or when it never started. */
  get duration(): number | undefined {
    return this.startedAt && this.completedAt &&
      this.completedAt.getTime() - this.startedAt.getTime();
  }

  /**
   * Starts a pending node execution.
   *
   * @throws {InvalidStateError} If it is not pending.
   */
  start(): void {
    this.#transition("pending", "running");
    this.startedAt = new Date();
  }

  /**
   * Ends a running node execution with success.
   *
   * @param outputs What it gave.
   * @throws {InvalidStateError} If it is not running.
   */
  complete(outputs?: Record<string, unknown>): void {
    this.#transition("running", "completed");
    this.completedAt = new Date();
    if (outputs !== undefined) this.outputs = outputs;
  }

  /**
   * Ends a running node execution with an error.
   *
   * @param error Why it failed.
   * @throws {InvalidStateError} If it is not running.
   */
  fail(error: NodeExecutionError): void {
    this.#transition("running", "failed");
    this.completedAt = new Date();
    this.error = error;
  }

  /**
   * Marks a pending node execution as not needed.
   *
   * @throws {InvalidStateError} If it is not pending.
   */
  skip(): void {
    this.#transition("pending", "skipped");
    this.completedAt = new Date();
  }

  /**
   * Runs a failed node execution again: counts, and clears its end and error.
   *
   * @throws {InvalidStateError} If it has not failed.
   */
  retry(): void {
    this.#transition("failed", "running");
    this.retryCount++;
    delete this.completedAt;
    delete this.error;
  }

  #transition(wanted: NodeExecutionStatus, to: NodeExecutionStatus): void {
    const from = this.status;
    if (from !== wanted) {
      throw new InvalidStateError(
        `Cannot change node execution "${this.id}" to ${to}: it is ${from}, wanted is ${wanted}`,
        { from, to },
      );
    }
    this.status = to;
  }
}
