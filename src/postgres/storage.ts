/**
 * The stores on a PostgreSQL server.
 *
 * @module
 */

import { KeyringCredentialStore } from "../credentials/keyring_store.ts";
import type { KeyringOptions } from "../credentials/options.ts";
import type { Storage } from "../storage.ts";
import { PostgresDatabase } from "./database.ts";
import type { PostgresInfo } from "./migrator.ts";
import type { PostgresOptions } from "./options.ts";
import { PostgresExecutionRepository } from "./repository.ts";
import { PostgresTemplateRepository } from "./template_repository.ts";
import { type PostgresWorkflowOptions, PostgresWorkflowRepository } from "./workflow_repository.ts";

/** Options of {@linkcode openPostgresStorage}. */
export interface PostgresStorageOptions extends PostgresOptions {
  /** Options of the workflow store. */
  workflows?: PostgresWorkflowOptions;
  /** Options of the credential store, which is the keyring of this machine. */
  credentials?: KeyringOptions;
}

/** The stores on one server. */
export interface PostgresStorage extends Storage {
  /** What was found when it was opened. */
  readonly info: PostgresInfo;
  /** Workflows, with their revisions. */
  readonly workflows: PostgresWorkflowRepository;
  /** Workflow templates. */
  readonly templates: PostgresTemplateRepository;
  /** Executions. */
  readonly executions: PostgresExecutionRepository;
  /** Credentials, in the keyring of this machine. */
  readonly credentials: KeyringCredentialStore;
}

/**
 * Connects to a PostgreSQL server, whose schema is made when it is missing, and
 * opens the stores over one pool of connections. Credentials stay in the
 * keyring of this machine.
 *
 * Requires `--allow-net` for the server, or `--allow-read` and `--allow-write`
 * for its socket, and `--allow-env=PGBINARY,PGOPTIONS,PGREPLICATION`, in which
 * the driver looks.
 *
 * @param url URL of the database, such as `postgres://user:password@host:5432/database`.
 * @param options Password, schema, limits, and options of each store.
 * @returns The stores; close them, or use `await using`.
 * @throws {InvalidDataError} If the URL or an option is not valid.
 * @throws {PermissionDeniedError} If the server or Deno refuses.
 * @throws {DatabaseError} If the server cannot be used, or its schema is newer or not as it should be.
 *
 * @example Record a run
 * ```ts ignore
 * import { Execution } from "@goflow/storage";
 * import { openPostgresStorage } from "@goflow/storage/postgres";
 *
 * await using storage = await openPostgresStorage("postgres://goflow@db.example/goflow", {
 *   password: () => readPassword(),
 * });
 * await storage.executions.record(Execution.create("greet", "1.0"));
 * ```
 */
export async function openPostgresStorage(
  url: string,
  options: PostgresStorageOptions = {},
): Promise<PostgresStorage> {
  const credentials = await KeyringCredentialStore.open(options.credentials);
  const database = await PostgresDatabase.open(url, options);
  const executions = PostgresExecutionRepository.over(database);
  const workflows = PostgresWorkflowRepository.over(database, {
    referencedRevisions: (id) => executions.workflowRevisions(id),
    ...options.workflows,
  });
  let closed: Promise<void> | undefined;
  const close = () => closed ??= database.close();
  return {
    info: database.info,
    workflows,
    templates: PostgresTemplateRepository.over(database),
    executions,
    credentials,
    close: () => void close(),
    [Symbol.asyncDispose]: close,
  };
}
