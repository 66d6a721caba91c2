/**
 * Revisions of workflows.
 *
 * @module
 */

import type { WorkflowChange } from "./diff.ts";

/**
 * Where a revision comes from.
 *
 * - `saved`: a program saved it.
 * - `edited`: somebody changed the file by other means.
 * - `restored`: an older revision was restored.
 * - `imported`: it was imported.
 * - `deleted`: the workflow was deleted.
 */
export type RevisionSource = "saved" | "edited" | "restored" | "imported" | "deleted";

/** A revision of a workflow. */
export interface WorkflowRevision {
  /** Hash of the content; the same content has the same revision. */
  revision: string;
  /** Revision before; absent for the first one. */
  parent?: string;
  /** When it was recorded. */
  time: Date;
  /** Where it comes from. */
  source: RevisionSource;
  /** Who made it, when known. */
  author?: string;
  /** Why, when said. */
  message?: string;
  /** Names given to it. */
  tags: string[];
  /** Length of its text, in characters; 0 when the workflow was deleted. */
  size: number;
}

/** Who made a revision and why. */
export interface RevisionOptions {
  /** Who makes it. */
  author?: string | undefined;
  /** Why. */
  message?: string | undefined;
}

/** Which revisions to keep, see `prune`. */
export interface PruneOptions {
  /**
   * Number of the newest revisions of each workflow to keep, at least 1.
   *
   * @default {100}
   */
  keep?: number | undefined;
  /** Id of the only workflow to prune; all by default. */
  id?: string | undefined;
}

/** What differs between two revisions. */
export interface RevisionDiff {
  /** By structure. */
  changes: WorkflowChange[];
  /** As text, in the unified format; empty when the texts are the same. */
  unified: string;
}
