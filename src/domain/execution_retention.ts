/**
 * Which runs are kept, and what pruning does and did.
 *
 * @module
 */

import type { ExecutionStatus } from "./execution.ts";

/** One limit, for all runs that have ended or some of them; live runs do not count. */
export interface RetentionRule {
  /** Only for runs of this workflow. */
  workflowId?: string;
  /** Only for runs of this status, or of one of several. */
  status?: ExecutionStatus | readonly ExecutionStatus[];
  /** Runs go that started longer ago, in milliseconds; without a start, that ended longer ago. */
  maxAge?: number;
  /** The oldest runs go until this many are left, those that are always kept included. */
  maxCount?: number;
  /**
   * The oldest runs go until those that are left hold at most this many bytes,
   * as a plan counts them.
   */
  maxBytes?: number;
}

/**
 * Which runs are kept. Pending and running runs, pinned ones, and those that
 * the policy says are never pruned, whatever the rules.
 */
export interface RetentionPolicy {
  /** A run goes when one of the rules says so. They apply in turn, each to what the others left. */
  rules: readonly RetentionRule[];
  /**
   * How many of the newest runs of each workflow are always kept.
   *
   * @default {0}
   */
  keepLast?: number;
  /**
   * Whether the newest completed run of each workflow is always kept.
   *
   * @default {true}
   */
  keepLastSuccess?: boolean;
  /**
   * Runs with one of these labels are always kept; `true` for any label.
   *
   * @default {true}
   */
  keepLabels?: readonly string[] | true;
}

/** What goes, or went. */
export interface PrunePlan {
  /** Number of runs. */
  count: number;
  /** Bytes of their rows and index entries, about; the pages of the file hold a quarter more. */
  bytes: number;
  /** By rule, in the order of the policy. */
  rules: { count: number; bytes: number }[];
}

/** The plan in advance. */
export interface DetailedPrunePlan extends PrunePlan {
  /** Ids of the runs and which rule lets them go, from 0. */
  runs: { id: string; rule: number; bytes: number }[];
}

/** How far it is. */
export interface PruneProgress extends PrunePlan {
  /** Free pages that were given back to the file system. */
  freedPages: number;
}

/** Options of `prune()`. */
export interface PruneOptions {
  /**
   * Only says what would go.
   *
   * @default {false}
   */
  dryRun?: boolean;
  /** File to which each batch is appended, as compressed NDJSON, before it is deleted. */
  archive?: string;
  /** Ends it after the current batch; what was deleted stays so, and a later call goes on. */
  signal?: AbortSignal;
  /** Called after each batch. */
  onProgress?: (progress: PruneProgress) => void;
  /**
   * Most runs per transaction; fewer when they take long.
   *
   * @default {200}
   */
  batchSize?: number;
}

/** When and what to prune while the store is open. */
export interface AutoPruneOptions {
  /** The policy. */
  policy: RetentionPolicy;
  /**
   * Time between two prunings, in milliseconds; the first is one interval away.
   *
   * @default {3600000}
   */
  interval?: number;
  /** Archive, progress and batch size of each pruning. */
  options?: Omit<PruneOptions, "signal" | "dryRun">;
  /** Called with the error of a pruning that failed; the next one goes on. */
  onError?: (error: unknown) => void;
}
