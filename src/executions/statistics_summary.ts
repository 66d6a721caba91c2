/**
 * Adds up the rows of roll-ups.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type {
  DurationStatistics,
  ExecutionStatistics,
  RunStatistics,
  StatisticsQuery,
} from "../domain/execution_statistics.ts";
import type { Row } from "./driver.ts";
import { plainText } from "./column_text.ts";
import { histogramOf } from "./duration_histogram.ts";

/** Rows of roll-ups, with the key they are grouped by. */
export type Group = Map<string, Row[]>;

/**
 * Returns what is added up: all runs, those with a duration, and their durations.
 *
 * @param shortest The shortest duration of a row.
 * @param longest The longest duration of a row.
 * @returns Five expressions.
 */
export function sumsSql(shortest: string = "shortest", longest: string = "longest"): string {
  // Of a row whose runs all changed since, the extremes are left.
  return `sum(runs), sum(CASE WHEN bin < 0 THEN 0 ELSE runs END), sum(total),
    min(CASE WHEN runs > 0 THEN ${shortest} END), max(CASE WHEN runs > 0 THEN ${longest} END)`;
}

/** A week in seconds. */
export const WEEK = 604_800;
/** 5 January 1970 was a Monday. */
export const MONDAY = 345_600;

/**
 * Checks by what time buckets are asked for, and the workflow.
 *
 * @param query The query.
 * @throws {InvalidDataError} If there is no such bucket, or the workflow is no text.
 */
export function checkBy({ by, workflowId }: StatisticsQuery): void {
  plainText(workflowId, "Cannot count executions", "workflowId");
  if (by === undefined || ["hour", "day", "week"].includes(by)) return;
  throw new InvalidDataError(
    `Cannot count executions: "by" is "${by}", wanted is "hour", "day" or "week"`,
  );
}

/**
 * Adds up groups.
 *
 * @param workflows Rows by workflow.
 * @param buckets Rows by the start of their bucket, in seconds since 1970.
 * @param percentiles Whether to tell percentiles.
 * @returns Both, added up.
 */
export function summariseGroups(
  workflows: Group,
  buckets: Group,
  percentiles: boolean,
): Pick<ExecutionStatistics, "workflows" | "buckets"> {
  return {
    workflows: [...workflows]
      .map(([workflowId, rows]) => ({ workflowId, ...summarise(rows, percentiles) }))
      .sort((a, b) => b.count - a.count || (a.workflowId < b.workflowId ? -1 : 1)),
    buckets: [...buckets].map(([start, rows]) => ({
      start: new Date(Number(start) * 1000),
      ...summarise(rows, percentiles),
    })),
  };
}

/**
 * Returns the beginning of the hour of an option.
 *
 * @param option Name of the option.
 * @param time Its value.
 * @returns Seconds since 1970.
 * @throws {InvalidDataError} If it is no valid date.
 */
export function hourOf(option: string, time: Date): number {
  const seconds = time instanceof Date ? time.getTime() / 1000 : NaN;
  if (!Number.isNaN(seconds)) return Math.floor(seconds / 3600) * 3600;
  throw new InvalidDataError(`Cannot count executions: "${option}" is no valid date`);
}

/**
 * Adds up rows.
 *
 * @param rows Key, status, error type, bin and {@linkcode sumsSql}.
 * @param percentiles Whether to tell percentiles.
 * @returns The statistics.
 */
export function summarise(rows: Row[], percentiles: boolean): RunStatistics {
  const byStatus = new Counts();
  const errorTypes = new Counts();
  const bins = new Map<number, Bin>();
  let count = 0;
  for (const row of rows) {
    const [status, errorType, runs] = [String(row[1]), String(row[2]), Number(row[4])];
    count += runs;
    byStatus.add(status, runs);
    if (errorType !== "") errorTypes.add(errorType, runs);
    if (Number(row[5]) > 0) addToBin(bins, row);
  }
  const sorted = [...bins].sort(([a], [b]) => a - b).map(([, bin]) => bin);
  const duration = summariseBins(sorted, percentiles);
  return {
    count,
    byStatus: byStatus.toRecord(),
    ...(count === 0 ? {} : { successRate: byStatus.of("completed") / count }),
    errorTypes: errorTypes.toRecord(),
    ...(duration === undefined ? {} : { duration }),
  };
}

/** Numbers by names, which may be any text, also one such as `constructor`. */
export class Counts {
  readonly #counts = new Map<string, number>();

  /** Returns the number of a name. */
  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Adds to the number of a name. */
  add(name: string, count: number): void {
    this.#counts.set(name, this.of(name) + count);
  }

  /** Returns all numbers. */
  toRecord(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

/** Runs whose durations are close. */
export interface Bin {
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

/**
 * Adds up the durations of the runs themselves.
 *
 * @param rows Milliseconds and number of runs, the shortest durations first.
 * @returns The durations with percentiles, `undefined` without any.
 */
export function summariseDurations(rows: readonly Row[]): DurationStatistics | undefined {
  const bins = rows.map(([duration, runs]) => {
    const [ms, count] = [Number(duration), Number(runs)];
    return { count, total: ms * count, min: ms, max: ms };
  });
  return summariseBins(bins, true);
}

/**
 * Adds up durations.
 *
 * @param bins Bins, the shortest durations first.
 * @param percentiles Whether to tell percentiles.
 * @returns The durations, `undefined` without any.
 */
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
    ...(percentiles
      ? {
        percentiles: { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
        histogram: histogramOf(bins),
      }
      : {}),
  };
}
