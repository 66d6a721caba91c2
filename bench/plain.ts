/**
 * What the benches compare with: prepared statements in a loop, on the same
 * driver, on the tables of schema version 1.
 *
 * @module
 */

import type { Execution } from "../src/domain/execution.ts";
import type { DriverName } from "../src/executions/driver.ts";
import { MIGRATIONS } from "../src/executions/migrations.ts";

type Value = string | number | null;

/** The part that both libraries share. */
interface PlainDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): {
    run(...params: Value[]): unknown;
    get(...params: Value[]): unknown;
    all(...params: Value[]): unknown[];
  };
  close(): void;
}

/** A row as the library returns it. */
export type PlainRow = Record<string, Value>;

/** Opens a library as its documentation says. */
export async function openPlain(driver: DriverName, path: string): Promise<PlainDatabase> {
  const database = driver === "ffi"
    ? new (await import("@db/sqlite")).Database(path, { int64: true }) as unknown as PlainDatabase
    : new (await import("node:sqlite")).DatabaseSync(path) as unknown as PlainDatabase;
  database.exec(
    "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; " +
      "PRAGMA foreign_keys = ON",
  );
  return database;
}

/** A store as plain as can be. */
export class PlainStore {
  readonly database: PlainDatabase;
  readonly #statements;

  constructor(database: PlainDatabase) {
    this.database = database;
    this.#statements = {
      begin: database.prepare("BEGIN IMMEDIATE"),
      commit: database.prepare("COMMIT"),
      execution: database.prepare(
        `INSERT INTO executions (id, workflow_id, workflow_version, status, started_at,
          completed_at, error_type, error_message, error_node_id, error_context, return_value)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET status = excluded.status,
          completed_at = excluded.completed_at, return_value = excluded.return_value`,
      ),
      node: database.prepare(
        `INSERT INTO node_executions (id, execution_id, node_id, node_type, status, started_at,
          completed_at, inputs, outputs, error_type, error_message, error_context, retry_count)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET status = excluded.status,
          completed_at = excluded.completed_at, outputs = excluded.outputs`,
      ),
      load: database.prepare("SELECT * FROM executions WHERE id = ?"),
      nodes: database.prepare(
        "SELECT * FROM node_executions WHERE execution_id = ? ORDER BY started_at",
      ),
    };
  }

  /** Makes the tables of version 1. */
  static async create(driver: DriverName, path: string): Promise<PlainStore> {
    const database = await openPlain(driver, path);
    database.exec(MIGRATIONS[0]!.sql);
    return new PlainStore(database);
  }

  /** Stores all rows in one transaction. */
  record(execution: Execution): void {
    this.#statements.begin.run();
    this.#insert(execution);
    for (const node of execution.nodeExecutions) this.#insertNode(node);
    this.#statements.commit.run();
  }

  /** Stores each row in a transaction of its own. */
  saveEach(execution: Execution): void {
    this.#statements.begin.run();
    this.#insert(execution);
    this.#statements.commit.run();
    for (const node of execution.nodeExecutions) {
      this.#statements.begin.run();
      this.#insertNode(node);
      this.#statements.commit.run();
    }
  }

  #insert(run: Execution): void {
    this.#statements.execution.run(
      run.id,
      run.workflowId,
      run.workflowVersion,
      run.status,
      time(run.startedAt),
      run.completedAt ? time(run.completedAt) : null,
      null,
      null,
      null,
      null,
      JSON.stringify(run.returnValue ?? null),
    );
  }

  #insertNode(node: Execution["nodeExecutions"][number]): void {
    this.#statements.node.run(
      node.id,
      node.executionId,
      node.nodeId,
      node.nodeType,
      node.status,
      time(node.startedAt!),
      node.completedAt ? time(node.completedAt) : null,
      JSON.stringify(node.inputs),
      JSON.stringify(node.outputs),
      null,
      null,
      null,
      node.retryCount,
    );
  }

  /** Reads a run and decodes its JSON and times. */
  load(id: string): { run: PlainRow; nodes: unknown[] } {
    const run = this.#statements.load.get(id) as PlainRow;
    const nodes = (this.#statements.nodes.all(id) as PlainRow[]).map((row) => ({
      ...row,
      started_at: date(row["started_at"]),
      completed_at: date(row["completed_at"]),
      inputs: json(row["inputs"]),
      outputs: json(row["outputs"]),
      error_context: json(row["error_context"]),
    }));
    return { run, nodes };
  }
}

function time(date: Date): string {
  return date.toISOString().replace("T", " ").replace("Z", "+00:00");
}

function date(text: Value | undefined): Date | null {
  return typeof text === "string" ? new Date(text) : null;
}

function json(text: Value | undefined): unknown {
  return typeof text === "string" ? JSON.parse(text) : null;
}
