/**
 * The execution aggregate: one run of a workflow and its state machine,
 * `pending → running → completed | failed | cancelled | timed_out`.
 *
 * @module
 */

import { InvalidDataError, InvalidStateError } from "./errors.ts";
import { newId } from "./ids.ts";
import { defineLazy, type Lazy } from "./lazy.ts";
import type { NodeExecution } from "./node_execution.ts";
import { copyPlain, setOwn } from "./value.ts";
import type { VariableSnapshot } from "./variable_snapshot.ts";

/** Status of a run. */
export type ExecutionStatus =
  | "pending"
  | "running"
  | "completed"
  | "failed"
  | "cancelled"
  | "timed_out";

/** All statuses of a run. */
export const EXECUTION_STATUSES: readonly ExecutionStatus[] = [
  "pending",
  "running",
  "completed",
  "failed",
  "cancelled",
  "timed_out",
];

/** Why a run failed. */
export interface ExecutionError {
  /** Kind of error, such as `"connection"` or `"timeout"`. */
  type: string;
  /** For people. */
  message: string;
  /** Id of the workflow node at fault. */
  nodeId?: string;
  /** Anything that helps to understand it, as JSON. */
  context?: Record<string, unknown>;
}

/** A column whose JSON or time could not be read; its text is kept as it is. */
export interface InvalidColumn {
  /** Name of the column, such as `"inputs"`. */
  column: string;
  /** What the database holds. */
  text: string;
  /** Why it could not be read. */
  error: InvalidDataError;
}

/** The fields of a run, as {@linkcode Execution.from} takes them. */
export interface ExecutionFields {
  /** Unique; a UUID version 7 when made here. */
  id: string;
  /** Id of the workflow. */
  workflowId: string;
  /** Version of the workflow. */
  workflowVersion: string;
  /** Revision of the workflow file that was run. */
  workflowRevision?: string;
  /** Status. */
  status: ExecutionStatus;
  /** When it was created, then when it was started. */
  startedAt: Date;
  /** When it ended. */
  completedAt?: Date;
  /** Why it failed. */
  error?: ExecutionError;
  /** Runs of its nodes, oldest first. */
  nodeExecutions?: NodeExecution[];
  /** Every change of a variable, oldest first. */
  variableSnapshots?: VariableSnapshot[];
  /** Current values of the variables. */
  variables?: Record<string, unknown>;
  /** What the end node returned, as JSON. */
  returnValue?: unknown;
  /** Columns that could not be read; absent when all could. */
  invalidColumns?: InvalidColumn[] | undefined;
}

/** Fields of a run that are computed when they are first read. */
export interface LazyExecutionFields {
  /** Runs of its nodes, oldest first. */
  nodeExecutions?: Lazy<NodeExecution[]>;
  /** Every change of a variable, oldest first. */
  variableSnapshots?: Lazy<VariableSnapshot[]>;
  /** Current values of the variables. */
  variables?: Lazy<Record<string, unknown>>;
  /** What the end node returned. */
  returnValue?: Lazy;
  /** Reads the return value and returns the columns that could not be read. */
  invalidColumns(): InvalidColumn[] | undefined;
}

/**
 * One run of a workflow. A plain mutable object; the repository copies it on
 * the way in and out.
 *
 * @example The life of a run
 * ```ts
 * import { Execution, NodeExecution } from "@goflow/storage";
 *
 * const execution = Execution.create("greet", "1.0", { who: "world" });
 * execution.start();
 * const node = execution.addNodeExecution(
 *   NodeExecution.create(execution.id, "say", "mcp_tool"),
 * );
 * node.start();
 * node.complete({ text: "hello world" });
 * execution.setVariable("text", "hello world", node.id);
 * execution.complete("hello world");
 * ```
 */
export class Execution implements ExecutionFields {
  // Some fields are declared only: an absent one is no property, a lazy one an accessor.

  /** Unique; a UUID version 7 when made here. */
  id: string;
  /** Id of the workflow. */
  workflowId: string;
  /** Version of the workflow. */
  workflowVersion: string;
  /** Revision of the workflow file that was run. */
  declare workflowRevision?: string;
  /** Status. */
  status: ExecutionStatus;
  /** When it was created, then when it was started. */
  startedAt: Date;
  /** When it ended. */
  declare completedAt?: Date;
  /** Why it failed. */
  declare error?: ExecutionError;
  /** Runs of its nodes, oldest first. */
  declare nodeExecutions: NodeExecution[];
  /** Every change of a variable, oldest first. */
  declare variableSnapshots: VariableSnapshot[];
  /** Current values of the variables. */
  declare variables: Record<string, unknown>;
  /** What the end node returned, as JSON. */
  declare returnValue?: unknown;
  #invalidColumns: InvalidColumn[] | undefined;
  #lazy: LazyExecutionFields | undefined;

  private constructor(fields: ExecutionFields, lazy?: LazyExecutionFields) {
    this.id = fields.id;
    this.workflowId = fields.workflowId;
    this.workflowVersion = fields.workflowVersion;
    if (fields.workflowRevision !== undefined) this.workflowRevision = fields.workflowRevision;
    this.status = fields.status;
    this.startedAt = fields.startedAt;
    if (fields.completedAt !== undefined) this.completedAt = fields.completedAt;
    if (fields.error !== undefined) this.error = fields.error;
    if (lazy?.nodeExecutions === undefined) this.nodeExecutions = fields.nodeExecutions ?? [];
    if (lazy?.variableSnapshots === undefined) {
      this.variableSnapshots = fields.variableSnapshots ?? [];
    }
    if (lazy?.variables === undefined) this.variables = fields.variables ?? {};
    if (fields.returnValue !== undefined) this.returnValue = fields.returnValue;
    this.#invalidColumns = fields.invalidColumns;
    if (lazy !== undefined) {
      const { invalidColumns: _, ...fields } = lazy;
      this.#lazy = lazy;
      defineLazy(this, fields);
    }
  }

  /** Columns that could not be read; absent when all could. Reading it reads the return value. */
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
   * Makes a pending run; appends one variable snapshot per input.
   *
   * @param workflowId Id of the workflow.
   * @param workflowVersion Version of the workflow.
   * @param inputs Initial values of the variables.
   * @returns The run.
   * @throws {InvalidDataError} If the workflow id or version is empty.
   */
  static create(
    workflowId: string,
    workflowVersion: string,
    inputs: Record<string, unknown> = {},
  ): Execution {
    if (workflowId === "" || workflowVersion === "") {
      const what = workflowId === "" ? "id" : "version";
      throw new InvalidDataError(`Cannot create an execution: the workflow ${what} is empty`);
    }
    const execution = new Execution({
      id: newId(),
      workflowId,
      workflowVersion,
      status: "pending",
      startedAt: new Date(),
    });
    for (const [name, value] of Object.entries(inputs)) execution.setVariable(name, value);
    return execution;
  }

  /**
   * Makes a run of its fields, which are taken over, not copied.
   *
   * @param fields The fields; absent lists are empty.
   * @param lazy Fields to compute when they are first read, for repositories.
   * @returns The run.
   */
  static from(fields: ExecutionFields, lazy?: LazyExecutionFields): Execution {
    return new Execution(fields, lazy);
  }

  /** Time from start to end in milliseconds, `undefined` until it ended. */
  get duration(): number | undefined {
    return this.completedAt && this.completedAt.getTime() - this.startedAt.getTime();
  }

  /**
   * Starts a pending run.
   *
   * @throws {InvalidStateError} If it is not pending.
   */
  start(): void {
    this.#transition("pending", "running");
    this.startedAt = new Date();
  }

  /**
   * Ends a running run with success.
   *
   * @param returnValue What the end node returned.
   * @throws {InvalidStateError} If it is not running.
   */
  complete(returnValue?: unknown): void {
    this.#end("completed");
    if (returnValue !== undefined) this.returnValue = returnValue;
  }

  /**
   * Ends a running run with an error.
   *
   * @param error Why it failed.
   * @throws {InvalidStateError} If it is not running.
   */
  fail(error: ExecutionError): void {
    this.#end("failed");
    this.error = error;
  }

  /**
   * Ends a running run on demand.
   *
   * @throws {InvalidStateError} If it is not running.
   */
  cancel(): void {
    this.#end("cancelled");
  }

  /**
   * Ends a running run that took too long.
   *
   * @param nodeId Id of the workflow node that was running.
   * @param error Details; by default of type `"timeout"`.
   * @throws {InvalidStateError} If it is not running.
   */
  timeOut(nodeId: string, error?: ExecutionError): void {
    this.#end("timed_out");
    this.error = { type: "timeout", message: `Timed out at node "${nodeId}"`, nodeId, ...error };
  }

  /**
   * Appends the run of a node, which then belongs to this run.
   *
   * @param node The node execution.
   * @returns The node execution.
   */
  addNodeExecution(node: NodeExecution): NodeExecution {
    node.executionId = this.id;
    this.nodeExecutions.push(node);
    return node;
  }

  /**
   * Sets a variable and appends a snapshot with the old value. The snapshot holds copies, so that
   * it stays as it is when a list or an object is changed in place later.
   *
   * @param name Name of the variable.
   * @param value New value, as JSON.
   * @param nodeExecutionId Id of the node execution that set it.
   */
  setVariable(name: string, value: unknown, nodeExecutionId?: string): void {
    const known = Object.hasOwn(this.variables, name);
    this.variableSnapshots.push({
      executionId: this.id,
      ...(nodeExecutionId === undefined ? {} : { nodeExecutionId }),
      variableName: name,
      ...(known ? { oldValue: copyPlain(this.variables[name]) } : {}),
      newValue: copyPlain(value),
      timestamp: new Date(),
    });
    setOwn(this.variables, name, value);
  }

  #end(to: ExecutionStatus): void {
    this.#transition("running", to);
    this.completedAt = new Date();
  }

  #transition(wanted: ExecutionStatus, to: ExecutionStatus): void {
    const from = this.status;
    if (from !== wanted) {
      throw new InvalidStateError(
        `Cannot change execution "${this.id}" to ${to}: it is ${from}, wanted is ${wanted}`,
        { from, to },
      );
    }
    this.status = to;
  }
}
