/**
 * Workflows in PostgreSQL.
 *
 * @module
 */

import { TextWorkflowRepository } from "../workflows/text_workflow_repository.ts";
import type { ReferencedRevisions } from "../workflows/workflow_revisions.ts";
import { WorkflowStore } from "../workflows/workflow_store.ts";
import { PostgresDatabase } from "./database.ts";
import type { PostgresOptions } from "./options.ts";
import { WORKFLOWS } from "./text_row.ts";
import { PostgresTexts } from "./texts.ts";
import { pathOf, PostgresListing } from "./workflow_listing.ts";

/** Options of the workflows in PostgreSQL. */
export interface PostgresWorkflowOptions {
  /**
   * Whether to keep every revision.
   *
   * @default {true}
   */
  history?: boolean | undefined;
  /**
   * Returns the revisions of a workflow that must survive pruning, such as
   * those that stored executions refer to.
   *
   * @default {() => []}
   */
  referencedRevisions?: ReferencedRevisions | undefined;
  /** Address of a JSON Schema, put into the first line of new texts for editors. */
  schemaUrl?: string | undefined;
}

/**
 * Workflows in PostgreSQL, which programs on many hosts edit together: each
 * text is kept verbatim, comments included, with all its revisions.
 *
 * Requires `--allow-net` for the server, or `--allow-read` and `--allow-write`
 * for its socket, and `--allow-env=PGBINARY,PGOPTIONS,PGREPLICATION`, in which
 * the driver looks.
 *
 * @example Read, change and write, with no other program in between
 * ```ts ignore
 * import { openPostgresStorage } from "@goflow/storage/postgres";
 *
 * await using storage = await openPostgresStorage("postgres://goflow@db.example/goflow", {
 *   password: () => readPassword(),
 * });
 * await storage.workflows.update("greet", (workflow) => {
 *   workflow.description = "Says hello";
 * });
 * ```
 */
export class PostgresWorkflowRepository extends TextWorkflowRepository implements AsyncDisposable {
  readonly #owned: PostgresDatabase | undefined;

  private constructor(store: WorkflowStore, owned?: PostgresDatabase) {
    super(store);
    this.#owned = owned;
  }

  /**
   * Connects to a server.
   *
   * @param url URL of the database, such as `postgres://user@host:5432/database`.
   * @param options How to connect, and whether revisions are kept.
   * @returns The repository; close it, or use `await using`.
   * @throws {InvalidDataError} If the URL or an option is not valid.
   * @throws {PermissionDeniedError} If the server or Deno refuses.
   * @throws {DatabaseError} If the server cannot be used, or its schema is newer or not as it should be.
   */
  static async open(
    url: string,
    options: PostgresOptions & PostgresWorkflowOptions = {},
  ): Promise<PostgresWorkflowRepository> {
    const database = await PostgresDatabase.open(url, options);
    return new PostgresWorkflowRepository(storeOver(database, options), database);
  }

  /**
   * Makes a repository over a database that others use too, and that stays open.
   *
   * @param database The database.
   * @param options Whether revisions are kept.
   * @returns The repository.
   * @internal
   */
  static over(
    database: PostgresDatabase,
    options: PostgresWorkflowOptions = {},
  ): PostgresWorkflowRepository {
    return new PostgresWorkflowRepository(storeOver(database, options));
  }

  /**
   * Returns where a workflow lies, whether or not it exists.
   *
   * @param id Id of the workflow.
   * @returns The table and the id.
   */
  override pathOf(id: string): string {
    return pathOf(id);
  }

  /** Ends the connections; further calls do nothing. */
  async close(): Promise<void> {
    await this.#owned?.close();
  }

  /** Ends the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function storeOver(database: PostgresDatabase, options: PostgresWorkflowOptions): WorkflowStore {
  const { history = true, referencedRevisions, schemaUrl } = options;
  const texts = new PostgresTexts(database, WORKFLOWS, history);
  const listing = new PostgresListing(database);
  return new WorkflowStore({ texts, listing, referencedRevisions, schemaUrl });
}
