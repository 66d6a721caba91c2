/**
 * Lists the files of a folder; only what changed since the last time is read.
 *
 * @module
 */

import { StorageError } from "../domain/errors.ts";
import type {
  SummaryFilter,
  SummaryList,
  WorkflowList,
  WorkflowSummary,
} from "../domain/workflow_repository.ts";
import type { Workflow } from "../domain/workflow.ts";
import { requireAccess } from "../file_errors.ts";
import { FolderChanges } from "./folder_changes.ts";
import { pauser } from "../pause.ts";
import { matches } from "./summary_filter.ts";
import type { WatchedEntry, WatchSource } from "./watch.ts";
import { addToList, copyWorkflow, type ListedFile, ListedWorkflows } from "./workflow_cache.ts";
import { stampOf, writtenBy } from "./listed_file.ts";
import type { FoundFile, WorkflowFiles } from "./workflow_files.ts";
import type { WorkflowListing } from "./workflow_store.ts";

/** A file of the folder. */
export interface WorkflowEntry {
  /** Id of the workflow. */
  id: string;
  /** Absolute path of the file. */
  path: string;
  /** What the system knows of the file; absent when it cannot be read. */
  found?: FoundFile;
  /** The workflow, or why it cannot be read; not to be changed. */
  content: ListedFile["content"];
}

/** Lists the files of workflows. */
export class WorkflowLister implements WorkflowListing {
  readonly #folder: WorkflowFiles;
  readonly #listed = new ListedWorkflows();

  /** @param folder The folder. */
  constructor(folder: WorkflowFiles) {
    this.#folder = folder;
  }

  /** Reads all workflows. */
  async list(): Promise<WorkflowList> {
    const result: WorkflowList = { workflows: [], invalid: [], warnings: [] };
    for await (const entry of this.entries("Cannot list the workflows")) addToList(result, entry);
    return result;
  }

  /** Tells the main things about all workflows. */
  async summaries(filter: SummaryFilter): Promise<SummaryList> {
    const result: SummaryList = { summaries: [], invalid: [] };
    for await (const entry of this.entries("Cannot list the workflows")) {
      const { id, path, content, found } = entry;
      if (content instanceof StorageError) {
        result.invalid.push({ id, path, error: content });
        continue;
      }
      const summary = summaryOf(content.workflow, found!);
      if (matches(summary, filter)) result.summaries.push(summary);
    }
    return result;
  }

  /** Finds the first workflow of a name, in ascending order of ids. */
  async findByName(name: string, except?: string): Promise<Workflow | undefined> {
    for await (const { content } of this.entries(`Cannot find workflow ${JSON.stringify(name)}`)) {
      if (content instanceof StorageError) continue;
      const { workflow } = content;
      if (workflow.name === name && workflow.id !== except) return copyWorkflow(workflow);
    }
    return undefined;
  }

  /** What watching needs to know. */
  watched(): WatchSource {
    const action = "Cannot watch the workflows";
    const { root, path, files } = this.#folder;
    requireAccess(action, root, root, "read");
    // A lister of its own: others may list in between.
    const lister = new WorkflowLister(this.#folder);
    return {
      changes: (times) => new FolderChanges(root, path, files, times),
      async *entries() {
        for await (const { id, content } of lister.entries(action)) yield watched(id, content);
      },
    };
  }

  /** Reads what changed; the content of all the others is what it was. */
  async *entries(action: string): AsyncGenerator<WorkflowEntry> {
    const ids = this.#folder.ids(action);
    this.#listed.keep(new Set(ids));
    const pause = pauser();
    for (const id of ids) {
      const paused = pause();
      if (paused !== undefined) await paused;
      const entry = this.#entry(id, action);
      if (entry !== undefined) yield entry;
    }
  }

  #entry(id: string, action: string): WorkflowEntry | undefined {
    const path = this.#folder.pathOf(id);
    try {
      const found = this.#folder.findListed(id, action);
      // Deleted since the folder was read.
      if (found === undefined) return undefined;
      const { content } = this.#listed.get(id, path, {
        stamp: stampOf(found.info),
        modified: writtenBy(found.info),
        read: () => this.#folder.readFound(found, action).text,
      });
      return { id, path, found, content };
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return { id, path, content: error };
    }
  }
}

function watched(id: string, content: WorkflowEntry["content"]): WatchedEntry {
  return content instanceof StorageError
    ? { id, state: `invalid: ${content.message}`, content: () => content }
    : {
      id,
      state: content.workflow.revision!,
      content: () => copyWorkflow(content.workflow),
    };
}

function summaryOf(workflow: Workflow, { info }: FoundFile): WorkflowSummary {
  const { id, name, version, description, metadata, revision } = workflow;
  return {
    id,
    name,
    version,
    ...(description === undefined ? {} : { description }),
    tags: [...metadata.tags ?? []],
    size: info.size,
    modified: info.mtime ?? new Date(0),
    revision: revision!,
  };
}
