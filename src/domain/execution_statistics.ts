/**
 * Counts of runs and node executions.
 *
 * @module
 */

import type { ExecutionStatus } from "./execution.ts";

/** What to count. */
export interface StatisticsQuery {
  /** Only runs of this workflow. */
  workflowId?: string;
  /** Only runs started in the hour of this time or later. */
  from?: Date;
  /** Only runs started before the hour of this time. */
  to?: Date;
  /** Also counts by time, UTC; weeks begin on Monday. */
  by?: "hour" | "day" | "week";
  /**
   * Whether to tell percentiles of each workflow and bucket too, and not of all
   * runs alone.
   *
   * @default {false}
   */
  percentiles?: boolean;
  /**
   * Whether to compute the durations of all runs from the runs themselves, which takes time
   * and sees only runs that were not pruned.
   *
   * @default {false}
   */
  exact?: boolean;
}

/** Durations in milliseconds. */
export interface DurationStatistics {
  /** Number of runs with a start and an end. */
  count: number;
  /** Shortest. */
  min: number;
  /** Mean. */
  mean: number;
  /** Longest. */
  max: number;
  /** Percentiles, where they were asked for. */
  percentiles?: DurationPercentiles;
  /** How many took how long, shortest first, where percentiles were asked for. */
  histogram?: DurationRange[];
}

/** How many runs took about as long; at the edges counts are as exact as percentiles. */
export interface DurationRange {
  /** Shortest duration, in milliseconds. */
  from: number;
  /** The range ends before this many milliseconds; absent for the last range. */
  to?: number;
  /** Number of runs. */
  count: number;
}

/** Percentiles in milliseconds, at most 2 % off. */
export interface DurationPercentiles {
  /** Median. */
  p50: number;
  /** 95 % took no longer. */
  p95: number;
  /** 99 % took no longer. */
  p99: number;
}

/** Counts of runs that have ended. */
export interface RunStatistics {
  /** Number of runs. */
  count: number;
  /** Number of runs by status. */
  byStatus: Partial<Record<ExecutionStatus, number>>;
  /** Completed runs by all, from 0 to 1; absent without runs. */
  successRate?: number;
  /** Number of runs by type of error. */
  errorTypes: Record<string, number>;
  /** Durations; absent without any. */
  duration?: DurationStatistics;
}

/** All statistics. Runs that were deleted or pruned stay counted. */
export interface ExecutionStatistics {
  /** All runs of the query that have ended. */
  runs: RunStatistics;
  /** Runs that have not ended: now, whenever they started. */
  active: { pending: number; running: number };
  /** By workflow, most runs first. */
  workflows: ({ workflowId: string } & RunStatistics)[];
  /** By time, oldest first; empty unless asked for. */
  buckets: ({ start: Date } & RunStatistics)[];
  /** Node executions. */
  nodes: NodeStatistics;
}

/** Counts of node executions that have ended, of runs that have ended. */
export interface NodeStatistics {
  /** Number of node executions by type of node. */
  types: Record<string, number>;
  /** Sum of their retries. */
  retries: number;
  /** Number of failed ones by type of error. */
  errorTypes: Record<string, number>;
  /** The ten with the longest mean duration, slowest first. */
  slowest: SlowNode[];
}

/** A node of a workflow and how long it takes, in milliseconds. */
export interface SlowNode {
  /** Id of the workflow. */
  workflowId: string;
  /** Id of the node. */
  nodeId: string;
  /** Number of its executions. */
  count: number;
  /** Mean duration. */
  mean: number;
  /** Longest duration. */
  max: number;
}
