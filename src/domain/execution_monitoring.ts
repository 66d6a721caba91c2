/**
 * Runs while they are under way: who runs them, and what happens to them.
 *
 * @module
 */

import type { Execution } from "./execution.ts";
import type { NodeExecution } from "./node_execution.ts";
import type { VariableSnapshot } from "./variable_snapshot.ts";

/** The owner of a run. */
export interface Lease {
  /** Id of the run. */
  executionId: string;
  /** Who runs it. */
  owner: string;
  /** Until when the owner is trusted to be alive. */
  expiresAt: Date;
}

/** A change of a run. */
export interface ExecutionChange {
  /** Place in the feed; `watch({ after })` goes on behind it. */
  sequence: number;
  /** What happened. */
  kind: "created" | "updated" | "deleted";
  /** Id of the run. */
  executionId: string;
}

/** Something new in a run. */
export type ExecutionEvent =
  | { kind: "execution"; execution: Execution }
  | { kind: "node"; node: NodeExecution }
  | { kind: "snapshot"; snapshot: VariableSnapshot };

/** Options of `watch()` and `follow()`. */
export interface WatchOptions {
  /** Ends the iteration. */
  signal?: AbortSignal;
  /**
   * How often to look for changes, in milliseconds.
   *
   * @default {100}
   */
  interval?: number;
}
