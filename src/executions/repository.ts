/**
 * The execution store over SQLite.
 *
 * @module
 */

import { resolve } from "../resolve.ts";
import { NotFoundError } from "../domain/errors.ts";
import type { Execution, ExecutionStatus } from "../domain/execution.ts";
import type {
  ExecutionQuery,
  ExecutionRepository,
  ExecutionSaveOptions,
  LoadOptions,
} from "../domain/execution_repository.ts";
import type { NodeExecution } from "../domain/node_execution.ts";
import type { VariableSnapshot } from "../domain/variable_snapshot.ts";
import type { Connection } from "./connection.ts";
import { readFilter } from "./filter.ts";
import { requireOwner } from "./leases.ts";
import { listAll } from "./list.ts";
import { makeRun, nodeOrder, readNodes, readRunRows, valuesAt } from "./load.ts";
import { NODE_EXECUTION_TABLE, writeNodeExecution } from "./node_execution_row.ts";
import type { ResolvedOptions, SQLiteOptions } from "./options.ts";
import { resolveOptions } from "./resolve_options.ts";
import { SQLiteMonitoring } from "./monitoring.ts";
import { RunCache } from "./run_cache.ts";
import { insertSnapshots, numberSnapshots, recordRun, saveExecution, writeRun } from "./save.ts";
import { salvage, type SalvageResult } from "./salvage.ts";
import { FEATURES, requireFeature } from "./schema_version.ts";
import { writeSnapshot } from "./snapshot_row.ts";
import { writeExecution } from "./written_execution.ts";
import { upsert } from "./written_row.ts";

const WORKFLOW_REVISIONS_SQL = "SELECT DISTINCT workflow_revision FROM executions " +
  "WHERE workflow_id = ? AND workflow_revision IS NOT NULL";

/**
 * Execution history in a SQLite database, of the schema that Go's
 * implementation reads and writes too.
 *
 * Requires `--allow-read` and `--allow-write` for the folder of the database;
 * the FFI driver requires `--allow-ffi` and
 * `--allow-env=DENO_SQLITE_PATH,DENO_SQLITE_LOCAL` as well.
 *
 * @example Record a run and list the failed ones
 * ```ts
 * import { Execution, SQLiteExecutionRepository } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * {
 *   using executions = await SQLiteExecutionRepository.open({ root });
 *
 *   const run = Execution.create("greet", "1.0", { who: "world" });
 *   run.start();
 *   run.fail({ type: "connection", message: "refused" });
 *   await executions.record(run);
 *
 *   const { executions: failed } = await executions.list({ status: "failed", limit: 10 });
 *   assertEquals(failed.map(({ id }) => id), [run.id]);
 * }
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export class SQLiteExecutionRepository extends SQLiteMonitoring implements ExecutionRepository {
  readonly #cache: RunCache | undefined;

  private constructor(options: ResolvedOptions) {
    super(options);
    if (options.cacheSize > 0) this.#cache = new RunCache(options.cacheSize);
  }

  /**
   * Opens the store; the folder and the database are created when they are missing.
   *
   * Requires `--allow-env=HOME,GOFLOW_CONFIG_DIR` unless `root` or `path` is given.
   *
   * @param options Where the database is and how it is used.
   * @returns The store; close it, or use `using`.
   * @throws {InvalidDataError} If an option is not valid.
   * @throws {PermissionDeniedError} If a permission is missing or the system refuses.
   * @throws {DatabaseError} If the file is not such a database, is damaged, of a newer schema, or locked until the timeout.
   */
  static async open(options: SQLiteOptions = {}): Promise<SQLiteExecutionRepository> {
    const repository = new SQLiteExecutionRepository(resolveOptions(options));
    if (!options.lazy) await repository.connect("Cannot open the execution store");
    return repository;
  }

  /**
   * Copies what is readable of a damaged database into a new one.
   *
   * Requires `--allow-read` and `--allow-write` for the folders of both.
   *
   * @param damaged Path of the damaged database, which is not changed and which nobody should have open.
   * @param path Path of the new one.
   * @param options Driver and file mode of the new one.
   * @returns What was copied, and where rows could not be read.
   * @throws {AlreadyExistsError} If there is a file at the new path.
   * @throws {DatabaseError} If nothing can be read.
   */
  static async salvage(
    damaged: string,
    path: string,
    options: Pick<SQLiteOptions, "driver" | "fileMode"> = {},
  ): Promise<SalvageResult> {
    const action = `Cannot salvage "${damaged}" into "${path}"`;
    return await salvage(resolve(damaged), resolve(path), options, action);
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
  async save(execution: Execution, options: ExecutionSaveOptions = {}): Promise<void> {
    const row = writeExecution(execution, this.options.redactor);
    const { id } = execution;
    const action = `Cannot save execution "${id}"`;
    await this.#write(id, options, action, (connection) => saveExecution(connection, row));
  }

  /** Writes to a run, in a transaction that looks at its owner first when one is wanted. */
  async #write<T>(
    id: string,
    { owner }: ExecutionSaveOptions,
    action: string,
    body: (connection: Connection) => T,
    committed?: (result: T) => void,
  ): Promise<void> {
    const connection = await this.connect(action);
    if (owner !== undefined) requireFeature(connection, "leases", action);
    await connection.write(action, () => {
      if (owner !== undefined) requireOwner(connection, id, owner, action);
      return body(connection);
    }, committed);
  }

  /**
   * Inserts or updates a node execution.
   *
   * @param node The node execution.
   * @param options Who must hold the lease of its run, or it throws as {@linkcode save} does.
   * @throws {InvalidDataError} If the database cannot hold a value; then nothing was written.
   * @throws {DatabaseError} If the database refuses; with code `constraint` if the run is not stored.
   */
  async saveNodeExecution(node: NodeExecution, options: ExecutionSaveOptions = {}): Promise<void> {
    const row = writeNodeExecution(node, this.options.redactor);
    await this.#write(
      node.executionId,
      options,
      `Cannot save node execution "${node.id}"`,
      (connection) => upsert(connection, NODE_EXECUTION_TABLE, row),
    );
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
    options: ExecutionSaveOptions = {},
  ): Promise<void> {
    if (snapshot.id !== undefined) return;
    const row = writeSnapshot(snapshot, this.options.redactor);
    await this.#write(
      snapshot.executionId,
      options,
      `Cannot save a snapshot of the variable "${snapshot.variableName}"`,
      (connection) => insertSnapshots(connection, [[snapshot, row]]),
      numberSnapshots,
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
  async record(execution: Execution, options: ExecutionSaveOptions = {}): Promise<void> {
    const { id } = execution;
    const action = `Cannot record execution "${id}"`;
    const run = writeRun(execution, this.options.redactor);
    const write = (connection: Connection) => recordRun(connection, run);
    await this.#write(id, options, action, write, numberSnapshots);
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
    const connection = await this.connect(action);
    const rows = await connection.read(
      action,
      () => this.#cache?.read(connection, id) ?? readRunRows(connection, id, options),
    );
    if (rows === undefined) {
      throw new NotFoundError(`${action}: it does not exist`, { kind: "execution", id });
    }
    return makeRun(rows, options);
  }

  /**
   * Lists all runs of a workflow, newest first, without node executions and
   * snapshots; {@linkcode list} reads them page by page.
   *
   * @param workflowId Id of the workflow.
   * @returns The runs.
   * @throws {DatabaseError} If the database refuses.
   */
  listByWorkflow(workflowId: string): Promise<Execution[]> {
    return this.#listAll({ workflowId });
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
  listByStatus(status: ExecutionStatus): Promise<Execution[]> {
    return this.#listAll({ status });
  }

  async #listAll(query: ExecutionQuery): Promise<Execution[]> {
    const filter = readFilter(query);
    const connection = await this.connect("Cannot list executions");
    return await connection.read("Cannot list executions", () => listAll(connection, filter));
  }

  /**
   * Yields the node executions of a run, oldest first, with constant memory
   * but for their numbers.
   *
   * @param id Id of the run.
   * @returns The node executions; none if there is no such run.
   * @throws {DatabaseError} If the database refuses.
   */
  async *iterateNodeExecutions(id: string): AsyncGenerator<NodeExecution> {
    const action = `Cannot read the node executions of execution "${id}"`;
    const connection = await this.connect(action);
    const rowids = await connection.read(action, () => nodeOrder(connection, id));
    for (let start = 0; start < rowids.length; start += 100) {
      const batch = rowids.slice(start, start + 100);
      yield* await connection.read(action, () => readNodes(connection, batch));
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
   * @returns The revisions, each once; none in a file of a schema without them.
   * @throws {DatabaseError} If the database refuses.
   */
  async workflowRevisions(workflowId: string): Promise<string[]> {
    const action = `Cannot list the revisions of workflow "${workflowId}"`;
    const connection = await this.connect(action);
    if (connection.info.schemaVersion < FEATURES.revisions) return [];
    const rows = await connection.read(
      action,
      () => connection.statement(WORKFLOW_REVISIONS_SQL).all(workflowId),
    );
    return rows.map(([revision]) => String(revision));
  }

  /**
   * Deletes a run with its node executions and snapshots.
   *
   * @param id Id of the run.
   * @throws {NotFoundError} If there is no such run.
   * @throws {DatabaseError} If the database refuses.
   */
  delete(id: string): Promise<void> {
    return this.#delete("executions", "execution", id);
  }

  /**
   * Deletes a node execution; snapshots it made stay, without its id.
   *
   * @param id Id of the node execution.
   * @throws {NotFoundError} If there is no such node execution.
   * @throws {DatabaseError} If the database refuses.
   */
  deleteNodeExecution(id: string): Promise<void> {
    return this.#delete("node_executions", "node execution", id);
  }

  async #delete(table: string, kind: string, id: string): Promise<void> {
    const action = `Cannot delete ${kind} "${id}"`;
    const connection = await this.connect(action);
    const deleted = await connection.write(
      action,
      () => connection.statement(`DELETE FROM ${table} WHERE id = ?`).run(id),
    );
    if (deleted === 0) throw new NotFoundError(`${action}: it does not exist`, { kind, id });
  }
}
