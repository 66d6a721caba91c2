/**
 * Workflows as YAML files.
 *
 * @module
 */

import { InvalidDataError, NotFoundError, StorageError } from "../domain/errors.ts";
import type { Workflow } from "../domain/workflow.ts";
import type {
  SaveResult,
  WorkflowList,
  WorkflowRepository,
} from "../domain/workflow_repository.ts";
import { resolveRoot } from "../root.ts";
import type { DecodedWorkflow } from "./decode.ts";
import { type FileOperations, systemFiles } from "./file_operations.ts";
import { pauser } from "./pause.ts";
import { type PreparedSave, prepareSave, verifyText } from "./prepare_save.ts";
import {
  copyWorkflow,
  decodeDocument,
  ListedWorkflows,
  RecentWorkflows,
} from "./workflow_cache.ts";
import { type ReadFile, stampOf, WorkflowFolder } from "./workflow_folder.ts";
import type { YamlDocument } from "./yaml_reader.ts";

/** Options of {@linkcode FilesystemWorkflowRepository.open}. */
export interface FilesystemWorkflowOptions {
  /**
   * Storage root; files lie in its folder `workflows`.
   *
   * @default {"GOFLOW_CONFIG_DIR, else .goflow in the home folder"}
   */
  root?: string | undefined;
  /**
   * Mode of new files; the mask of the process applies.
   *
   * @default {0o644}
   */
  fileMode?: number | undefined;
  /**
   * Mode of new folders; the mask of the process applies.
   *
   * @default {0o755}
   */
  folderMode?: number | undefined;
  /**
   * How long to wait for other writers, in milliseconds.
   *
   * @default {30000}
   */
  lockTimeout?: number | undefined;
  /**
   * The file operations; for tests.
   *
   * @default {systemFiles}
   */
  files?: FileOperations | undefined;
}

/**
 * Workflows as YAML files that people and programs edit together:
 * `<root>/workflows/<id>.yaml`. Saving is atomic and durable; what did not
 * change keeps its source text, comments included.
 *
 * Requires `--allow-read` for the storage root, and `--allow-write` as well
 * for `save` and `delete`.
 *
 * @example Save and load
 * ```ts
 * import { FilesystemWorkflowRepository, Workflow } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const workflows = await FilesystemWorkflowRepository.open({ root });
 *
 * const workflow = Workflow.create("greet", "Says hello");
 * workflow.addNode({ id: "start", type: "start" });
 * await workflows.save(workflow);
 *
 * const loaded = await workflows.load(workflow.id);
 * assertEquals(loaded.nodes, [{ id: "start", type: "start" }]);
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export class FilesystemWorkflowRepository implements WorkflowRepository {
  /** Absolute path of the storage root. */
  readonly root: string;
  readonly #folder: WorkflowFolder;
  readonly #recent = new RecentWorkflows();
  readonly #listed = new ListedWorkflows();

  private constructor(folder: WorkflowFolder) {
    this.root = folder.root;
    this.#folder = folder;
  }

  /**
   * Opens the repository; creates nothing until something is saved.
   *
   * @param options Where the files lie, and their modes.
   * @returns The repository.
   * @throws {PermissionDeniedError} If the default root is wanted and the environment may not be read.
   */
  static open(
    options: FilesystemWorkflowOptions = {},
  ): Promise<FilesystemWorkflowRepository> {
    return Promise.try(() => {
      const {
        root,
        fileMode = 0o644,
        folderMode = 0o755,
        lockTimeout = 30_000,
        files = systemFiles,
      } = options;
      return new FilesystemWorkflowRepository(
        new WorkflowFolder({
          root: resolveRoot(root),
          name: "workflows",
          kind: "workflow",
          fileMode,
          folderMode,
          lockTimeout,
          files,
        }),
      );
    });
  }

  /**
   * Returns the path of the file of a workflow, whether or not it exists.
   *
   * @param id Id of the workflow.
   * @returns The absolute path.
   */
  pathOf(id: string): string {
    return this.#folder.pathOf(id);
  }

  /**
   * Creates or replaces a workflow, atomically and durably. In a file that
   * exists, only what differs is changed: the rest keeps its text, its order
   * and its comments. Sets `metadata.lastModified` in the file when anything
   * changed.
   *
   * Requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param workflow The workflow; it is not changed and need not be valid.
   * @returns The revision that is stored now, and whether anything was written.
   * @throws {InvalidDataError} If the id cannot be a file name, a value cannot be stored, or the file that exists cannot be read.
   * @throws {AlreadyExistsError} If the id differs from that of another workflow only in case.
   * @throws {PermissionDeniedError} If the folder may not be written.
   */
  async save(workflow: Workflow): Promise<SaveResult> {
    const { id } = workflow;
    const action = `Cannot save workflow ${quote(id)}`;
    return await this.#folder.locked(id, action, () => this.#save(workflow, action));
  }

  async #save(workflow: Workflow, action: string): Promise<SaveResult> {
    const { id } = workflow;
    const current = this.#folder.read(id, action);
    if (current === undefined) this.#folder.refuseSimilar(id, action);
    const base = current && this.#recent.parse(id, current.text, action, current.path);
    const prepared = prepareSave(workflow, base?.document, { action, now: new Date() });
    if (base !== undefined && prepared === undefined) {
      return { revision: base.revision, changed: false };
    }
    return await this.#write(id, prepared!, current, action);
  }

  /** Writes the first text that says what was meant. */
  async #write(
    id: string,
    { value, texts }: PreparedSave,
    replaces: ReadFile | undefined,
    action: string,
  ): Promise<SaveResult> {
    for (const candidate of texts) {
      const { text, rewritten } = candidate;
      let document: YamlDocument | undefined;
      const written = await this.#folder.write(id, text, action, {
        replaces,
        check: () => (document = verifyText(candidate, value, action)) !== undefined,
      });
      if (!written || document === undefined) continue;
      const parsed = decodeDocument(id, document, action);
      this.#recent.put(id, parsed);
      const { revision } = parsed;
      return { revision, changed: true, ...(rewritten && replaces ? { rewritten } : {}) };
    }
    throw new InvalidDataError(`${action}: no YAML text says the same`);
  }

  /**
   * Reads a workflow.
   *
   * Requires `--allow-read` for the storage root.
   *
   * @param id Id of the workflow: the name of its file without `.yaml`.
   * @returns A copy of its own; `revision` tells what was read.
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If the id cannot be a file name or the file cannot be read; `line` and `column` tell where, when known.
   * @throws {PermissionDeniedError} If the file may not be read.
   */
  load(id: string): Promise<Workflow> {
    return Promise.try(() => {
      const action = `Cannot load workflow ${quote(id)}`;
      const file = this.#folder.read(id, action);
      if (file === undefined) throw notFound(id, action);
      return copyWorkflow(this.#recent.parse(id, file.text, action, file.path).workflow);
    });
  }

  /**
   * Reads the first workflow of a name, in ascending order of ids. Files that
   * cannot be read are passed over; {@linkcode list} reports them.
   *
   * Requires `--allow-read` for the storage root.
   *
   * @param name The name.
   * @returns The workflow, or `undefined` when there is none of this name.
   * @throws {PermissionDeniedError} If the folder may not be read.
   */
  async findByName(name: string): Promise<Workflow | undefined> {
    for await (const { content } of this.#files(`Cannot find workflow ${quote(name)}`)) {
      if (content instanceof StorageError || content.workflow.name !== name) continue;
      return copyWorkflow(content.workflow);
    }
    return undefined;
  }

  /**
   * Reads all workflows. What cannot be read is reported in `invalid`, never
   * thrown. Only files that changed since the last call are parsed again.
   *
   * Requires `--allow-read` for the storage root.
   *
   * @returns The workflows in ascending order of their ids.
   * @throws {PermissionDeniedError} If the folder may not be read.
   */
  async list(): Promise<WorkflowList> {
    const result: WorkflowList = { workflows: [], invalid: [], warnings: [] };
    for await (const { id, path, content } of this.#files("Cannot list the workflows")) {
      if (content instanceof StorageError) {
        result.invalid.push({ id, path, error: content });
        continue;
      }
      result.workflows.push(copyWorkflow(content.workflow));
      if (content.idInFile === undefined) continue;
      const message = `The file says that the id is "${content.idInFile}", its name "${id}" wins`;
      result.warnings.push({ id, path, message });
    }
    return result;
  }

  async *#files(action: string): AsyncGenerator<WorkflowFile> {
    const ids = this.#folder.ids(action);
    this.#listed.keep(new Set(ids));
    const pause = pauser();
    for (const id of ids) {
      await pause();
      const path = this.#folder.pathOf(id);
      try {
        const found = this.#folder.find(id, action);
        // Deleted since the folder was read.
        if (found === undefined) continue;
        const source = {
          stamp: stampOf(found.info),
          modified: found.info.mtime ?? new Date(),
          read: () => this.#folder.readFound(found, action).text,
        };
        yield { id, path, content: this.#listed.get(id, path, source).content };
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        yield { id, path, content: error };
      }
    }
  }

  /**
   * Deletes a workflow.
   *
   * Requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param id Id of the workflow.
   * @throws {NotFoundError} If there is no such workflow.
   * @throws {InvalidDataError} If the id cannot be a file name.
   * @throws {PermissionDeniedError} If the folder may not be written.
   */
  async delete(id: string): Promise<void> {
    const action = `Cannot delete workflow ${quote(id)}`;
    this.#folder.requireWriteAccess(id, action);
    if (!this.#folder.exists(id, action)) throw notFound(id, action);
    await this.#folder.locked(id, action, async () => {
      if (!this.#folder.exists(id, action)) throw notFound(id, action);
      await this.#folder.remove(id, action);
      this.#recent.forget(id);
    });
  }
}

interface WorkflowFile {
  id: string;
  path: string;
  content: DecodedWorkflow | StorageError;
}

function quote(id: string): string {
  return JSON.stringify(id) ?? String(id);
}

function notFound(id: string, action: string): NotFoundError {
  return new NotFoundError(`${action}: there is no such workflow`, { kind: "workflow", id });
}
