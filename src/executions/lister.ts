/**
 * The part of the repository that lists runs.
 *
 * @module
 */

import type { Execution } from "../domain/execution.ts";
import type { ExecutionPage, ExecutionQuery } from "../domain/execution_repository.ts";
import { readFilter } from "./filter.ts";
import { iteratePages } from "./iterate_pages.ts";
import { listPage } from "./list.ts";
import { SQLiteStore } from "./store.ts";

/**
 * Lists runs.
 *
 * @example Go through all runs of a workflow, newest first
 * ```ts
 * import { Execution, SQLiteExecutionRepository } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * {
 *   using executions = await SQLiteExecutionRepository.open({ root });
 *   await executions.save(Execution.create("etl", "1.0"));
 *   const statuses: string[] = [];
 *   for await (const { status } of executions.iterate({ workflowId: "etl" })) statuses.push(status);
 *   assertEquals(statuses, ["pending"]);
 * }
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export abstract class SQLiteLister extends SQLiteStore {
  /**
   * Reads one page of runs, newest first, without node executions and snapshots.
   *
   * @param query Filters, limit and cursor.
   * @returns The page.
   * @throws {InvalidDataError} If an option is not valid or the cursor belongs to another query.
   * @throws {DatabaseError} If the database refuses.
   */
  async list(query: ExecutionQuery = {}): Promise<ExecutionPage> {
    const filter = readFilter(query);
    const connection = await this.connect("Cannot list executions");
    return await listPage(connection, filter, query);
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
}
