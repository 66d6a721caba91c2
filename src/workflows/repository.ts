/**
 * Workflows as YAML files.
 *
 * @module
 */

import { join } from "../paths.ts";
import { FileTexts } from "./file_texts.ts";
import { type FilesystemWorkflowOptions, resolveFolderOptions } from "./repository_options.ts";
import { TextWorkflowRepository } from "./text_workflow_repository.ts";
import { WorkflowFolder } from "./workflow_folder.ts";
import { WorkflowHistory } from "./workflow_history.ts";
import { requireId } from "./workflow_id.ts";
import { WorkflowLister } from "./workflow_lister.ts";
import { WorkflowStore } from "./workflow_store.ts";

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
export class FilesystemWorkflowRepository extends TextWorkflowRepository {
  /** Absolute path of the storage root. */
  readonly root: string;
  readonly #folder: WorkflowFolder;

  private constructor(folder: WorkflowFolder, store: WorkflowStore) {
    super(store);
    this.root = folder.root;
    this.#folder = folder;
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
    return Promise.try(() => {
      const { history: keepsHistory = true, referencedRevisions, schemaUrl } = options;
      const resolved = resolveFolderOptions(options);
      const { root, files } = resolved;
      const name = "workflows";
      const history = keepsHistory ? new WorkflowHistory(root, join(root, name), files) : undefined;
      const folder = new WorkflowFolder({
        ...resolved,
        name,
        kind: "workflow",
        beforeSweep: (id) => history?.repair(id),
      });
      const listing = new WorkflowLister(folder);
      const texts = new FileTexts(
        folder,
        history,
        async (name, except) => (await listing.findByName(name, except))?.id,
      );
      const parts = { texts, listing, referencedRevisions, schemaUrl };
      return new FilesystemWorkflowRepository(folder, new WorkflowStore(parts));
    });
  }

  /**
   * Returns the path of the file of a workflow, whether or not it exists.
   *
   * @param id Id of the workflow.
   * @returns The absolute path.
   */
  override pathOf(id: string): string {
    // Other ids that no workflow may have are names of files that list() reports.
    if (/[/\\]/.test(id)) requireId(id, "Cannot tell the path of a workflow");
    return this.#folder.pathOf(id);
  }
}
