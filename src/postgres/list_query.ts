/**
 * The SQL of lists of runs. Every list walks along an index that ends with
 * start and id, from the newest or from the place of a cursor; several statuses
 * are merged ranges.
 *
 * @module
 */

import type { Cursor } from "../executions/cursor.ts";
import type { Filter } from "../executions/filter.ts";
import { ZERO_INSTANT } from "../executions/instant.ts";
import { OLDEST } from "../executions/policy.ts";
import type { SqlValue } from "../executions/driver.ts";
import { instantOf, LISTED_SELECT, Params, timestampOf } from "./columns.ts";
import type { Param } from "./driver.ts";

/** One statement and its parameters. */
export interface Query {
  /** The statement. */
  sql: string;
  /** Its parameters. */
  params: readonly Param[];
}

/** More milliseconds than from the first year to the last. */
const LONGEST = 1e15;
/** The first year; the server knows no times long before. */
const FIRST = BigInt(-OLDEST) * 1000n;

/** Tells the places of these lists, the ids of runs, from those of other backends. */
const PLACE = "id:";

/**
 * Whether the place of a cursor is one of these lists.
 *
 * @param place The place.
 * @returns Whether it is.
 */
export function isPlace(place: string): boolean {
  return place.startsWith(PLACE) && !place.includes("\0") && place.isWellFormed();
}

/**
 * Returns the place of a run.
 *
 * @param id Its id.
 * @param started Its start, as the server writes it.
 * @returns The place.
 */
export function placeOf(
  id: SqlValue | undefined,
  started: SqlValue | undefined,
): Pick<Cursor, "instant" | "place"> {
  return { instant: instantOf(String(started)), place: PLACE + String(id) };
}

/**
 * Builds the query of a page.
 *
 * @param filter The filters.
 * @param cursor Where to start; by default at the newest.
 * @param limit Most rows, `undefined` for all.
 * @param columns What to read of a run `e`.
 * @returns The query.
 */
export function pageQuery(
  filter: Filter,
  cursor: Cursor | undefined,
  limit: number | undefined,
  columns: string = LISTED_SELECT,
): Query {
  const params = new Params();
  const order = cursor?.direction === "newer" ? "ASC" : "DESC";
  const end = `ORDER BY e.started_at ${order}, e.id ${order}` +
    (limit === undefined ? "" : ` LIMIT ${params.add(limit)}`);
  const [first = " WHERE false", ...more] = ranges(filter, cursor, params);
  const part = (where: string) => `(SELECT e.* FROM executions AS e${where} ${end})`;
  const from = more.length === 0
    ? `executions AS e${first}`
    : `(${[first, ...more].map(part).join(" UNION ALL ")}) AS e`;
  return {
    sql: `SELECT ${columns} FROM ${from} ${end}`,
    params: params.values,
  };
}

/**
 * Builds the query that counts matches.
 *
 * @param filter The filters.
 * @param cap Where to stop counting, `undefined` to count all.
 * @returns The query; its one row holds the count.
 */
export function countQuery(filter: Filter, cap: number | undefined): Query {
  const params = new Params();
  const rows = ranges(filter, undefined, params)
    .map((where) => `SELECT 1 FROM executions AS e${where}`).join(" UNION ALL ");
  if (rows === "") return { sql: "SELECT 0", params: [] };
  const limit = cap === undefined ? "" : ` LIMIT ${params.add(cap)}`;
  return { sql: `SELECT count(*) FROM (${rows}${limit}) AS found`, params: params.values };
}

/** The WHERE clause of each range of an index; one per status. */
function ranges(filter: Filter, cursor: Cursor | undefined, params: Params): string[] {
  return (filter.statuses ?? [undefined]).map((status) => {
    const terms: string[] = [];
    if (filter.workflowId !== undefined) {
      terms.push(`e.workflow_id = ${params.add(filter.workflowId)}`);
    }
    if (status !== undefined) terms.push(`e.status = ${params.add(status)}`);
    terms.push(...conditions(filter, cursor, params));
    return terms.length === 0 ? "" : ` WHERE ${terms.join(" AND ")}`;
  });
}

function conditions(filter: Filter, cursor: Cursor | undefined, params: Params): string[] {
  const terms: string[] = [];
  const time = (instant: bigint) =>
    `${params.add(timestampOf(instant < FIRST ? FIRST : instant))}::timestamptz`;
  if (filter.from !== undefined) terms.push(`e.started_at >= ${time(filter.from)}`);
  if (filter.before !== undefined) {
    terms.push(`e.started_at < ${time(filter.before)}`);
    // A run without a start was not started before anything.
    if (filter.from === undefined) terms.push(`e.started_at > ${time(ZERO_INSTANT)}`);
  }
  if (cursor !== undefined) {
    const sign = cursor.direction === "older" ? "<" : ">";
    const id = params.add(cursor.place.slice(PLACE.length));
    terms.push(`(e.started_at, e.id) ${sign} (${time(cursor.instant)}, ${id})`);
  }
  if (filter.nameSearch !== undefined) {
    const pattern = filter.nameSearch.replaceAll(/[\\%_]/g, "\\$&");
    terms.push(`e.workflow_id ILIKE ${params.add(`%${pattern}%`)}`);
  }
  if (filter.errorType !== undefined) {
    terms.push(`e.error_type = ${params.add(filter.errorType)}`);
  }
  // No run takes longer, and no interval is infinite.
  const duration = (sign: string, ms: number) =>
    `e.completed_at - e.started_at ${sign} ${
      params.add(Math.min(ms, LONGEST))
    }::float8 * interval '1 millisecond'`;
  if (filter.minDuration !== undefined) terms.push(duration(">=", filter.minDuration));
  if (filter.maxDuration !== undefined) terms.push(duration("<=", filter.maxDuration));
  if (filter.label !== undefined) {
    terms.push(
      "EXISTS (SELECT FROM labels AS l " +
        `WHERE l.execution_id = e.id AND l.label = ${params.add(filter.label)})`,
    );
  }
  return terms;
}
