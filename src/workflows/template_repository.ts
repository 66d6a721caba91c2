/**
 * Workflow templates as YAML files.
 *
 * @module
 */

import { FileTexts } from "./file_texts.ts";
import { type FilesystemWorkflowOptions, resolveFolderOptions } from "./repository_options.ts";
import { TextTemplateRepository } from "./text_template_repository.ts";
import { WorkflowFolder } from "./workflow_folder.ts";

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
export class FilesystemTemplateRepository extends TextTemplateRepository {
  /** Absolute path of the storage root. */
  readonly root: string;
  readonly #folder: WorkflowFolder;

  private constructor(folder: WorkflowFolder) {
    super(new FileTexts(folder));
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
      const resolved = resolveFolderOptions(options);
      return new FilesystemTemplateRepository(
        new WorkflowFolder({ ...resolved, name: "templates", kind: "template" }),
      );
    });
  }

  /**
   * Returns the path of the file of a template, whether or not it exists.
   *
   * @param id Id of the template.
   * @returns The absolute path.
   */
  override pathOf(id: string): string {
    return this.#folder.pathOf(id);
  }
}
