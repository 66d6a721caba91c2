/**
 * Workflows as YAML files.
 *
 * @module
 */

import type { Workflow } from "../domain/workflow.ts";
import type { WatchOptions, WorkflowEvent } from "../domain/workflow_events.ts";
import type {
  PruneOptions,
  RevisionDiff,
  RevisionOptions,
  WorkflowRevision,
} from "../domain/workflow_history.ts";
import type {
  FileWarning,
  SaveOptions,
  SaveResult,
  SummaryFilter,
  SummaryList,
  UpdateOptions,
  WorkflowEdit,
  WorkflowList,
  WorkflowRepository,
} from "../domain/workflow_repository.ts";
import type {
  ExportedWorkflow,
  ImportedWorkflow,
  ImportOptions,
  ImportSource,
  Shared,
} from "../domain/workflow_sharing.ts";
import { fileWarnings } from "./inspect.ts";
import type { FilesystemWorkflowOptions } from "./repository_options.ts";
import { exportAll, exportWorkflow, importFolder, importWorkflow } from "./sharing.ts";
import { watchWorkflows } from "./watch.ts";
import { copyWorkflow } from "./workflow_cache.ts";
import { requireId } from "./workflow_id.ts";
import { WorkflowStore } from "./workflow_store.ts";

export type { FilesystemWorkflowOptions } from "./repository_options.ts";

/**
 * Workflows as YAML files that people and programs edit together:
 * `<root>/workflows/<id>.yaml`. Saving is atomic and durable; what did not
 * change keeps its source text, comments included. Every revision is kept.
 *
 * Requires `--allow-read` for the storage root, and `--allow-write` as well
 * for everything that writes.
 *
 * @example Save, change and look back
 * ```ts
 * import { FilesystemWorkflowRepository, Workflow } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const workflows = await FilesystemWorkflowRepository.open({ root });
 *
 * await workflows.save(Workflow.create("greet", "Says hello", { id: "greet" }));
 * await workflows.update("greet", (workflow) => {
 *   workflow.addNode({ id: "start", type: "start" });
 * }, { message: "Begin" });
 *
 * const [newest, first] = await workflows.history("greet");
 * assertEquals([newest?.message, first?.source], ["Begin", "saved"]);
 * const { changes } = await workflows.diff("greet", first!.revision, newest!.revision);
 * assertEquals(changes[0]?.name, "start");
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export class FilesystemWorkflowRepository implements WorkflowRepository {
  /** Absolute path of the storage root. */
  readonly root: string;
  readonly #store: WorkflowStore;

  private constructor(store: WorkflowStore) {
    this.root = store.folder.root;
    this.#store = store;
  }

  /**
   * Opens the repository; creates nothing until something is saved.
   *
   * @param options Where the files lie, their modes, and whether revisions are kept.
   * @returns The repository.
   * @throws {PermissionDeniedError} If the default root is wanted and the environment may not be read.
   */
  static open(
    options: FilesystemWorkflowOptions = {},
  ): Promise<FilesystemWorkflowRepository> {
    return Promise.try(() => new FilesystemWorkflowRepository(new WorkflowStore(options)));
  }

  /**
   * Returns the path of the file of a workflow, whether or not it exists.
   *
   * @param id Id of the workflow.
   * @returns The absolute path.
   */
  pathOf(id: string): string {
    // Other ids that no workflow may have are names of files that list() reports.
    if (/[/\\]/.test(id)) requireId(id, "Cannot tell the path of a workflow");
    return this.#store.folder.pathOf(id);
  }

  /**
   * Creates or replaces a workflow, atomically and durably. In a file that
   * exists, only what differs is changed. Sets `metadata.lastModified` in the
   * file when anything changed.
   *
   * Requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param workflow The workflow; it is not changed and need not be valid.
   * @param options Conditions, and what the history says.
   * @returns The revision that is stored now, and whether anything was written.
   * @throws {InvalidDataError} If the id cannot be a file name, a value cannot be stored or is a secret, or the file that exists cannot be read.
   * @throws {ConflictError} If somebody else was faster than `ifRevision`; `conflicts` tells where a merge failed.
   * @throws {AlreadyExistsError} If the id or name is taken, or the id differs from another one only in case.
   * @throws {PermissionDeniedError} If the folder may not be written.
   */
  async save(workflow: Workflow, options: SaveOptions = {}): Promise<SaveResult> {
    return await this.#store.save(workflow, options, "saved");
  }

  /**
   * Reads a workflow, changes it and saves it, with no other program in
   * between. The function may run again when an editor wrote meanwhile; it
   * must not save through this store itself.
   *
   * Requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param id Id of the workflow.
   * @param edit Changes the workflow it gets, or returns another one of the same id.
   * @param options What the history says, and whether the name must be unique.
   * @returns The revision that is stored now, and whether anything was written.
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If the file cannot be read, or a value cannot be stored.
   */
  async update(
    id: string,
    edit: WorkflowEdit,
    options: UpdateOptions = {},
  ): Promise<SaveResult> {
    return await this.#store.update(id, edit, options);
  }

  /**
   * Reads a workflow. With write permission, a change that somebody made by
   * other means becomes a revision of its history.
   *
   * Requires `--allow-read` for the storage root.
   *
   * @param id Id of the workflow: the name of its file without `.yaml`.
   * @returns A copy of its own; `revision` tells what was read.
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If the id cannot be a file name or the file cannot be read; `line` and `column` tell where, when known.
   * @throws {PermissionDeniedError} If the file may not be read.
   */
  async load(id: string): Promise<Workflow> {
    return copyWorkflow((await this.#store.load(id, "load")).workflow);
  }

  /**
   * Tells what is odd about a file that can be read: values that other readers
   * of YAML take for something else, an id that is not the name of the file.
   *
   * Requires `--allow-read` for the storage root.
   *
   * @param id Id of the workflow.
   * @returns The warnings; none for most files.
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If the file cannot be read.
   */
  async inspect(id: string): Promise<FileWarning[]> {
    return fileWarnings(await this.#store.load(id, "inspect"));
  }

  /**
   * Reads the first workflow of a name, in ascending order of ids. Files that
   * cannot be read are passed over; {@linkcode list} reports them.
   *
   * Requires `--allow-read` for the storage root.
   *
   * @param name The name.
   * @returns The workflow, or `undefined` when there is none of this name.
   */
  async findByName(name: string): Promise<Workflow | undefined> {
    return await this.#store.lister.find(
      `Cannot find workflow ${JSON.stringify(name)}`,
      (workflow) => workflow.name === name,
    );
  }

  /**
   * Reads all workflows. What cannot be read is reported in `invalid`, never
   * thrown. Only files that changed since the last call are read again.
   *
   * Requires `--allow-read` for the storage root.
   *
   * @returns The workflows in ascending order of their ids.
   * @throws {PermissionDeniedError} If the folder may not be read.
   */
  async list(): Promise<WorkflowList> {
    return await this.#store.lister.list();
  }

  /**
   * Tells the main things about all workflows, thousands of them in no time:
   * only files that changed since the last call are read again.
   *
   * Requires `--allow-read` for the storage root.
   *
   * @param filter Which workflows; all by default.
   * @returns The summaries in ascending order of the ids.
   * @throws {PermissionDeniedError} If the folder may not be read.
   */
  async summaries(filter: SummaryFilter = {}): Promise<SummaryList> {
    return await this.#store.lister.summaries(filter);
  }

  /**
   * Deletes a workflow. Its history stays, so that it can be restored.
   *
   * Requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param id Id of the workflow.
   * @param options What the history says.
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If the id cannot be a file name.
   * @throws {PermissionDeniedError} If the folder may not be written.
   */
  async delete(id: string, options: RevisionOptions = {}): Promise<void> {
    await this.#store.delete(id, options);
  }

  /**
   * Writes a file anew in the canonical form: keys of schema version 1 in
   * their order. Comments are lost.
   *
   * Requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param id Id of the workflow.
   * @param options What the history says.
   * @returns The revision that is stored now, and whether anything was written.
   * @throws {NotFoundError} If there is no such workflow.
   */
  async normalize(id: string, options: RevisionOptions = {}): Promise<SaveResult> {
    return await this.#store.normalize(id, options);
  }

  /**
   * Tells what happens to the workflows, except for what this repository
   * itself writes: by polling nothing, complete under bursts, silent about
   * writes that change nothing.
   *
   * Requires `--allow-read` for the storage root.
   *
   * @param options The signal that ends it, and how long to wait for the end of a burst.
   * @returns The events, until the signal or the end of the loop.
   */
  watch(options: WatchOptions = {}): AsyncGenerator<WorkflowEvent> {
    return watchWorkflows(this.#store.watchContext(), options);
  }

  /**
   * Lists the revisions of a workflow, also of one that was deleted.
   *
   * Requires `--allow-read` for the storage root.
   *
   * @param id Id of the workflow.
   * @returns The revisions, newest first.
   * @throws {NotFoundError} If there is neither such a workflow nor a history of one.
   */
  async history(id: string): Promise<WorkflowRevision[]> {
    return await this.#store.revisions.list(id);
  }

  /**
   * Reads a revision.
   *
   * @param id Id of the workflow.
   * @param revision The revision, its first characters (six or more), or a tag.
   * @returns The workflow as it was.
   * @throws {NotFoundError} If there is no such revision.
   */
  async loadRevision(id: string, revision: string): Promise<Workflow> {
    return copyWorkflow((await this.#store.revisions.load(id, revision)).workflow);
  }

  /**
   * Compares two revisions.
   *
   * @param id Id of the workflow.
   * @param from A revision or tag.
   * @param to Another one; the stored workflow by default.
   * @returns What differs, by structure and as text.
   * @throws {NotFoundError} If there is no such revision.
   */
  async diff(id: string, from: string, to?: string): Promise<RevisionDiff> {
    return await this.#store.revisions.diff(id, from, to);
  }

  /**
   * Makes an older revision the stored one, as a new revision.
   *
   * @param id Id of the workflow, which may have been deleted.
   * @param revision The revision, its first characters, or a tag.
   * @param options What the history says.
   * @returns The revision that is stored now, and whether anything was written.
   * @throws {NotFoundError} If there is no such revision.
   */
  async restore(id: string, revision: string, options: RevisionOptions = {}): Promise<SaveResult> {
    return await this.#store.restore(id, revision, options);
  }

  /**
   * Gives a revision a name; pruning keeps it then.
   *
   * @param id Id of the workflow.
   * @param tag The name; it moves when it named another revision.
   * @param revision The revision; the stored one by default, `null` to take the name away.
   * @throws {NotFoundError} If there is no such revision or name.
   */
  async tag(id: string, tag: string, revision?: string | null): Promise<void> {
    await this.#store.revisions.tag(id, tag, revision);
  }

  /**
   * Removes old revisions. Those that are tagged, the newest ones and those
   * that `referencedRevisions` names are kept.
   *
   * @param options How many to keep, and of which workflow.
   * @returns Number of revisions removed.
   */
  async prune(options: PruneOptions = {}): Promise<number> {
    return await this.#store.revisions.prune(options);
  }

  /**
   * Makes a text that can be shared: canonical YAML without secrets.
   *
   * @param id Id of the workflow.
   * @returns The text, and what was removed.
   * @throws {NotFoundError} If there is no such workflow.
   */
  async exportWorkflow(id: string): Promise<ExportedWorkflow> {
    return exportWorkflow((await this.#store.load(id, "export")).workflow);
  }

  /**
   * Saves a workflow that was shared, in any dialect, under a free id.
   *
   * @param source Text, or path of a file.
   * @param options Another id or name.
   * @returns The workflow and what it needs.
   * @throws {InvalidDataError} If it cannot be read.
   * @throws {AlreadyExistsError} If the id asked for is taken.
   */
  async importWorkflow(
    source: ImportSource,
    options: ImportOptions = {},
  ): Promise<ImportedWorkflow> {
    return await importWorkflow(this.#store, source, options);
  }

  /**
   * Makes texts of all workflows that can be shared, one by one.
   *
   * @returns Each text with the progress; or why there is none.
   */
  exportAll(): AsyncGenerator<Shared<ExportedWorkflow>> {
    return exportAll(this.#store);
  }

  /**
   * Imports all `.yaml` and `.yml` files of a folder, one by one.
   *
   * @param folder The folder.
   * @param options What the history says.
   * @returns Each workflow with the progress; or why it was not imported.
   */
  importFolder(
    folder: string,
    options: Pick<ImportOptions, "author" | "message"> = {},
  ): AsyncGenerator<Shared<ImportedWorkflow & { id: string }>> {
    return importFolder(this.#store, folder, options);
  }
}
