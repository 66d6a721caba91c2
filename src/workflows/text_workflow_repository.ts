/**
 * Workflows as YAML texts, wherever these lie.
 *
 * @module
 */

import type { TextArchive, WriteArchiveOptions } from "../domain/text_archive.ts";
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
import { exportAll, exportWorkflow, importFolder, importWorkflow } from "./sharing.ts";
import { watchWorkflows } from "./watch.ts";
import { copyWorkflow } from "./workflow_cache.ts";
import { actionOf, type WorkflowStore } from "./workflow_store.ts";
import { notFound } from "./workflow_writer.ts";

/**
 * Workflows as YAML texts that people and programs edit together: what did not
 * change keeps its source text, comments included, and every revision is kept.
 *
 * @example Read, change and write, with no other program in between
 * ```ts
 * import { FilesystemWorkflowRepository, Workflow } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const workflows = await FilesystemWorkflowRepository.open({ root });
 * await workflows.save(Workflow.create("greet", undefined, { id: "greet" }));
 * await workflows.update("greet", (workflow) => {
 *   workflow.description = "Says hello";
 * });
 * assertEquals((await workflows.load("greet")).description, "Says hello");
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export abstract class TextWorkflowRepository implements WorkflowRepository {
  readonly #store: WorkflowStore;

  /**
   * Makes a repository.
   *
   * @param store The store behind it.
   */
  protected constructor(store: WorkflowStore) {
    this.#store = store;
  }

  /**
   * Creates or replaces a workflow, atomically and durably. In a text that
   * exists, only what differs is changed. Sets `metadata.lastModified` in the
   * text when anything changed.
   *
   * With files, requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param workflow The workflow; it is not changed and need not be valid.
   * @param options Conditions, and what the history says.
   * @returns The revision that is stored now, and whether anything was written.
   * @throws {InvalidDataError} If the id cannot be a file name, a value cannot be stored or is a secret, or the text that exists cannot be read.
   * @throws {ConflictError} If somebody else was faster than `ifRevision`; `conflicts` tells where a merge failed.
   * @throws {AlreadyExistsError} If the id or name is taken, or the id differs from another one only in case.
   * @throws {PermissionDeniedError} If the folder or database may not be written.
   */
  async save(workflow: Workflow, options: SaveOptions = {}): Promise<SaveResult> {
    return await this.#store.save(workflow, options, "saved");
  }

  /**
   * Reads a workflow, changes it and saves it, with no other program in
   * between. The function may run again when an editor wrote meanwhile; it
   * must not save through this store itself.
   *
   * With files, requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param id Id of the workflow.
   * @param edit Changes the workflow it gets, or returns another one of the same id.
   * @param options What the history says, and whether the name must be unique.
   * @returns The revision that is stored now, and whether anything was written.
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If the text cannot be read, or a value cannot be stored.
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
   * With files, requires `--allow-read` for the storage root.
   *
   * @param id Id of the workflow; of a file, its name without `.yaml`.
   * @returns A copy of its own; `revision` tells what was read.
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If the id cannot be a file name or the text cannot be read; `line` and `column` tell where, when known.
   * @throws {PermissionDeniedError} If the file or database may not be read.
   */
  async load(id: string): Promise<Workflow> {
    return copyWorkflow((await this.#store.load(id, "load")).workflow);
  }

  /**
   * Returns where a workflow lies, whether or not it exists.
   *
   * @param id Id of the workflow.
   * @returns Absolute path of the file; in a database, the table and the id.
   */
  abstract pathOf(id: string): string;

  /**
   * Reads the text of a workflow as it is stored, byte for byte, comments included; it need not
   * be valid.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @param id Id of the workflow.
   * @returns The text.
   * @throws {NotFoundError} If there is no such workflow.
   */
  async readText(id: string): Promise<string> {
    const action = actionOf("read", id);
    const stored = await this.#store.texts.read(id, action);
    if (stored === undefined) throw notFound(id, action);
    return stored.text;
  }

  /**
   * Tells what is odd about a text that can be read: values that other readers
   * of YAML take for something else, an id that is not the name of the file.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @param id Id of the workflow.
   * @returns The warnings; none for most.
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If the text cannot be read.
   */
  async inspect(id: string): Promise<FileWarning[]> {
    return fileWarnings(await this.#store.load(id, "inspect"));
  }

  /**
   * Reads the first workflow of a name, in ascending order of ids. Those that
   * cannot be read are passed over; {@linkcode list} reports them.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @param name The name.
   * @returns The workflow, or `undefined` when there is none of this name.
   */
  async findByName(name: string): Promise<Workflow | undefined> {
    return await this.#store.listing.findByName(name);
  }

  /**
   * Reads all workflows. What cannot be read is reported in `invalid`, never
   * thrown. Only what changed since the last call is read again.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @returns The workflows in ascending order of their ids.
   * @throws {PermissionDeniedError} If the folder or database may not be read.
   */
  async list(): Promise<WorkflowList> {
    return await this.#store.listing.list();
  }

  /**
   * Tells the main things about all workflows, thousands of them in no time:
   * only what changed since the last call is read again.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @param filter Which workflows; all by default.
   * @returns The summaries in ascending order of the ids.
   * @throws {PermissionDeniedError} If the folder or database may not be read.
   */
  async summaries(filter: SummaryFilter = {}): Promise<SummaryList> {
    return await this.#store.listing.summaries(filter);
  }

  /**
   * Deletes a workflow. Its history stays, so that it can be restored.
   *
   * With files, requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param id Id of the workflow.
   * @param options What the history says.
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If the id cannot be a file name.
   * @throws {PermissionDeniedError} If the folder or database may not be written.
   */
  async delete(id: string, options: RevisionOptions = {}): Promise<void> {
    await this.#store.delete(id, options);
  }

  /**
   * Writes a text anew in the canonical form: keys of schema version 1 in
   * their order. Comments are lost.
   *
   * With files, requires `--allow-read` and `--allow-write` for the storage root.
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
   * itself writes: complete under bursts, silent about writes that change
   * nothing.
   *
   * With files, requires `--allow-read` for the storage root.
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
   * With files, requires `--allow-read` for the storage root.
   *
   * @param id Id of the workflow.
   * @returns The revisions, newest first.
   * @throws {NotFoundError} If there is neither such a workflow nor a history of one.
   * @throws {InvalidDataError} If no revisions are kept.
   */
  async history(id: string): Promise<WorkflowRevision[]> {
    return await this.#store.revisions.list(id);
  }

  /**
   * Reads a revision.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @param id Id of the workflow.
   * @param revision The revision, its first characters (six or more), or a tag.
   * @returns The workflow as it was.
   * @throws {NotFoundError} If there is no such revision.
   * @throws {InvalidDataError} If several revisions begin so, or no revisions are kept.
   */
  async loadRevision(id: string, revision: string): Promise<Workflow> {
    return copyWorkflow((await this.#store.revisions.load(id, revision)).workflow);
  }

  /**
   * Compares two revisions.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @param id Id of the workflow.
   * @param from A revision or tag.
   * @param to Another one; the stored workflow by default.
   * @returns What differs, by structure and as text.
   * @throws {NotFoundError} If there is no such revision.
   * @throws {InvalidDataError} If one of them cannot be read, or no revisions are kept.
   */
  async diff(id: string, from: string, to?: string): Promise<RevisionDiff> {
    return await this.#store.revisions.diff(id, from, to);
  }

  /**
   * Makes an older revision the stored one, as a new revision.
   *
   * With files, requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param id Id of the workflow, which may have been deleted.
   * @param revision The revision, its first characters, or a tag.
   * @param options What the history says.
   * @returns The revision that is stored now, and whether anything was written.
   * @throws {NotFoundError} If there is no such revision.
   * @throws {InvalidDataError} If it cannot be read, or no revisions are kept.
   */
  async restore(id: string, revision: string, options: RevisionOptions = {}): Promise<SaveResult> {
    return await this.#store.restore(id, revision, options);
  }

  /**
   * Gives a revision a name; pruning keeps it then.
   *
   * With files, requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param id Id of the workflow.
   * @param tag The name; it moves when it named another revision.
   * @param revision The revision; the stored one by default, `null` to take the name away.
   * @throws {NotFoundError} If there is no such revision or name.
   * @throws {InvalidDataError} If the name is empty or holds control characters, or no revisions are kept.
   */
  async tag(id: string, tag: string, revision?: string | null): Promise<void> {
    await this.#store.revisions.tag(id, tag, revision);
  }

  /**
   * Removes old revisions. Those that are tagged, the newest ones and those
   * that `referencedRevisions` names are kept.
   *
   * With files, requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param options How many to keep, and of which workflow.
   * @returns Number of revisions removed.
   * @throws {InvalidDataError} If `keep` is not a whole number from 1, or no revisions are kept.
   */
  async prune(options: PruneOptions = {}): Promise<number> {
    return await this.#store.revisions.prune(options);
  }

  /**
   * Makes a text that can be shared: canonical YAML without secrets.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @param id Id of the workflow.
   * @returns The text, and what was removed.
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If the text cannot be read, or the key of a mapping is a secret.
   */
  async exportWorkflow(id: string): Promise<ExportedWorkflow> {
    return exportWorkflow((await this.#store.load(id, "export")).workflow);
  }

  /**
   * Saves a workflow that was shared, in any dialect, under a free id.
   *
   * Requires `--allow-read` for the file that is imported; with files, also `--allow-read` and
   * `--allow-write` for the storage root.
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
   * With files, requires `--allow-read` for the storage root.
   *
   * @returns Each text with the progress; or why there is none.
   */
  exportAll(): AsyncGenerator<Shared<ExportedWorkflow>> {
    return exportAll(this.#store);
  }

  /**
   * Imports all `.yaml` and `.yml` files of a folder, one by one.
   *
   * Requires `--allow-read` for the folder; with files, also `--allow-read` and `--allow-write` for
   * the storage root.
   *
   * @param folder The folder.
   * @param options What the history says.
   * @returns Each workflow with the progress; or why it was not imported.
   * @throws {PermissionDeniedError} If the folder may not be read.
   */
  importFolder(
    folder: string,
    options: Pick<ImportOptions, "author" | "message"> = {},
  ): AsyncGenerator<Shared<ImportedWorkflow & { id: string }>> {
    return importFolder(this.#store, folder, options);
  }

  /**
   * Lists all ids, ascending, also of what was deleted and has a history.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @returns The ids.
   */
  async archiveIds(): Promise<string[]> {
    return await this.#store.texts.archiveIds();
  }

  /**
   * Returns a hash of all that is kept of an id, the same in every repository
   * that holds the same.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @param id The id.
   * @returns 64 hexadecimal digits; `undefined` when there is nothing.
   * @throws {InvalidDataError} If it cannot be read.
   */
  async archiveDigest(id: string): Promise<string | undefined> {
    return await this.#store.texts.archiveDigest(id);
  }

  /**
   * Reads all that is kept of an id, verbatim.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @param id The id.
   * @returns The text, the revisions and the tags.
   * @throws {NotFoundError} If there is nothing.
   * @throws {InvalidDataError} If it cannot be read.
   */
  async readArchive(id: string): Promise<TextArchive> {
    return await this.#store.texts.readArchive(id);
  }

  /**
   * Stores an archive in place of all that is kept of its id, verbatim: the
   * text need not be a valid one.
   *
   * With files, requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param archive What {@linkcode readArchive} of any repository returned.
   * @param options What is replaced; by default there must be nothing of this id.
   * @throws {ConflictError} If something else is there than what is to be replaced.
   * @throws {AlreadyExistsError} If the id differs from another one only in case.
   * @throws {InvalidDataError} If the repository cannot hold it.
   */
  async writeArchive(archive: TextArchive, options: WriteArchiveOptions = {}): Promise<void> {
    await this.#store.texts.writeArchive(archive, options);
  }
}
