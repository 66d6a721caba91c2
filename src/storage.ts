/**
 * The stores over one root folder.
 *
 * @module
 */

import type { CredentialStore } from "./domain/credential.ts";
import type { ExecutionRepository } from "./domain/execution_repository.ts";
import type { TemplateRepository } from "./domain/template_repository.ts";
import type { WorkflowRepository } from "./domain/workflow_repository.ts";
import { KeyringCredentialStore } from "./credentials/keyring_store.ts";
import type { KeyringOptions } from "./credentials/options.ts";
import type { SQLiteOptions } from "./executions/options.ts";
import { SQLiteExecutionRepository } from "./executions/repository.ts";
import { resolveRoot } from "./root.ts";
import { FilesystemWorkflowRepository } from "./workflows/repository.ts";
import type { FilesystemWorkflowOptions } from "./workflows/repository_options.ts";
import {
  type FilesystemTemplateOptions,
  FilesystemTemplateRepository,
} from "./workflows/template_repository.ts";

/** Options of {@linkcode openStorage}. */
export interface StorageOptions {
  /**
   * Folder of all data.
   *
   * @default {GOFLOW_CONFIG_DIR, else ".goflow" in the home folder}
   */
  root?: string;
  /** Options of the workflow store. */
  workflows?: Omit<FilesystemWorkflowOptions, "root">;
  /** Options of the template store. */
  templates?: Omit<FilesystemTemplateOptions, "root">;
  /** Options of the execution store. */
  executions?: Omit<SQLiteOptions, "root" | "lazy">;
  /** Options of the credential store. */
  credentials?: Omit<KeyringOptions, "root">;
}

/** The stores, whatever they store in. */
export interface Storage extends AsyncDisposable {
  /** Workflows. */
  readonly workflows: WorkflowRepository;
  /** Workflow templates. */
  readonly templates: TemplateRepository;
  /** Executions. */
  readonly executions: ExecutionRepository;
  /** Credentials. */
  readonly credentials: CredentialStore;
  /** Closes the stores; further calls do nothing. */
  close(): void;
}

/** The stores over one root folder. */
export interface FilesystemStorage extends Storage {
  /** Absolute path of the folder of all data. */
  readonly root: string;
  /** Workflows, as YAML files in `<root>/workflows`. */
  readonly workflows: FilesystemWorkflowRepository;
  /** Workflow templates, as YAML files in `<root>/templates`. */
  readonly templates: FilesystemTemplateRepository;
  /** Executions, in the SQLite database `<root>/goflow.db`. */
  readonly executions: SQLiteExecutionRepository;
  /** Credentials, in the keyring of the system. */
  readonly credentials: KeyringCredentialStore;
}

/**
 * Opens the stores over one root folder. Creates no file, loads no
 * driver and starts no program until a store is used.
 *
 * Requires `--allow-env=HOME,GOFLOW_CONFIG_DIR` unless `root` is given; each
 * store requires its own permissions when it is used.
 *
 * @param options Root folder and options of each store.
 * @returns The stores; close them, or use `await using`.
 * @throws {PermissionDeniedError} If the root has to come from the environment and may not.
 *
 * @example Save a workflow and record a run of it
 * ```ts
 * import { Execution, openStorage, Workflow } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * {
 *   await using storage = await openStorage({ root });
 *
 *   const workflow = Workflow.create("greet", "Says hello", { id: "greet" });
 *   workflow.addNode({ id: "start", type: "start" });
 *   workflow.addNode({ id: "end", type: "end", return: "hello" });
 *   workflow.addEdge({ from: "start", to: "end" });
 *   await storage.workflows.save(workflow);
 *
 *   const execution = Execution.create("greet", workflow.version);
 *   execution.start();
 *   execution.complete("hello");
 *   await storage.executions.record(execution);
 *
 *   const [newest] = await storage.executions.listByWorkflow("greet");
 *   assertEquals(newest?.returnValue, "hello");
 * }
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export async function openStorage(options: StorageOptions = {}): Promise<FilesystemStorage> {
  const root = resolveRoot(options.root);
  const templates = await FilesystemTemplateRepository.open({ ...options.templates, root });
  const executions = await SQLiteExecutionRepository.open({
    ...options.executions,
    root,
    lazy: true,
  });
  const workflows = await FilesystemWorkflowRepository.open({
    referencedRevisions: (id) => executions.workflowRevisions(id),
    ...options.workflows,
    root,
  });
  const credentials = await KeyringCredentialStore.open({ ...options.credentials, root });
  const close = () => executions.close();
  return {
    root,
    workflows,
    templates,
    executions,
    credentials,
    close,
    [Symbol.asyncDispose]: () => Promise.resolve(close()),
  };
}
