/**
 * The parts of the store of workflows, put together.
 *
 * @module
 */

import { join } from "@std/path";
import { StorageError } from "../domain/errors.ts";
import type { Workflow } from "../domain/workflow.ts";
import type { RevisionOptions, RevisionSource } from "../domain/workflow_history.ts";
import type { SaveOptions, SaveResult, WorkflowEdit } from "../domain/workflow_repository.ts";
import { requireAccess } from "../file_errors.ts";
import { resolveRoot } from "../root.ts";
import { type FileOperations, systemFiles } from "./file_operations.ts";
import type { FilesystemWorkflowOptions } from "./repository_options.ts";
import type { WatchContext } from "./watch.ts";
import type { ParsedWorkflow } from "./workflow_cache.ts";
import { type ReadFile, WorkflowFolder } from "./workflow_folder.ts";
import { WorkflowHistory } from "./workflow_history.ts";
import { WorkflowLister } from "./workflow_lister.ts";
import { WorkflowRevisions } from "./workflow_revisions.ts";
import { notFound, WorkflowWriter } from "./workflow_writer.ts";

/** Reads, writes, lists and remembers workflows. */
export class WorkflowStore {
  /** The files. */
  readonly folder: WorkflowFolder;
  /** Lists them. */
  readonly lister: WorkflowLister;
  /** Their revisions. */
  readonly revisions: WorkflowRevisions;
  /** The file operations. */
  readonly files: FileOperations;
  readonly #writer: WorkflowWriter;
  readonly #header: string | undefined;

  /** @param options Where and how. */
  constructor(options: FilesystemWorkflowOptions) {
    const {
      fileMode = 0o644,
      folderMode = 0o755,
      lockTimeout = 30_000,
      history: keepsHistory = true,
      referencedRevisions = () => [],
      schemaUrl,
      files = systemFiles,
    } = options;
    const root = resolveRoot(options.root);
    const name = "workflows";
    const history = keepsHistory ? new WorkflowHistory(root, join(root, name), files) : undefined;
    this.files = files;
    this.folder = new WorkflowFolder({
      root,
      name,
      kind: "workflow",
      fileMode,
      folderMode,
      lockTimeout,
      files,
      beforeSweep: (id) => history?.repair(id),
    });
    this.lister = new WorkflowLister(this.folder);
    this.#writer = new WorkflowWriter(this.folder, history, async (name, except) => {
      const action = `Cannot find workflow ${JSON.stringify(name)}`;
      const other = await this.lister.find(
        action,
        (workflow) => workflow.name === name && workflow.id !== except,
      );
      return other?.id;
    });
    this.revisions = new WorkflowRevisions(this, history, referencedRevisions);
    this.#header = schemaUrl === undefined
      ? undefined
      : `# yaml-language-server: $schema=${schemaUrl}\n`;
  }

  /** Saves a workflow. */
  async save(
    workflow: Workflow,
    options: SaveOptions,
    source: RevisionSource,
    action: string = actionOf("save", workflow.id),
  ): Promise<SaveResult> {
    const { author, message } = options;
    const change = { source, author, message, header: this.#header };
    return await this.#writer.save(workflow, options, change, action);
  }

  /** Reads, changes and saves a workflow. */
  async update(
    id: string,
    edit: WorkflowEdit,
    options: SaveOptions,
  ): Promise<SaveResult> {
    const { author, message } = options;
    const change = { source: "saved" as const, author, message };
    return await this.#writer.update(id, edit, options, change, actionOf("update", id));
  }

  /** Reads a file, which must exist; records what somebody else made of it. */
  async read(id: string, action: string): Promise<ReadFile> {
    const file = this.folder.read(id, action);
    if (file === undefined) throw notFound(id, action);
    await this.notice(id, file);
    return file;
  }

  /** Reads a workflow, which must exist. */
  async load(id: string, verb: string): Promise<ParsedWorkflow> {
    const action = actionOf(verb, id);
    const file = this.folder.read(id, action);
    if (file === undefined) throw notFound(id, action);
    const parsed = this.#writer.recent.parse(id, file.text, action, file.path);
    await this.notice(id, file);
    return parsed;
  }

  /**
   * Records what somebody else made of a file that has a history, where
   * writing is possible; reading must not fail because it is not.
   *
   * @returns Whether the last revision is that of the file.
   */
  async notice(id: string, file: ReadFile): Promise<boolean> {
    try {
      return await this.#writer.notice(id, file, actionOf("record a revision of", id));
    } catch (error) {
      if (error instanceof StorageError) return false;
      throw error;
    }
  }

  /** Deletes a workflow. */
  async delete(id: string, options: RevisionOptions): Promise<void> {
    await this.#writer.delete(id, options, actionOf("delete", id));
  }

  /** Writes a file in the canonical form. */
  async normalize(id: string, options: RevisionOptions): Promise<SaveResult> {
    const change = { ...options, source: "saved" as const };
    return await this.#writer.normalize(id, change, actionOf("normalize", id));
  }

  /** Makes an older revision the stored one. */
  async restore(id: string, name: string, options: RevisionOptions): Promise<SaveResult> {
    const action = actionOf("restore", id);
    const { text } = this.revisions.text(id, name, action);
    return await this.#writer.restore(id, text, { ...options, source: "restored" }, action);
  }

  /** Runs a function while nobody else writes. */
  async locked<T>(id: string, action: string, run: () => Promise<T>): Promise<T> {
    return await this.folder.locked(id, action, run);
  }

  /** What watching needs to know. */
  watchContext(): WatchContext {
    const action = "Cannot watch the workflows";
    const { root, path: folder } = this.folder;
    requireAccess(action, root, root, "read");
    // A lister of its own: others may list in between.
    const lister = new WorkflowLister(this.folder);
    return {
      root,
      folder,
      files: this.files,
      entries: () => lister.entries(action),
      own: (id) => this.#writer.own(id),
      notice: async (id) => {
        const file = this.folder.read(id, action);
        if (file !== undefined) await this.notice(id, file);
      },
    };
  }
}

/** Returns what is being done, for messages. */
export function actionOf(verb: string, id: string): string {
  return `Cannot ${verb} workflow ${JSON.stringify(id)}`;
}
