/**
 * Workflow templates in PostgreSQL.
 *
 * @module
 */

import { TextTemplateRepository } from "../workflows/text_template_repository.ts";
import { PostgresDatabase } from "./database.ts";
import type { PostgresOptions } from "./options.ts";
import { TEMPLATES } from "./text_row.ts";
import { PostgresTexts } from "./texts.ts";

/**
 * Workflow templates in PostgreSQL, each text verbatim.
 *
 * Requires `--allow-net` for the server, or `--allow-read` and `--allow-write`
 * for its socket, and `--allow-env=PGBINARY,PGOPTIONS,PGREPLICATION`, in which
 * the driver looks.
 *
 * @example Make a workflow of a template
 * ```ts ignore
 * import { openPostgresStorage } from "@goflow/storage/postgres";
 *
 * await using storage = await openPostgresStorage("postgres://goflow@db.example/goflow", {
 *   password: () => readPassword(),
 * });
 * const { workflow } = await storage.templates.instantiate("etl", { source: "/data/in" });
 * ```
 */
export class PostgresTemplateRepository extends TextTemplateRepository implements AsyncDisposable {
  readonly #owned: PostgresDatabase | undefined;

  private constructor(database: PostgresDatabase, owned: boolean) {
    super(new PostgresTexts(database, TEMPLATES, false));
    if (owned) this.#owned = database;
  }

  /**
   * Connects to a server.
   *
   * @param url URL of the database, such as `postgres://user@host:5432/database`.
   * @param options How to connect.
   * @returns The repository; close it, or use `await using`.
   * @throws {InvalidDataError} If the URL or an option is not valid.
   * @throws {PermissionDeniedError} If the server or Deno refuses.
   * @throws {DatabaseError} If the server cannot be used, or its schema is newer or not as it should be.
   */
  static async open(
    url: string,
    options: PostgresOptions = {},
  ): Promise<PostgresTemplateRepository> {
    return new PostgresTemplateRepository(await PostgresDatabase.open(url, options), true);
  }

  /**
   * Makes a repository over a database that others use too, and that stays open.
   *
   * @param database The database.
   * @returns The repository.
   * @internal
   */
  static over(database: PostgresDatabase): PostgresTemplateRepository {
    return new PostgresTemplateRepository(database, false);
  }

  /**
   * Returns where a template lies, whether or not it exists.
   *
   * @param id Id of the template.
   * @returns The table and the id.
   */
  override pathOf(id: string): string {
    return `${TEMPLATES.name}/${id}`;
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
