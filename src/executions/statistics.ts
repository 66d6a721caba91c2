/**
 * Statistics of runs, read from the roll-ups.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { ExecutionStatus } from "../domain/execution.ts";
import type { Connection } from "./connection.ts";
import type { Row, SqlValue } from "./driver.ts";
import { ZERO_INSTANT } from "./instant.ts";
import { FOLD_SQL, RUN_SPANS } from "./statistics_schema.ts";
import { type NodeStatistics, readNodes } from "./node_statistics.ts";

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

/** Rows of roll-ups, with the key they are grouped by. */
type Group = Map<string, Row[]>;

/** What is added up: all runs, those with a duration, and their durations. */
const SUMS = "sum(runs), sum(CASE WHEN bin < 0 THEN 0 ELSE runs END), sum(total), " +
  "min(shortest), max(longest)";

/**
 * Tells whether runs wait to be added to the roll-ups.
 *
 * @param connection The connection, in a transaction.
 * @returns Whether there are some.
 */
export function hasUncounted(connection: Connection): boolean {
  return connection.statement("SELECT 1 FROM uncounted LIMIT 1").get() !== undefined;
}

/**
 * Adds the waiting runs to the roll-ups; there are never many.
 *
 * @param connection The connection, in a write transaction.
 */
export function countWaiting(connection: Connection): void {
  for (const sql of FOLD_SQL) connection.statement(sql).run();
}

/**
 * Reads statistics.
 *
 * @param connection The connection, in a transaction.
 * @param query What to count.
 * @returns The statistics.
 * @throws {InvalidDataError} If an option is not valid.
 */
export function readStatistics(
  connection: Connection,
  query: StatisticsQuery,
): ExecutionStatistics {
  if (query.by !== undefined && !["hour", "day", "week"].includes(query.by)) {
    throw new InvalidDataError(
      `Cannot count executions: "by" is "${query.by}", wanted is "hour", "day" or "week"`,
    );
  }
  const { percentiles = false } = query;
  const workflows = readGroups(connection, query, "workflow", percentiles);
  const buckets: Group = query.by === undefined
    ? new Map()
    : readGroups(connection, query, "time", percentiles);
  const runs = summarise([...readGroups(connection, query, "all", true).values()].flat(), true);
  if (query.exact) {
    const duration = exactDuration(connection, query);
    if (duration !== undefined) runs.duration = duration;
  }
  return {
    runs,
    active: { pending: countActive("pending"), running: countActive("running") },
    workflows: [...workflows]
      .map(([workflowId, rows]) => ({ workflowId, ...summarise(rows, percentiles) }))
      .sort((a, b) => b.count - a.count || (a.workflowId < b.workflowId ? -1 : 1)),
    buckets: [...buckets].map(([start, rows]) => ({
      start: new Date(Number(start) * 1000),
      ...summarise(rows, percentiles),
    })),
    nodes: readNodes(connection, query),
  };

  function countActive(status: string): number {
    const workflow = query.workflowId === undefined ? "" : " AND workflow_id = ?";
    return Number(
      connection.statement(`SELECT count(*) FROM executions WHERE status = ?${workflow}`)
        .get(status, ...(query.workflowId === undefined ? [] : [query.workflowId]))?.[0],
    );
  }
}

/** Reads the durations of the runs themselves. */
function exactDuration(
  connection: Connection,
  query: StatisticsQuery,
): DurationStatistics | undefined {
  const terms = ["started_instant > ?", "completed_instant IS NOT NULL"];
  const params: SqlValue[] = [ZERO_INSTANT];
  if (query.workflowId !== undefined) {
    terms.push("workflow_id = ?");
    params.push(query.workflowId);
  }
  if (query.from !== undefined) {
    terms.push("started_instant >= ?");
    params.push(BigInt(hourOf("from", query.from)) * 1_000_000n);
  }
  if (query.to !== undefined) {
    terms.push("started_instant < ?");
    params.push(BigInt(hourOf("to", query.to)) * 1_000_000n);
  }
  const rows = connection.statement(
    `SELECT max(0, (completed_instant - started_instant) / 1000) AS ms, count(*) FROM executions
    WHERE ${terms.join(" AND ")} GROUP BY ms ORDER BY ms`,
  ).all(...params);
  return summariseBins(
    rows.map(([ms, count]) => ({
      count: Number(count),
      total: Number(ms) * Number(count),
      min: Number(ms),
      max: Number(ms),
    })),
    true,
  );
}

const WEEK = 604_800;
/** 5 January 1970 was a Monday. */
const MONDAY = 345_600;

/** Builds the narrowest query over the roll-ups and groups its rows. */
function readGroups(
  connection: Connection,
  query: StatisticsQuery,
  by: "all" | "workflow" | "time",
  bins: boolean,
): Group {
  const span = spanOf(query, by);
  const params: SqlValue[] = [];
  let from = "run_statistics";
  if (query.workflowId !== undefined) {
    from += ` WHERE span = ${span} AND workflow_id = ?`;
    params.push(query.workflowId);
  } else if (span === RUN_SPANS.day || (span === RUN_SPANS.all && by === "all")) {
    from += ` WHERE span = ${span} AND workflow_id = ''`;
  } else if (span === RUN_SPANS.all) {
    from += ` WHERE span = ${span} AND workflow_id > ''`;
  } else {
    // One search per workflow: the hours of all are too many.
    from = `(SELECT DISTINCT workflow_id AS workflow FROM run_statistics
      WHERE span = ${RUN_SPANS.all} AND workflow_id > '') CROSS JOIN run_statistics
      WHERE span = ${span} AND workflow_id = workflow`;
  }
  if (query.from !== undefined) {
    from += " AND start >= ?";
    params.push(hourOf("from", query.from));
  }
  if (query.to !== undefined) {
    from += " AND start < ?";
    params.push(hourOf("to", query.to));
  }
  const key = by === "time" ? bucketSql(query.by, span) : by === "all" ? "''" : "workflow_id";
  const bin = bins ? "bin" : "0";
  const rows = connection.statement(
    `SELECT ${key} AS key, status, error_type, ${bin}, ${SUMS} FROM ${from}
    GROUP BY key, status, error_type${bins ? ", bin" : ""} HAVING sum(runs) > 0 ORDER BY key`,
  ).all(...params);
  const groups: Group = new Map();
  for (const row of rows) {
    const name = String(row[0]);
    const rowsOfKey = groups.get(name);
    if (rowsOfKey === undefined) groups.set(name, [row]);
    else rowsOfKey.push(row);
  }
  return groups;
}

/** The longest buckets that tell what is asked; those of a day are of all workflows together. */
function spanOf({ from, to, by, workflowId }: StatisticsQuery, group: string): number {
  if (from !== undefined || to !== undefined) return RUN_SPANS.hour;
  if (group !== "time") return RUN_SPANS.all;
  return by === "hour" || workflowId !== undefined ? RUN_SPANS.hour : RUN_SPANS.day;
}

function bucketSql(by: StatisticsQuery["by"], span: number): string {
  // Without computing the rows come grouped out of the table.
  if (by === "hour" || (by === "day" && span === RUN_SPANS.day)) return "start";
  if (by === "day") return "start - start % 86400";
  return `start - (start - ${MONDAY}) % ${WEEK}`;
}

function hourOf(option: string, time: Date): number {
  const seconds = time.getTime() / 1000;
  if (!Number.isNaN(seconds)) return Math.floor(seconds / 3600) * 3600;
  throw new InvalidDataError(`Cannot count executions: "${option}" is an invalid date`);
}

/** Adds up rows: key, status, error type, bin and {@linkcode SUMS}. */
function summarise(rows: Row[], percentiles: boolean): RunStatistics {
  const byStatus: Partial<Record<ExecutionStatus, number>> = {};
  const errorTypes: Record<string, number> = {};
  const bins = new Map<number, Bin>();
  let count = 0;
  for (const row of rows) {
    const [status, errorType, runs] = [row[1] as ExecutionStatus, String(row[2]), Number(row[4])];
    count += runs;
    byStatus[status] = (byStatus[status] ?? 0) + runs;
    if (errorType !== "") errorTypes[errorType] = (errorTypes[errorType] ?? 0) + runs;
    if (Number(row[5]) > 0) addToBin(bins, row);
  }
  const sorted = [...bins].sort(([a], [b]) => a - b).map(([, bin]) => bin);
  const duration = summariseBins(sorted, percentiles);
  return {
    count,
    byStatus,
    ...(count === 0 ? {} : { successRate: (byStatus.completed ?? 0) / count }),
    errorTypes,
    ...(duration === undefined ? {} : { duration }),
  };
}

/** Runs whose durations are close. */
interface Bin {
  count: number;
  total: number;
  min: number;
  max: number;
}

function addToBin(bins: Map<number, Bin>, row: Row): void {
  const lowest = Number(row[3]);
  let bin = bins.get(lowest);
  if (bin === undefined) bins.set(lowest, bin = { count: 0, total: 0, min: Infinity, max: 0 });
  bin.count += Number(row[5]);
  bin.total += Number(row[6]);
  bin.min = Math.min(bin.min, Number(row[7]));
  bin.max = Math.max(bin.max, Number(row[8]));
}

function summariseBins(bins: Bin[], percentiles: boolean): DurationStatistics | undefined {
  const count = bins.reduce((sum, bin) => sum + bin.count, 0);
  if (count === 0) return undefined;
  const at = (fraction: number) => {
    let rank = Math.ceil(fraction * count);
    for (const bin of bins) {
      rank -= bin.count;
      if (rank <= 0) return Math.round((bin.min + bin.max) / 2);
    }
    return bins.at(-1)!.max;
  };
  return {
    count,
    min: bins[0]!.min,
    mean: bins.reduce((sum, bin) => sum + bin.total, 0) / count,
    max: bins.at(-1)!.max,
    ...(percentiles ? { percentiles: { p50: at(0.5), p95: at(0.95), p99: at(0.99) } } : {}),
  };
}
