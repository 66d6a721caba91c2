/**
 * Reads lists of runs.
 *
 * @module
 */

import type { Execution } from "../domain/execution.ts";
import type { ExecutionPage, ExecutionQuery } from "../domain/execution_repository.ts";
import type { Connection } from "./connection.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Row } from "./driver.ts";
import { readExecution } from "./execution_row.ts";
import { COUNT_CAP, type Filter, filterKey, readPaging } from "./filter.ts";
import { countQuery, isRowid, pageQuery } from "./list_query.ts";

/**
 * Reads all runs of a filter, newest first.
 *
 * @param connection The connection, in a transaction.
 * @param filter The filters.
 * @returns The runs.
 */
export function listAll(connection: Connection, filter: Filter): Execution[] {
  const { sql, params } = pageQuery(filter, undefined, undefined, connection.info.schemaVersion);
  return connection.statement(sql).all(...params).map((row) => readExecution(row));
}

/**
 * Reads one page.
 *
 * @param connection The connection, in a transaction.
 * @param filter The filters of the query.
 * @param query Limit, cursor and total.
 * @returns The page.
 * @throws {InvalidDataError} If an option is not valid or the cursor belongs to another query.
 */
export function listPage(
  connection: Connection,
  filter: Filter,
  query: ExecutionQuery,
): ExecutionPage {
  const { limit, total } = readPaging(query);
  const key = filterKey(filter);
  const cursor = query.cursor === undefined ? undefined : decodeCursor(query.cursor, key, isRowid);
  const { sql, params } = pageQuery(filter, cursor, limit + 1, connection.info.schemaVersion);
  const rows = connection.statement(sql).all(...params);
  const more = rows.length > limit;
  if (more) rows.pop();
  const newer = cursor?.direction === "newer";
  if (newer) rows.reverse();
  // There is a page on the side that the cursor came from, and on the other one if there was more.
  const hasOlder = newer || more;
  const hasNewer = newer ? more : cursor !== undefined;
  const place = (direction: "older" | "newer", row: Row | undefined) =>
    row && encodeCursor(direction, row.at(-2), `${row.at(-1)}`, key);
  const nextCursor = hasOlder ? place("older", rows.at(-1)) : undefined;
  const previousCursor = hasNewer ? place("newer", rows[0]) : undefined;
  return {
    executions: rows.map((row) => readExecution(row)),
    ...(nextCursor === undefined ? {} : { nextCursor }),
    ...(previousCursor === undefined ? {} : { previousCursor }),
    ...(total === "none" ? {} : { total: count(connection, filter, total) }),
  };
}

function count(
  connection: Connection,
  filter: Filter,
  total: "capped" | "exact",
): { count: number; capped: boolean } {
  const cap = total === "capped" ? COUNT_CAP + 1 : undefined;
  const { sql, params } = countQuery(filter, cap, connection.info.schemaVersion);
  const found = Number(connection.statement(sql).get(...params)?.[0]);
  return cap !== undefined && found === cap
    ? { count: COUNT_CAP, capped: true }
    : { count: found, capped: false };
}
