/**
 * Reads lists of runs.
 *
 * @module
 */

import type { Execution } from "../domain/execution.ts";
import type { ExecutionPage, ExecutionQuery } from "../domain/execution_repository.ts";
import type { Connection, ConnectionInfo } from "./connection.ts";
import { decodeCursor } from "./cursor.ts";
import { readExecution } from "./execution_row.ts";
import { countLimit, type Filter, filterKey, readPaging, type Total, totalOf } from "./filter.ts";
import { countQuery, isRowid, pageQuery, placeOf } from "./list_query.ts";
import { makePage } from "./page.ts";

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
 * @param connection The connection.
 * @param filter The filters of the query.
 * @param query Limit, cursor and total.
 * @returns The page.
 * @throws {InvalidDataError} If an option is not valid or the cursor belongs to another query.
 * @throws {DatabaseError} If the database refuses.
 */
export async function listPage(
  connection: Connection<ConnectionInfo>,
  filter: Filter,
  query: ExecutionQuery,
): Promise<ExecutionPage> {
  return await connection.read(
    "Cannot list executions",
    () => readPage(connection, filter, query),
  );
}

function readPage(
  connection: Connection<ConnectionInfo>,
  filter: Filter,
  query: ExecutionQuery,
): ExecutionPage {
  const { limit, total } = readPaging(query);
  const key = filterKey(filter);
  const cursor = query.cursor === undefined ? undefined : decodeCursor(query.cursor, key, isRowid);
  const { sql, params } = pageQuery(filter, cursor, limit + 1, connection.info.schemaVersion);
  const rows = connection.statement(sql).all(...params);
  return {
    ...makePage(rows, limit, cursor, key, placeOf),
    ...(total === "none" ? {} : { total: count(connection, filter, total) }),
  };
}

function count(
  connection: Connection<ConnectionInfo>,
  filter: Filter,
  total: "capped" | "exact",
): Total {
  const cap = countLimit(total);
  const { sql, params } = countQuery(filter, cap, connection.info.schemaVersion);
  return totalOf(Number(connection.statement(sql).get(...params)?.[0]), cap);
}
