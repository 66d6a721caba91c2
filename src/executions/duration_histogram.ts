/**
 * Durations by range, for a drawing that people read.
 *
 * @module
 */

import type { DurationRange } from "../domain/execution_statistics.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Where the ranges begin, in milliseconds; the last one has no end. */
const STARTS: readonly number[] = [
  ...[0, 1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 20, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 20, 30].map((count) => count * MINUTE),
  ...[1, 2, 5, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 30].map((count) => count * DAY),
];

/**
 * Counts durations by range.
 *
 * @param durations Durations that are close together, shortest first, and how many there are.
 * @returns The ranges from the first to the last that has any; those between may have none.
 */
export function histogramOf(
  durations: readonly { min: number; max: number; count: number }[],
): DurationRange[] {
  const counts = new Array<number>(STARTS.length).fill(0);
  for (const { min, max, count } of durations) {
    const middle = (min + max) / 2;
    const index = STARTS.findLastIndex((start) => start <= middle);
    counts[Math.max(index, 0)]! += count;
  }
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  if (first === -1) return [];
  return counts.slice(first, last + 1).map((count, index) => {
    const to = STARTS[first + index + 1];
    return { from: STARTS[first + index]!, ...(to === undefined ? {} : { to }), count };
  });
}
