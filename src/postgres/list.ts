/**
 * Reads lists of runs.
 *
 * @module
 */

import type { Execution } from "../domain/execution.ts";
import type { ExecutionPage, ExecutionQuery } from "../domain/execution_repository.ts";
import { decodeCursor } from "../executions/cursor.ts";
import { readExecution } from "../executions/execution_row.ts";
import {
  countLimit,
  type Filter,
  filterKey,
  readPaging,
  type Total,
  totalOf,
} from "../executions/filter.ts";
import { makePage } from "../executions/page.ts";
import { withListedTimes } from "./columns.ts";
import type { PostgresDatabase } from "./database.ts";
import type { PostgresRow } from "./driver.ts";
import { countQuery, isPlace, pageQuery, placeOf } from "./list_query.ts";

const ACTION = "Cannot list executions";

/**
 * Reads all runs of a filter, newest first.
 *
 * @param database The database.
 * @param filter The filters.
 * @returns The runs.
 */
export async function listAll(database: PostgresDatabase, filter: Filter): Promise<Execution[]> {
  const { sql, params } = pageQuery(filter, undefined, undefined);
  const { rows } = await database.query(ACTION, sql, params);
  return rows.map(readListed);
}

/**
 * Reads one page.
 *
 * @param database The database.
 * @param filter The filters of the query.
 * @param query Limit, cursor and total.
 * @returns The page.
 * @throws {InvalidDataError} If an option is not valid or the cursor belongs to another query.
 */
export async function listPage(
  database: PostgresDatabase,
  filter: Filter,
  query: ExecutionQuery,
): Promise<ExecutionPage> {
  const { limit, total } = readPaging(query);
  const key = filterKey(filter);
  const cursor = query.cursor === undefined ? undefined : decodeCursor(query.cursor, key, isPlace);
  const { sql, params } = pageQuery(filter, cursor, limit + 1);
  const { rows } = await database.query(ACTION, sql, params);
  const page = makePage(rows, limit, cursor, key, (row) => placeOf(row[0], row[4]), readListed);
  return total === "none" ? page : { ...page, total: await count(database, filter, total) };
}

function readListed(row: PostgresRow): Execution {
  return readExecution(withListedTimes(row));
}

async function count(
  database: PostgresDatabase,
  filter: Filter,
  total: "capped" | "exact",
): Promise<Total> {
  const cap = countLimit(total);
  const { sql, params } = countQuery(filter, cap);
  const { rows } = await database.query(ACTION, sql, params);
  return totalOf(Number(rows[0]![0]), cap);
}
