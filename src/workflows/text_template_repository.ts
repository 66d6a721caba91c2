/**
 * Workflow templates as YAML texts, wherever these lie.
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
import type {
  InstantiatedTemplate,
  InstantiateOptions,
  TemplateList,
  TemplateRepository,
} from "../domain/template_repository.ts";
import type { TextArchive, WriteArchiveOptions } from "../domain/text_archive.ts";
import { equalValues, type Mapping } from "../domain/value.ts";
import { instantiateTemplate } from "./instantiate.ts";
import { textsOf, verifyText } from "./prepare_save.ts";
import { refuse } from "./storable.ts";
import { decodeTemplate, encodeTemplate } from "./template_codec.ts";
import type { TextStore } from "./text_store.ts";
import { formatDocument, withSource } from "./yaml_format.ts";
import { readYaml, type YamlDocument } from "./yaml_reader.ts";

/**
 * Workflow templates as YAML texts.
 *
 * @example A template that is stored, and a workflow made of it
 * ```ts
 * import { FilesystemTemplateRepository } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const templates = await FilesystemTemplateRepository.open({ root });
 * await templates.save({
 *   id: "greet",
 *   name: "greet",
 *   parameters: [{ name: "who", type: "string", required: true }],
 *   workflowSpec: { name: "greet {{who}}", nodes: [], edges: [] },
 * });
 * const { workflow } = await templates.instantiate("greet", { who: "Zoë" });
 * assertEquals(workflow.name, "greet Zoë");
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export abstract class TextTemplateRepository implements TemplateRepository {
  readonly #texts: TextStore;

  /**
   * Makes a repository.
   *
   * @param texts The texts.
   */
  protected constructor(texts: TextStore) {
    this.#texts = texts;
  }

  /**
   * Returns where a template lies, whether or not it exists.
   *
   * @param id Id of the template.
   * @returns Absolute path of the file; in a database, the table and the id.
   */
  abstract pathOf(id: string): string;

  /**
   * Reads the text of a template as it is stored, byte for byte, comments included; it need not
   * be valid.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @param id Id of the template.
   * @returns The text.
   * @throws {NotFoundError} If there is no such template.
   */
  async readText(id: string): Promise<string> {
    const action = actionOf("read", id);
    const stored = await this.#texts.read(id, action);
    if (stored === undefined) throw notFound(id, action);
    return stored.text;
  }

  /**
   * Creates or replaces a template, atomically and durably. In a text that
   * exists, only what differs is changed.
   *
   * With files, requires `--allow-read` and `--allow-write` for the storage root.
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
    return await this.#texts.locked(id, action, async (entry) => {
      const stored = await entry.read();
      if (stored === undefined) await entry.refuseSimilar();
      else if (options.ifAbsent) {
        throw new AlreadyExistsError(`${action}: it exists already`, { kind: "template", id });
      }
      const base = stored && readYaml(stored.text, { action, path: stored.path });
      const { value, problems } = encodeTemplate(template, base);
      refuse(action, problems);
      if (base !== undefined && equalValues(base.value, value)) return { changed: false };
      const texts = base === undefined
        ? [{ text: formatDocument(value), rewritten: false }]
        : textsOf(base, value, false);
      for (const candidate of texts) {
        const check = () => verifyText(candidate, value, action) !== undefined;
        if (await entry.write(candidate.text, { check })) return { changed: true };
      }
      throw new InvalidDataError(`${action}: no YAML text says the same`);
    });
  }

  /**
   * Reads a template.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @param id Id of the template.
   * @returns The template, not validated.
   * @throws {NotFoundError} If there is no such template.
   * @throws {InvalidDataError} If it cannot be read.
   */
  async load(id: string): Promise<WorkflowTemplate> {
    return (await this.#load(id)).template;
  }

  async #load(id: string): Promise<{ template: WorkflowTemplate; document: YamlDocument }> {
    const action = actionOf("load", id);
    const stored = await this.#texts.read(id, action);
    if (stored === undefined) throw notFound(id, action);
    const options = { action, path: stored.path };
    const document = readYaml(stored.text, options);
    return { template: decodeTemplate(document, id, options), document };
  }

  /**
   * Reads all templates. What cannot be read is reported in `invalid`, never thrown.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @returns The templates in ascending order of their ids.
   */
  async list(): Promise<TemplateList> {
    const result: TemplateList = { templates: [], invalid: [] };
    for (const id of await this.#texts.ids("Cannot list the templates")) {
      try {
        result.templates.push(await this.load(id));
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        // Deleted since the ids were read.
        if (error instanceof NotFoundError) continue;
        result.invalid.push({ id, path: this.pathOf(id), error });
      }
    }
    return result;
  }

  /**
   * Lists what is wrong with a template.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @param id Id of the template.
   * @returns One sentence per problem.
   * @throws {NotFoundError} If there is no such template.
   * @throws {InvalidDataError} If it cannot be read.
   */
  async problems(id: string): Promise<string[]> {
    return templateProblems(await this.load(id));
  }

  /**
   * Makes a workflow of a template; saves nothing.
   *
   * With files, requires `--allow-read` for the storage root.
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
    const { template, document } = await this.#load(id);
    // As in the file of a workflow, a number in a field of text is the text that stands there.
    const { workflow_spec: spec } = withSource(document.value, document);
    const workflowSpec = (spec ?? template.workflowSpec) as Mapping;
    return instantiateTemplate({ ...template, workflowSpec }, parameters, options);
  }

  /**
   * Deletes a template.
   *
   * With files, requires `--allow-read` and `--allow-write` for the storage root.
   *
   * @param id Id of the template.
   * @throws {NotFoundError} If there is no such template.
   */
  async delete(id: string): Promise<void> {
    const action = actionOf("delete", id);
    if (!await this.#texts.remove(id, action)) throw notFound(id, action);
  }

  /**
   * Lists all ids, ascending, also of what was deleted and has a history.
   *
   * With files, requires `--allow-read` for the storage root.
   *
   * @returns The ids.
   */
  async archiveIds(): Promise<string[]> {
    return await this.#texts.archiveIds();
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
    return await this.#texts.archiveDigest(id);
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
    return await this.#texts.readArchive(id);
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
    await this.#texts.writeArchive(archive, options);
  }
}

function actionOf(verb: string, id: string): string {
  return `Cannot ${verb} template ${JSON.stringify(id)}`;
}

function notFound(id: string, action: string): NotFoundError {
  return new NotFoundError(`${action}: there is no such template`, { kind: "template", id });
}
