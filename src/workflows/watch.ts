/**
 * Watches the workflows of a folder.
 *
 * @module
 */

import { StorageError } from "../domain/errors.ts";
import type { WatchOptions, WorkflowEvent } from "../domain/workflow_events.ts";
import { FolderChanges } from "./folder_changes.ts";
import type { FileOperations } from "./file_operations.ts";
import type { WorkflowEntry } from "./workflow_lister.ts";
import { copyWorkflow } from "./workflow_cache.ts";

/** What watching needs to know. */
export interface WatchContext {
  /** The storage root. */
  root: string;
  /** The folder of the workflows. */
  folder: string;
  /** The file operations. */
  files: FileOperations;
  /** Reads what changed since the last time. */
  entries(): AsyncIterable<WorkflowEntry>;
  /** Revision that this program itself wrote last; `null` when it deleted the workflow. */
  own(id: string): string | null | undefined;
  /** Records what somebody else wrote. */
  notice(id: string): Promise<void>;
}

/** Longest burst after which changes are told all the same, in milliseconds. */
const LONGEST = 1000;

/** Watches the workflows of a folder. */
export async function* watchWorkflows(
  context: WatchContext,
  { signal, initial = false, debounce = 100 }: WatchOptions,
): AsyncGenerator<WorkflowEvent> {
  const { root, folder, files } = context;
  using changes = new FolderChanges(root, folder, files, {
    quiet: debounce,
    longest: LONGEST,
    signal,
  });
  let known = await statesOf(context);
  if (initial) {
    for (const entry of known.values()) {
      if (changes.ended) return;
      yield eventOf(entry, "created");
    }
  }
  while (!changes.ended) {
    await changes.next();
    if (changes.ended) return;
    const before = known;
    known = await statesOf(context);
    for (const id of before.keys()) {
      if (!known.has(id) && context.own(id) !== null) yield { type: "deleted", id };
    }
    for (const [id, current] of known) {
      const old = before.get(id);
      if (old?.state === current.state || context.own(id) === current.state) continue;
      await context.notice(id);
      yield eventOf(current, old === undefined ? "created" : "changed");
    }
  }
}

interface Known {
  /** Revision, or why the file cannot be read. */
  state: string;
  entry: WorkflowEntry;
}

async function statesOf(context: WatchContext): Promise<Map<string, Known>> {
  const states = new Map<string, Known>();
  for await (const entry of context.entries()) {
    const { content } = entry;
    const state = content instanceof StorageError
      ? `invalid: ${content.message}`
      : content.workflow.revision!;
    states.set(entry.id, { state, entry });
  }
  return states;
}

function eventOf({ entry: { id, content } }: Known, type: "created" | "changed"): WorkflowEvent {
  return content instanceof StorageError
    ? { type: "invalid", id, error: content }
    : { type, id, workflow: copyWorkflow(content.workflow) };
}
