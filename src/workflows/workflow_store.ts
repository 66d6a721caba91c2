/**
 * The parts of a store of workflows, put together over texts that lie anywhere.
 *
 * @module
 */

import { StorageError } from "../domain/errors.ts";
import type { Workflow } from "../domain/workflow.ts";
import type { RevisionOptions, RevisionSource } from "../domain/workflow_history.ts";
import type {
  SaveOptions,
  SaveResult,
  SummaryFilter,
  SummaryList,
  WorkflowEdit,
  WorkflowList,
} from "../domain/workflow_repository.ts";
import type { TextStore } from "./text_store.ts";
import type { WatchContext, WatchSource } from "./watch.ts";
import type { ParsedWorkflow } from "./workflow_cache.ts";
import { type ReferencedRevisions, WorkflowRevisions } from "./workflow_revisions.ts";
import { notFound, WorkflowWriter } from "./workflow_writer.ts";

/** Lists workflows without reading more than needed. */
export interface WorkflowListing {
  /** Reads all workflows. */
  list(): Promise<WorkflowList>;
  /** Tells the main things about all workflows. */
  summaries(filter: SummaryFilter): Promise<SummaryList>;
  /** Reads the first workflow of a name, in ascending order of ids. */
  findByName(name: string): Promise<Workflow | undefined>;
  /** What is there to be watched. */
  watched(): WatchSource;
}

/** What a store is made of. */
export interface StoreParts {
  /** The texts. */
  texts: TextStore;
  /** Lists them. */
  listing: WorkflowListing;
  /** Finds the revisions that must survive pruning. */
  referencedRevisions?: ReferencedRevisions | undefined;
  /** Address of a JSON Schema, put into the first line of new texts for editors. */
  schemaUrl?: string | undefined;
}

/** Reads, writes, lists and remembers workflows. */
export class WorkflowStore {
  /** The texts. */
  readonly texts: TextStore;
  /** Lists them. */
  readonly listing: WorkflowListing;
  /** Their revisions. */
  readonly revisions: WorkflowRevisions;
  readonly #writer: WorkflowWriter;

  /** @param parts What it is made of. */
  constructor({ texts, listing, referencedRevisions = () => [], schemaUrl }: StoreParts) {
    this.texts = texts;
    this.listing = listing;
    this.revisions = new WorkflowRevisions(texts, referencedRevisions);
    const header = schemaUrl === undefined ? "" : `# yaml-language-server: $schema=${schemaUrl}\n`;
    this.#writer = new WorkflowWriter(texts, header);
  }

  /** Saves a workflow. */
  async save(
    workflow: Workflow,
    options: SaveOptions,
    source: RevisionSource,
    action: string = actionOf("save", workflow.id),
  ): Promise<SaveResult> {
    const { author, message } = options;
    return await this.#writer.save(workflow, options, { source, author, message }, action);
  }

  /** Reads, changes and saves a workflow. */
  async update(id: string, edit: WorkflowEdit, options: SaveOptions): Promise<SaveResult> {
    const { author, message } = options;
    const change = { source: "saved" as const, author, message };
    return await this.#writer.update(id, edit, options, change, actionOf("update", id));
  }

  /** Reads a workflow, which must exist; records what somebody else made of it. */
  async load(id: string, verb: string): Promise<ParsedWorkflow> {
    const action = actionOf(verb, id);
    const stored = await this.texts.read(id, action);
    if (stored === undefined) throw notFound(id, action);
    const parsed = this.#writer.recent.parse(id, stored.text, action, stored.path);
    await this.texts.notice(id, stored);
    return parsed;
  }

  /** Deletes a workflow. */
  async delete(id: string, options: RevisionOptions): Promise<void> {
    await this.#writer.delete(id, options, actionOf("delete", id));
  }

  /** Writes a text in the canonical form. */
  async normalize(id: string, options: RevisionOptions): Promise<SaveResult> {
    const change = { ...options, source: "saved" as const };
    return await this.#writer.normalize(id, change, actionOf("normalize", id));
  }

  /** Makes an older revision the stored one. */
  async restore(id: string, name: string, options: RevisionOptions): Promise<SaveResult> {
    const action = actionOf("restore", id);
    const { text } = await this.revisions.text(id, name, action);
    return await this.#writer.restore(id, text, { ...options, source: "restored" }, action);
  }

  /** What watching needs to know. */
  watchContext(): WatchContext {
    return {
      ...this.listing.watched(),
      own: this.#writer.own,
      notice: async (id) => {
        try {
          const stored = await this.texts.read(id, "Cannot watch the workflows");
          if (stored !== undefined) await this.texts.notice(id, stored);
        } catch (error) {
          // What cannot be read is told as invalid, and cannot be recorded.
          if (!(error instanceof StorageError)) throw error;
        }
      },
    };
  }
}

/** Returns what is being done, for messages. */
export function actionOf(verb: string, id: string): string {
  return `Cannot ${verb} workflow ${JSON.stringify(id)}`;
}
