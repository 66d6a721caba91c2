/**
 * What happens to stored workflows.
 *
 * @module
 */

import type { StorageError } from "./errors.ts";
import type { Workflow } from "./workflow.ts";

/** Options of {@linkcode WorkflowRepository.watch}. */
export interface WatchOptions {
  /** Ends the watching. */
  signal?: AbortSignal | undefined;
  /**
   * Whether to tell first about the workflows that are there, as `created` or `invalid`.
   *
   * @default {false}
   */
  initial?: boolean | undefined;
  /**
   * How long nothing must be written before a burst of changes is told, in milliseconds.
   *
   * @default {100}
   */
  debounce?: number | undefined;
}

/** Something that happened to a stored workflow. */
export type WorkflowEvent =
  | {
    /** It is there now, or its content is another one. */
    type: "created" | "changed";
    /** Id of the workflow. */
    id: string;
    /** The workflow as it is now. */
    workflow: Workflow;
  }
  | {
    /** It is gone. */
    type: "deleted";
    /** Id of the workflow. */
    id: string;
  }
  | {
    /** It cannot be read. */
    type: "invalid";
    /** Id of the workflow. */
    id: string;
    /** Why. */
    error: StorageError;
  };
