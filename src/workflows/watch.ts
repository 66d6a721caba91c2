/**
 * Watches workflows.
 *
 * @module
 */

import { StorageError } from "../domain/errors.ts";
import type { Workflow } from "../domain/workflow.ts";
import type { WatchOptions, WorkflowEvent } from "../domain/workflow_events.ts";
import type { OwnWrites } from "./own_writes.ts";
import type { Awaitable } from "./text_store.ts";

/** Tells when something may have changed. */
export interface Changes extends Disposable {
  /** Whether the watching has ended. */
  readonly ended: boolean;
  /** Waits until something happened and then nothing for a while. */
  next(): Promise<void>;
}

/** A stored workflow, as watching sees it. */
export interface WatchedEntry {
  /** Id of the workflow. */
  id: string;
  /** Its revision, or why it cannot be read. */
  state: string;
  /** Returns the workflow or why it cannot be read; `undefined` when it is gone. */
  content(): Awaitable<Workflow | StorageError | undefined>;
}

/** Where the workflows lie that are watched. */
export interface WatchSource {
  /** Begins to look for changes. */
  changes(options: WatchTimes): Changes;
  /** Reads what changed since the last time. */
  entries(): AsyncIterable<WatchedEntry>;
}

/** What watching needs to know. */
export interface WatchContext extends WatchSource {
  /** What this program itself wrote. */
  own: OwnWrites;
  /** Records what somebody else wrote. */
  notice(id: string): Promise<void>;
}

/** How long to wait, and until when. */
export interface WatchTimes {
  /** Quiet time that ends a burst, in milliseconds. */
  quiet: number;
  /** Longest burst, in milliseconds. */
  longest: number;
  /** Ends the watching. */
  signal?: AbortSignal | undefined;
}

/** Longest burst after which changes are told all the same, in milliseconds. */
const LONGEST = 1000;

/** Watches workflows. */
export async function* watchWorkflows(
  context: WatchContext,
  { signal, initial = false, debounce = 100 }: WatchOptions,
): AsyncGenerator<WorkflowEvent> {
  using changes = context.changes({ quiet: debounce, longest: LONGEST, signal });
  const { own } = context;
  let turn = own.turn;
  let known = await statesOf(context);
  if (initial) {
    for (const entry of known.values()) {
      if (changes.ended) return;
      yield* eventsOf(entry, "created");
    }
  }
  while (!changes.ended) {
    await changes.next();
    if (changes.ended) return;
    const before = known;
    const since = turn;
    turn = own.turn;
    known = await statesOf(context);
    for (const id of before.keys()) {
      if (!known.has(id) && own.since(id, since) !== null) yield { type: "deleted", id };
    }
    for (const [id, current] of known) {
      const old = before.get(id);
      if (old?.state === current.state || own.since(id, since) === current.state) continue;
      await context.notice(id);
      yield* eventsOf(current, old === undefined ? "created" : "changed");
    }
  }
}

async function statesOf(context: WatchContext): Promise<Map<string, WatchedEntry>> {
  const states = new Map<string, WatchedEntry>();
  for await (const entry of context.entries()) states.set(entry.id, entry);
  return states;
}

async function* eventsOf(
  entry: WatchedEntry,
  type: "created" | "changed",
): AsyncGenerator<WorkflowEvent> {
  const { id } = entry;
  const content = await entry.content();
  if (content instanceof StorageError) yield { type: "invalid", id, error: content };
  else if (content !== undefined) yield { type, id, workflow: content };
}
