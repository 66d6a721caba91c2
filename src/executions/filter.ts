/**
 * Filters and paging of lists, checked.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { EXECUTION_STATUSES, type ExecutionStatus } from "../domain/execution.ts";
import type { ExecutionPage, ExecutionQuery } from "../domain/execution_repository.ts";
import { plainText, requireText } from "./column_text.ts";

/** The largest count of a capped total. */
const COUNT_CAP = 1000;

/** How many runs match. */
export type Total = NonNullable<ExecutionPage["total"]>;

/**
 * Returns how many runs are counted.
 *
 * @param total The kind of total.
 * @returns The limit, `undefined` for none.
 */
export function countLimit(total: "capped" | "exact"): number | undefined {
  return total === "capped" ? COUNT_CAP + 1 : undefined;
}

/**
 * Returns what was counted.
 *
 * @param found The count.
 * @param limit The limit of {@linkcode countLimit}.
 * @returns The total.
 */
export function totalOf(found: number, limit: number | undefined): Total {
  return limit !== undefined && found === limit
    ? { count: COUNT_CAP, capped: true }
    : { count: found, capped: false };
}

/** Checked filters of a list. */
export interface Filter {
  /** Only runs of this workflow. */
  workflowId?: string;
  /** Only runs of these statuses; `undefined` for all. */
  statuses?: ExecutionStatus[];
  /** Only runs from this instant on. */
  from?: bigint;
  /** Only runs before this instant. */
  before?: bigint;
  /** Only runs whose workflow id contains this text. */
  nameSearch?: string;
  /** Only runs that took at least this many milliseconds. */
  minDuration?: number;
  /** Only runs that took at most this many milliseconds. */
  maxDuration?: number;
  /** Only runs that failed with this type of error. */
  errorType?: string;
  /** Only runs with this label. */
  label?: string;
}

/**
 * Checks the filters of a query.
 *
 * @param query The query.
 * @returns The filters.
 * @throws {InvalidDataError} If one is not valid.
 */
export function readFilter(query: ExecutionQuery): Filter {
  const { workflowId, status, startedAfter, startedBefore, nameSearch } = query;
  const filter: Filter = {};
  if (workflowId !== undefined) filter.workflowId = toText("workflowId", workflowId);
  if (status !== undefined) {
    if (typeof status !== "string" && !Array.isArray(status)) {
      throw new InvalidDataError(
        `Cannot list executions: the status is a ${typeof status}, wanted is a text or several`,
      );
    }
    const statuses = [...new Set(typeof status === "string" ? [status] : status)].sort();
    const unknown = statuses.find((one) => !EXECUTION_STATUSES.includes(one));
    if (unknown !== undefined) {
      throw new InvalidDataError(
        `Cannot list executions: the status is "${unknown}", wanted is one of ${
          EXECUTION_STATUSES.join(", ")
        }`,
      );
    }
    filter.statuses = statuses;
  }
  if (startedAfter !== undefined) filter.from = toInstant("startedAfter", startedAfter);
  if (startedBefore !== undefined) filter.before = toInstant("startedBefore", startedBefore);
  if (nameSearch !== undefined && nameSearch !== "") {
    plainText(nameSearch, "Cannot list executions", "nameSearch");
    filter.nameSearch = nameSearch;
  }
  const { minDuration, maxDuration, errorType, label } = query;
  if (minDuration !== undefined) filter.minDuration = toDuration("minDuration", minDuration);
  if (maxDuration !== undefined) filter.maxDuration = toDuration("maxDuration", maxDuration);
  if (errorType !== undefined) filter.errorType = toText("errorType", errorType);
  if (label !== undefined) filter.label = toText("label", label);
  return filter;
}

function toText(option: string, value: string): string {
  return requireText(value, "Cannot list executions", option);
}

function toInstant(option: string, time: Date): bigint {
  if (!(time instanceof Date)) {
    throw new InvalidDataError(
      `Cannot list executions: "${option}" is a ${typeof time}, wanted is a Date`,
    );
  }
  if (Number.isNaN(time.getTime())) {
    throw new InvalidDataError(`Cannot list executions: "${option}" is an invalid date`);
  }
  return BigInt(time.getTime()) * 1000n;
}

function toDuration(option: string, value: number): number {
  if (typeof value === "number" && value >= 0) return value;
  throw new InvalidDataError(
    `Cannot list executions: "${option}" is ${value}, wanted is a number of milliseconds from 0`,
  );
}

/**
 * Returns a text that is equal for equal filters.
 *
 * @param filter The filters.
 * @returns The text.
 */
export function filterKey(filter: Filter): string {
  const entries = Object.entries(filter).sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify(entries, (_, value) => typeof value === "bigint" ? `${value}` : value);
}

/**
 * Checks the paging of a query.
 *
 * @param query The query.
 * @returns Limit and total, with their defaults.
 * @throws {InvalidDataError} If one is not valid.
 */
export function readPaging(query: ExecutionQuery): {
  limit: number;
  total: "none" | "capped" | "exact";
} {
  const { limit = 50, total = "none" } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new InvalidDataError(
      `Cannot list executions: the limit is ${limit}, wanted is a whole number from 1 to 1000`,
    );
  }
  if (!["none", "capped", "exact"].includes(total)) {
    throw new InvalidDataError(
      `Cannot list executions: the total is "${total}", wanted is "none", "capped" or "exact"`,
    );
  }
  return { limit, total };
}
