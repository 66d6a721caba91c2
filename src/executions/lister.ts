/**
 * The part of the repository that lists runs. It stands alone, since listing
 * needs little of what the other operations load.
 *
 * @module
 */

import type { Execution } from "../domain/execution.ts";
import type { ExecutionPage, ExecutionQuery } from "../domain/execution_repository.ts";
import { readFilter } from "./filter.ts";
import { iteratePages } from "./iterate_pages.ts";
import { listPage } from "./list.ts";
import { DEFAULTS, type ResolvedOptions } from "./options.ts";
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
    return await connection.read(
      "Cannot list executions",
      () => listPage(connection, filter, query),
    );
  }

  /**
   * Yields all runs of a query, newest first, page by page with constant
   * memory. Runs that are added meanwhile are not among them.
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

/** Lists runs and does nothing else. */
class Lister extends SQLiteLister {
  static async open(options: ResolvedOptions): Promise<Lister> {
    const lister = new Lister(options);
    await lister.connect("Cannot list executions");
    return lister;
  }
}

/**
 * Opens a database only to list its runs.
 *
 * @param path Absolute path of the database.
 * @param driver The SQLite library.
 * @returns What lists the runs; close it, or use `using`.
 * @throws {DatabaseError} If the database cannot be opened.
 */
export async function openLister(
  path: string,
  driver: ResolvedOptions["driver"],
): Promise<SQLiteLister> {
  return await Lister.open({ ...DEFAULTS, path, driver });
}
