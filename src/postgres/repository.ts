/**
 * The execution store over PostgreSQL.
 *
 * @module
 */

import { NotFoundError } from "../domain/errors.ts";
import type { Execution, ExecutionStatus } from "../domain/execution.ts";
import type {
  ExecutionPage,
  ExecutionQuery,
  ExecutionRepository,
  ExecutionSaveOptions,
  LoadOptions,
} from "../domain/execution_repository.ts";
import type { NodeExecution } from "../domain/node_execution.ts";
import type { VariableSnapshot } from "../domain/variable_snapshot.ts";
import { readFilter } from "../executions/filter.ts";
import { iteratePages } from "../executions/iterate_pages.ts";
import { makeRun, valuesAt } from "../executions/load.ts";
import { readNodeExecution, writeNodeExecution } from "../executions/node_execution_row.ts";
import { writeRun } from "../executions/save.ts";
import { writeSnapshot } from "../executions/snapshot_row.ts";
import { writeExecution } from "../executions/written_execution.ts";
import { NODE_ORDER, NODE_SELECT, NODE_TIMES, withTimes } from "./columns.ts";
import { PostgresDatabase } from "./database.ts";
import { listAll, listPage } from "./list.ts";
import { readRunRows } from "./load.ts";
import { PostgresMonitoring } from "./monitoring.ts";
import type { PostgresOptions } from "./options.ts";
import { deleteRun, saveNode, saveRun, saveSnapshot } from "./save.ts";
import { readStoredIds } from "./stored_run.ts";

/**
 * Execution history in a PostgreSQL database, which several hosts share.
 *
 * Requires `--allow-net` for the server, or `--allow-read` and `--allow-write`
 * for its socket, and `--allow-env=PGBINARY,PGOPTIONS,PGREPLICATION`, in which
 * the driver looks.
 *
 * @example Record a run and list the failed ones
 * ```ts ignore
 * import { Execution } from "@goflow/storage";
 * import { PostgresExecutionRepository } from "@goflow/storage/postgres";
 *
 * await using executions = await PostgresExecutionRepository.open(
 *   "postgres://goflow@db.example:5432/goflow",
 *   { password: () => readPassword() },
 * );
 * const run = Execution.create("greet", "1.0", { who: "world" });
 * run.start();
 * run.fail({ type: "connection", message: "refused" });
 * await executions.record(run);
 * const { executions: failed } = await executions.list({ status: "failed", limit: 10 });
 * ```
 */
export class PostgresExecutionRepository extends PostgresMonitoring implements ExecutionRepository {
  private constructor(database: PostgresDatabase, owned: boolean) {
    super(database, owned);
    this.startPruning();
  }

  /**
   * Connects to a database; the schema is made when it is missing.
   *
   * @param url URL of the database, such as `postgres://user:password@host:5432/database`.
   * @param options Password, schema, limits.
   * @returns The store; close it, or use `await using`.
   * @throws {InvalidDataError} If the URL or an option is not valid.
   * @throws {PermissionDeniedError} If the server or Deno refuses.
   * @throws {DatabaseError} If the server cannot be used, or its schema is newer or not as it should be.
   */
  static async open(
    url: string,
    options: PostgresOptions = {},
  ): Promise<PostgresExecutionRepository> {
    return new PostgresExecutionRepository(await PostgresDatabase.open(url, options), true);
  }

  /**
   * Makes a store over a database that others use too, and that stays open.
   *
   * @param database The database.
   * @returns The store.
   * @internal
   */
  static over(database: PostgresDatabase): PostgresExecutionRepository {
    return new PostgresExecutionRepository(database, false);
  }

  /**
   * Inserts or updates the row of a run; its node executions and snapshots in
   * the database stay as they are.
   *
   * @param execution The run.
   * @param options Who must hold its lease.
   * @throws {InvalidDataError} If the database cannot hold a value; then nothing was written.
   * @throws {NotFoundError} If an owner is given and the run is not stored.
   * @throws {InvalidStateError} If an owner is given and the stored run has ended.
   * @throws {ConflictError} If an owner is given and the run has another, or none.
   * @throws {DatabaseError} If the database refuses.
   */
  async save(execution: Execution, { owner }: ExecutionSaveOptions = {}): Promise<void> {
    const row = writeExecution(execution, this.options.redactor);
    const { id } = execution;
    const target = { id, owner, action: `Cannot save execution "${id}"` };
    const run = { execution: row, nodes: [], snapshots: [] };
    await this.write(id, target.action, (database) => saveRun(database, run, target));
  }

  /**
   * Inserts or updates a node execution.
   *
   * @param node The node execution.
   * @param options Who must hold the lease of its run, or it throws as {@linkcode save} does.
   * @throws {InvalidDataError} If the database cannot hold a value; then nothing was written.
   * @throws {DatabaseError} If the database refuses; with code `constraint` if the run is not stored.
   */
  async saveNodeExecution(
    node: NodeExecution,
    { owner }: ExecutionSaveOptions = {},
  ): Promise<void> {
    const row = writeNodeExecution(node, this.options.redactor);
    const { id, executionId } = node;
    const target = { id: executionId, owner, action: `Cannot save node execution "${id}"` };
    await this.write(executionId, target.action, (database) => saveNode(database, row, target));
  }

  /**
   * Appends a snapshot and sets its `id`; one that has an id is stored already
   * and is left alone.
   *
   * @param snapshot The snapshot.
   * @param options Who must hold the lease of its run, or it throws as {@linkcode save} does.
   * @throws {InvalidDataError} If the database cannot hold a value; then nothing was written.
   * @throws {DatabaseError} If the database refuses; with code `constraint` if the run or the node execution is not stored.
   */
  async saveVariableSnapshot(
    snapshot: VariableSnapshot,
    { owner }: ExecutionSaveOptions = {},
  ): Promise<void> {
    if (snapshot.id !== undefined) return;
    const row = writeSnapshot(snapshot, this.options.redactor);
    const action = `Cannot save a snapshot of the variable "${snapshot.variableName}"`;
    const target = { id: snapshot.executionId, owner, action };
    await this.write(
      target.id,
      action,
      (database) => saveSnapshot(database, [snapshot, row], target),
    );
  }

  /**
   * Stores a run, its node executions and its new snapshots in one
   * transaction, and sets the `id` of the snapshots.
   *
   * @param execution The run.
   * @param options Who must hold its lease, or it throws as {@linkcode save} does.
   * @throws {InvalidDataError} If the database cannot hold a value, or a part belongs to another run; then nothing was written.
   * @throws {DatabaseError} If the database refuses; then nothing was written.
   */
  async record(execution: Execution, { owner }: ExecutionSaveOptions = {}): Promise<void> {
    const { id } = execution;
    const target = { id, owner, action: `Cannot record execution "${id}"` };
    const run = writeRun(execution, this.options.redactor);
    const known = execution.variableSnapshots.reduce((most, { id = 0 }) => Math.max(most, id), 0);
    await this.write(id, target.action, (database) => saveRun(database, run, target, known));
  }

  /**
   * Reads a run with its node executions and snapshots, oldest first; its
   * variables are those of the snapshots. JSON is decoded when it is first used.
   *
   * @param id Id of the run.
   * @param options Which parts to read.
   * @returns The run; what could not be read is in `invalidColumns`.
   * @throws {NotFoundError} If there is no such run.
   * @throws {DatabaseError} If the database refuses.
   */
  async load(id: string, options: LoadOptions = {}): Promise<Execution> {
    const action = `Cannot load execution "${id}"`;
    const rows = await this.connect(action).attempt(
      action,
      (session) => readRunRows(session, id, options),
    );
    if (rows !== undefined) return makeRun(rows, options);
    throw new NotFoundError(`${action}: it does not exist`, { kind: "execution", id });
  }

  /**
   * Lists all runs of a workflow, newest first, without node executions and
   * snapshots; {@linkcode list} reads them page by page.
   *
   * @param workflowId Id of the workflow.
   * @returns The runs.
   * @throws {DatabaseError} If the database refuses.
   */
  async listByWorkflow(workflowId: string): Promise<Execution[]> {
    return await listAll(this.connect("Cannot list executions"), readFilter({ workflowId }));
  }

  /**
   * Lists all runs of a status, newest first, without node executions and
   * snapshots; {@linkcode list} reads them page by page.
   *
   * @param status The status.
   * @returns The runs.
   * @throws {InvalidDataError} If there is no such status.
   * @throws {DatabaseError} If the database refuses.
   */
  async listByStatus(status: ExecutionStatus): Promise<Execution[]> {
    return await listAll(this.connect("Cannot list executions"), readFilter({ status }));
  }

  /**
   * Reads one page of runs, newest first, without node executions and snapshots.
   *
   * @param query Filters, limit and cursor.
   * @returns The page.
   * @throws {InvalidDataError} If an option is not valid or the cursor belongs to another query.
   * @throws {DatabaseError} If the database refuses.
   */
  async list(query: ExecutionQuery = {}): Promise<ExecutionPage> {
    return await listPage(this.connect("Cannot list executions"), readFilter(query), query);
  }

  /**
   * Yields all runs of a query, newest first, page by page with constant
   * memory. Runs that start meanwhile are not among them.
   *
   * @param query Filters; `limit` is the size of a page.
   * @returns The runs, without node executions and snapshots.
   * @throws {InvalidDataError} If an option is not valid.
   * @throws {DatabaseError} If the database refuses.
   */
  iterate(query: Omit<ExecutionQuery, "cursor" | "total"> = {}): AsyncGenerator<Execution> {
    return iteratePages((page) => this.list(page), query);
  }

  /**
   * Yields the node executions of a run, oldest first, with constant memory
   * but for their ids.
   *
   * @param id Id of the run.
   * @returns The node executions; none if there is no such run.
   * @throws {DatabaseError} If the database refuses.
   */
  async *iterateNodeExecutions(id: string): AsyncGenerator<NodeExecution> {
    const action = `Cannot read the node executions of execution "${id}"`;
    const database = this.connect(action);
    const { rows: order } = await database.query(
      action,
      `SELECT n.id FROM node_executions AS n WHERE n.execution_id = $1 ORDER BY ${NODE_ORDER}`,
      [id],
    );
    const ids = order.map(([node]) => String(node));
    for (let start = 0; start < ids.length; start += 100) {
      const { rows } = await database.query(
        action,
        `SELECT ${NODE_SELECT} FROM node_executions AS n WHERE n.id = ANY($1)
        ORDER BY array_position($1::text[], n.id)`,
        [ids.slice(start, start + 100)],
      );
      yield* rows.map((row) => readNodeExecution(withTimes(row, NODE_TIMES)));
    }
  }

  /**
   * Returns the values that the variables of a run had at a time.
   *
   * @param id Id of the run.
   * @param at The time, by default the end.
   * @returns The values, from the snapshots up to that time.
   * @throws {NotFoundError} If there is no such run.
   * @throws {InvalidDataError} If the time is an invalid date.
   * @throws {DatabaseError} If the database refuses.
   */
  async variablesAt(id: string, at?: Date): Promise<Record<string, unknown>> {
    const { variableSnapshots } = await this.load(id, { nodeExecutions: "none" });
    return valuesAt(variableSnapshots, at, `Cannot read the variables of execution "${id}"`);
  }

  /**
   * Lists the revisions of a workflow that its runs refer to.
   *
   * @param workflowId Id of the workflow.
   * @returns The revisions, each once.
   * @throws {DatabaseError} If the database refuses.
   */
  async workflowRevisions(workflowId: string): Promise<string[]> {
    const action = `Cannot list the revisions of workflow "${workflowId}"`;
    const { rows } = await this.connect(action).query(
      action,
      "SELECT DISTINCT workflow_revision FROM executions " +
        "WHERE workflow_id = $1 AND workflow_revision IS NOT NULL ORDER BY 1",
      [workflowId],
    );
    return rows.map(([revision]) => String(revision));
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
    return await this.connect(action).attempt(action, (session) => readStoredIds(session, ids));
  }

  /**
   * Deletes a run with its node executions and snapshots.
   *
   * @param id Id of the run.
   * @throws {NotFoundError} If there is no such run.
   * @throws {DatabaseError} If the database refuses.
   */
  async delete(id: string): Promise<void> {
    const action = `Cannot delete execution "${id}"`;
    const found = await this.write(id, action, (database) => deleteRun(database, id, action));
    if (found) return;
    throw new NotFoundError(`${action}: it does not exist`, { kind: "execution", id });
  }

  /**
   * Deletes a node execution; snapshots it made stay, without its id.
   *
   * @param id Id of the node execution.
   * @throws {NotFoundError} If there is no such node execution.
   * @throws {DatabaseError} If the database refuses.
   */
  async deleteNodeExecution(id: string): Promise<void> {
    const action = `Cannot delete node execution "${id}"`;
    const found = await this.connect(action).attempt(action, async (session) => {
      const { count } = await session.query("DELETE FROM node_executions WHERE id = $1", [id]);
      return count > 0 || session.uncertain;
    });
    if (found) return;
    throw new NotFoundError(`${action}: it does not exist`, { kind: "node execution", id });
  }
}
