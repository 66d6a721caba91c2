/**
 * Workflow templates as YAML files.
 *
 * @module
 */

import {
  AlreadyExistsError,
  InvalidDataError,
  NotFoundError,
  StorageError,
} from "../domain/errors.ts";
import { templateProblems, type WorkflowTemplate } from "../domain/template.ts";
import { equalValues } from "../domain/value.ts";
import type {
  InstantiatedTemplate,
  InstantiateOptions,
  TemplateList,
  TemplateRepository,
} from "../domain/template_repository.ts";
import { resolveRoot } from "../root.ts";
import { systemFiles } from "./file_operations.ts";
import { instantiateTemplate } from "./instantiate.ts";
import { textsOf, verifyText } from "./prepare_save.ts";
import type { FilesystemWorkflowOptions } from "./repository_options.ts";
import { refuse } from "./storable.ts";
import { decodeTemplate, encodeTemplate } from "./template_codec.ts";
import { WorkflowFolder } from "./workflow_folder.ts";
import { formatDocument } from "./yaml_format.ts";
import { readYaml } from "./yaml_reader.ts";

/** Options of {@linkcode FilesystemTemplateRepository.open}. */
export type FilesystemTemplateOptions = Pick<
  FilesystemWorkflowOptions,
  "root" | "fileMode" | "folderMode" | "lockTimeout" | "files"
>;

/**
 * Workflow templates as YAML files: `<root>/templates/<id>.yaml`.
 *
 * Requires `--allow-read` for the storage root, and `--allow-write` as well
 * for `save` and `delete`.
 *
 * @example Save and instantiate
 * ```ts
 * import { FilesystemTemplateRepository } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const templates = await FilesystemTemplateRepository.open({ root });
 * await templates.save({
 *   id: "wait",
 *   name: "wait",
 *   parameters: [{ name: "seconds", type: "number", default: 5 }],
 *   workflowSpec: {
 *     nodes: [
 *       { id: "start", type: "start" },
 *       { id: "end", type: "end", config: { return: "{{seconds}}" } },
 *     ],
 *     edges: [{ from: "start", to: "end" }],
 *   },
 * });
 * const { workflow } = await templates.instantiate("wait", { seconds: 7 });
 * assertEquals(workflow.nodes[1], { id: "end", type: "end", return: 7 });
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export class FilesystemTemplateRepository implements TemplateRepository {
  /** Absolute path of the storage root. */
  readonly root: string;
  readonly #folder: WorkflowFolder;

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
  static open(options: FilesystemTemplateOptions = {}): Promise<FilesystemTemplateRepository> {
    return Promise.try(() => {
      const {
        root,
        fileMode = 0o644,
        folderMode = 0o755,
        lockTimeout = 30_000,
        files = systemFiles,
      } = options;
      return new FilesystemTemplateRepository(
        new WorkflowFolder({
          root: resolveRoot(root),
          name: "templates",
          kind: "template",
          fileMode,
          folderMode,
          lockTimeout,
          files,
        }),
      );
    });
  }

  /**
   * Returns the path of the file of a template, whether or not it exists.
   *
   * @param id Id of the template.
   * @returns The absolute path.
   */
  pathOf(id: string): string {
    return this.#folder.pathOf(id);
  }

  /**
   * Creates or replaces a template, atomically and durably. In a file that
   * exists, only what differs is changed.
   *
   * Requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param template The template; it need not be valid.
   * @param options Whether it must not exist yet.
   * @returns Whether anything was written.
   * @throws {InvalidDataError} If the id cannot be a file name, or a value cannot be stored.
   * @throws {AlreadyExistsError} If there is such a template and there must not be.
   */
  async save(
    template: WorkflowTemplate,
    options: { ifAbsent?: boolean } = {},
  ): Promise<{ changed: boolean }> {
    const { id } = template;
    const action = actionOf("save", id);
    return await this.#folder.locked(id, action, async () => {
      const file = this.#folder.read(id, action);
      if (file === undefined) this.#folder.refuseSimilar(id, action);
      else if (options.ifAbsent) {
        throw new AlreadyExistsError(`${action}: it exists already`, { kind: "template", id });
      }
      const base = file && readYaml(file.text, { action, path: file.path });
      const { value, problems } = encodeTemplate(template, base);
      refuse(action, problems);
      if (base !== undefined && equalValues(base.value, value)) return { changed: false };
      const texts = base === undefined
        ? [{ text: formatDocument(value), rewritten: false }]
        : textsOf(base, value, false);
      for (const candidate of texts) {
        const check = () => verifyText(candidate, value, action) !== undefined;
        const options = { replaces: file, check };
        if (await this.#folder.write(id, candidate.text, action, options)) return { changed: true };
      }
      throw new InvalidDataError(`${action}: no YAML text says the same`);
    });
  }

  /**
   * Reads a template.
   *
   * Requires `--allow-read` for the storage root.
   *
   * @param id Id of the template.
   * @returns The template, not validated.
   * @throws {NotFoundError} If there is no such template.
   * @throws {InvalidDataError} If it cannot be read.
   */
  load(id: string): Promise<WorkflowTemplate> {
    return Promise.try(() => this.#load(id, actionOf("load", id)));
  }

  #load(id: string, action: string): WorkflowTemplate {
    const file = this.#folder.read(id, action);
    if (file === undefined) throw notFound(id, action);
    const options = { action, path: file.path };
    return decodeTemplate(readYaml(file.text, options), id, options);
  }

  /**
   * Reads all templates. What cannot be read is reported in `invalid`, never thrown.
   *
   * Requires `--allow-read` for the storage root.
   *
   * @returns The templates in ascending order of their ids.
   */
  list(): Promise<TemplateList> {
    return Promise.try(() => {
      const result: TemplateList = { templates: [], invalid: [] };
      for (const id of this.#folder.ids("Cannot list the templates")) {
        try {
          result.templates.push(this.#load(id, actionOf("load", id)));
        } catch (error) {
          if (!(error instanceof StorageError)) throw error;
          result.invalid.push({ id, path: this.pathOf(id), error });
        }
      }
      return result;
    });
  }

  /**
   * Lists what is wrong with a template.
   *
   * @param id Id of the template.
   * @returns One sentence per problem.
   * @throws {NotFoundError} If there is no such template.
   */
  async problems(id: string): Promise<string[]> {
    return templateProblems(await this.load(id));
  }

  /**
   * Makes a workflow of a template; saves nothing.
   *
   * @param id Id of the template.
   * @param parameters Values of its parameters.
   * @param options Id and name of the workflow.
   * @returns The workflow, and the invariants that it breaks.
   * @throws {NotFoundError} If there is no such template.
   * @throws {InvalidDataError} If the template or the values are wrong; `problems` lists all.
   */
  async instantiate(
    id: string,
    parameters: Readonly<Record<string, unknown>> = {},
    options: InstantiateOptions = {},
  ): Promise<InstantiatedTemplate> {
    return instantiateTemplate(await this.load(id), parameters, options);
  }

  /**
   * Deletes a template.
   *
   * Requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param id Id of the template.
   * @throws {NotFoundError} If there is no such template.
   */
  async delete(id: string): Promise<void> {
    const action = actionOf("delete", id);
    this.#folder.requireWriteAccess(id, action);
    if (!this.#folder.exists(id, action)) throw notFound(id, action);
    await this.#folder.locked(id, action, async () => {
      if (!this.#folder.exists(id, action)) throw notFound(id, action);
      await this.#folder.remove(id, action);
    });
  }
}

function actionOf(verb: string, id: string): string {
  return `Cannot ${verb} template ${JSON.stringify(id)}`;
}

function notFound(id: string, action: string): NotFoundError {
  return new NotFoundError(`${action}: there is no such template`, { kind: "template", id });
}
