/**
 * The SQL of lists of runs. Every list walks along an index of instants, from
 * the newest or from the place of a cursor; several statuses are merged ranges.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { EXECUTION_STATUSES, type ExecutionStatus } from "../domain/execution.ts";
import type { ExecutionQuery } from "../domain/execution_repository.ts";
import type { Cursor } from "./cursor.ts";
import type { SqlValue } from "./driver.ts";
import { executionTable } from "./execution_row.ts";
import { instantSql, ZERO_INSTANT } from "./instant.ts";
import { STARTED_INSTANT_SQL } from "./migrations.ts";

/** One statement and its parameters. */
export interface Query {
  /** The statement. */
  sql: string;
  /** Its parameters. */
  params: SqlValue[];
}

/** The largest count of a capped total. */
export const COUNT_CAP = 1000;

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
  if (workflowId !== undefined) filter.workflowId = workflowId;
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
  if (nameSearch !== undefined && nameSearch !== "") filter.nameSearch = nameSearch;
  const { minDuration, maxDuration, errorType, label } = query;
  if (minDuration !== undefined) filter.minDuration = toDuration("minDuration", minDuration);
  if (maxDuration !== undefined) filter.maxDuration = toDuration("maxDuration", maxDuration);
  if (errorType !== undefined) filter.errorType = errorType;
  if (label !== undefined) filter.label = label;
  return filter;
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
  if (value >= 0) return value;
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
 * Builds the query of a page.
 *
 * @param filter The filters.
 * @param cursor Where to start; by default at the newest.
 * @param limit Most rows, `undefined` for all.
 * @param schemaVersion Version of the schema of the file.
 * @returns The query; rows have the columns of {@linkcode executionTable}, instant and rowid.
 */
export function pageQuery(
  filter: Filter,
  cursor: Cursor | undefined,
  limit: number | undefined,
  schemaVersion: number,
): Query {
  const instant = instantColumn(schemaVersion);
  const newer = cursor?.direction === "newer";
  const columns = [
    ...executionTable(schemaVersion).columns,
    `${instant} AS instant`,
    "rowid AS place",
  ].join(
    ", ",
  );
  const [from, ...more] = ranges(filter, cursor, schemaVersion).map(({ sql, params }) => ({
    sql: `SELECT ${columns} FROM executions${sql}`,
    params,
  }));
  if (from === undefined) return { sql: `SELECT ${columns} FROM executions WHERE 0`, params: [] };
  // In a single SELECT the names of the columns let the index do the sorting.
  const order = newer ? "ASC" : "DESC";
  return {
    sql: [from, ...more].map(({ sql }) => sql).join(" UNION ALL ") +
      ` ORDER BY instant ${order}, place ${order}` + (limit === undefined ? "" : " LIMIT ?"),
    params: [
      ...[from, ...more].flatMap(({ params }) => params),
      ...(limit === undefined ? [] : [limit]),
    ],
  };
}

/**
 * Builds the query that counts matches.
 *
 * @param filter The filters.
 * @param cap Where to stop counting, `undefined` to count all.
 * @param schemaVersion Version of the schema of the file.
 * @returns The query; its one row holds the count.
 */
export function countQuery(
  filter: Filter,
  cap: number | undefined,
  schemaVersion: number,
): Query {
  const parts = ranges(filter, undefined, schemaVersion);
  if (parts.length === 0) return { sql: "SELECT 0", params: [] };
  const rows = parts.map(({ sql }) => `SELECT 1 FROM executions${sql}`).join(" UNION ALL ");
  return {
    sql: `SELECT count(*) FROM (${rows}${cap === undefined ? "" : " LIMIT ?"})`,
    params: [...parts.flatMap(({ params }) => params), ...(cap === undefined ? [] : [cap])],
  };
}

/** An older schema has no column for the instant, so it is computed row by row. */
function instantColumn(schemaVersion: number): string {
  return schemaVersion >= 2 ? "started_instant" : `(${STARTED_INSTANT_SQL})`;
}

/** The WHERE clause of each range of an index; one per status. */
function ranges(filter: Filter, cursor: Cursor | undefined, schemaVersion: number): Query[] {
  const statuses = filter.statuses ?? [undefined];
  return statuses.map((status) => {
    const terms: [string, ...SqlValue[]][] = conditions(filter, cursor, schemaVersion);
    if (status !== undefined) terms.unshift(["status = ?", status]);
    if (filter.workflowId !== undefined) terms.unshift(["workflow_id = ?", filter.workflowId]);
    return {
      sql: terms.length === 0 ? "" : ` WHERE ${terms.map(([sql]) => sql).join(" AND ")}`,
      params: terms.flatMap(([, ...params]) => params),
    };
  });
}

function conditions(
  filter: Filter,
  cursor: Cursor | undefined,
  schemaVersion: number,
): [string, ...SqlValue[]][] {
  const instant = instantColumn(schemaVersion);
  const terms: [string, ...SqlValue[]][] = [];
  if (filter.from !== undefined) terms.push([`${instant} >= ?`, filter.from]);
  if (filter.before !== undefined) {
    terms.push([`${instant} < ?`, filter.before]);
    // A run without a start was not started before anything.
    if (filter.from === undefined) terms.push([`${instant} > ?`, ZERO_INSTANT]);
  }
  if (cursor !== undefined) {
    const sign = cursor.direction === "older" ? "<" : ">";
    terms.push([`(${instant}, rowid) ${sign} (?, ?)`, cursor.instant, cursor.rowid]);
  }
  if (filter.nameSearch !== undefined) {
    const pattern = filter.nameSearch.replaceAll(/[\\%_]/g, "\\$&");
    terms.push([`workflow_id LIKE ? ESCAPE '\\'`, `%${pattern}%`]);
  }
  terms.push(...attributes(filter, instant, schemaVersion));
  return terms;
}

/** Filters that no index serves: they are checked row by row along the index of the page. */
function attributes(
  filter: Filter,
  instant: string,
  schemaVersion: number,
): [string, ...SqlValue[]][] {
  const terms: [string, ...SqlValue[]][] = [];
  const completed = schemaVersion >= 3 ? "completed_instant" : `(${instantSql("completed_at")})`;
  if (filter.errorType !== undefined) terms.push(["error_type = ?", filter.errorType]);
  if (filter.minDuration !== undefined) {
    terms.push([`${completed} - ${instant} >= ?`, filter.minDuration * 1000]);
  }
  if (filter.maxDuration !== undefined) {
    terms.push([`${completed} - ${instant} <= ?`, filter.maxDuration * 1000]);
  }
  if (filter.label !== undefined) {
    terms.push(
      schemaVersion >= 3
        ? [
          "EXISTS (SELECT 1 FROM labels WHERE execution_id = executions.id AND label = ?)",
          filter.label,
        ]
        : ["?", 0],
    );
  }
  return terms;
}
