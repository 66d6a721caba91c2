/**
 * The SQL of lists of runs. Every list walks along an index of instants, from
 * the newest or from the place of a cursor; several statuses are merged ranges.
 *
 * @module
 */

import { type Cursor, isInt64 } from "./cursor.ts";
import type { Row, SqlValue } from "./driver.ts";
import { executionColumns } from "./execution_row.ts";
import type { Filter } from "./filter.ts";
import { instantSql, startedInstantSql, ZERO_INSTANT } from "./instant.ts";
import { FEATURES } from "./schema_version.ts";

/** One statement and its parameters. */
export interface Query {
  /** The statement. */
  sql: string;
  /** Its parameters. */
  params: SqlValue[];
}

/**
 * Whether the place of a cursor is one of these lists: the rowid of a run.
 *
 * @param place The place.
 * @returns Whether it is.
 */
export function isRowid(place: string): boolean {
  return isInt64(place);
}

/** SQLite compiles a statement anew whenever a bare parameter of its LIMIT is bound. */
export const LIMIT_SQL = "LIMIT ? + 0";

/**
 * Returns the place of a row of a page.
 *
 * @param row The row.
 * @returns Its instant and its rowid.
 */
export function placeOf(row: Row): Pick<Cursor, "instant" | "place"> {
  return { instant: BigInt(row.at(-2) as number | bigint), place: String(row.at(-1)) };
}

/**
 * Builds the query of a page.
 *
 * @param filter The filters.
 * @param cursor Where to start; by default at the newest.
 * @param limit Most rows, `undefined` for all.
 * @param schemaVersion Version of the schema of the file.
 * @returns The query; rows have the columns of {@linkcode executionColumns}, instant and rowid.
 */
export function pageQuery(
  filter: Filter,
  cursor: Cursor | undefined,
  limit: number | undefined,
  schemaVersion: number,
): Query {
  const instant = instantColumn(schemaVersion);
  const newer = cursor?.direction === "newer";
  const columns = [...executionColumns(schemaVersion), `${instant} AS instant`, "rowid AS place"]
    .join(", ");
  const [from, ...more] = ranges(filter, cursor, schemaVersion).map(({ sql, params }) => ({
    sql: `SELECT ${columns} FROM executions${sql}`,
    params,
  }));
  if (from === undefined) return { sql: `SELECT ${columns} FROM executions WHERE 0`, params: [] };
  // In a single SELECT the names of the columns let the index do the sorting.
  const order = newer ? "ASC" : "DESC";
  return {
    sql: [from, ...more].map(({ sql }) => sql).join(" UNION ALL ") +
      ` ORDER BY instant ${order}, place ${order}` + (limit === undefined ? "" : ` ${LIMIT_SQL}`),
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
  // Otherwise it might walk along the table, the oldest first; a name is found in an index alone.
  const isRange = filter.from !== undefined || filter.before !== undefined;
  const needsOrder = isRange || attributes(filter, "", schemaVersion).length > 0;
  const order =
    cap !== undefined && parts.length === 1 && schemaVersion >= FEATURES.starts && needsOrder
      ? ` ORDER BY ${instantColumn(schemaVersion)} DESC`
      : "";
  const rows = parts.map(({ sql }) => `SELECT 1 FROM executions${sql}`).join(" UNION ALL ") + order;
  return {
    sql: `SELECT count(*) FROM (${rows}${cap === undefined ? "" : ` ${LIMIT_SQL}`})`,
    params: [...parts.flatMap(({ params }) => params), ...(cap === undefined ? [] : [cap])],
  };
}

/** An older schema has no column for the instant, so it is computed row by row. */
function instantColumn(schemaVersion: number): string {
  return schemaVersion >= FEATURES.starts ? "started_instant" : `(${startedInstantSql()})`;
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
    terms.push([`(${instant}, rowid) ${sign} (?, ?)`, cursor.instant, BigInt(cursor.place)]);
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
  const completed = schemaVersion >= FEATURES.ends
    ? "completed_instant"
    : `(${instantSql("completed_at")})`;
  if (filter.errorType !== undefined) terms.push(["error_type = ?", filter.errorType]);
  if (filter.minDuration !== undefined) {
    terms.push([`${completed} - ${instant} >= ?`, filter.minDuration * 1000]);
  }
  if (filter.maxDuration !== undefined) {
    terms.push([`${completed} - ${instant} <= ?`, filter.maxDuration * 1000]);
  }
  if (filter.label !== undefined) {
    terms.push(
      schemaVersion >= FEATURES.labels
        ? [
          "EXISTS (SELECT 1 FROM labels WHERE execution_id = executions.id AND label = ?)",
          filter.label,
        ]
        : ["?", 0],
    );
  }
  return terms;
}
