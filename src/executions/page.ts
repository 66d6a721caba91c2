/**
 * Makes a page of the rows of a list.
 *
 * @module
 */

import type { Execution } from "../domain/execution.ts";
import type { ExecutionPage } from "../domain/execution_repository.ts";
import { type Cursor, encodeCursor } from "./cursor.ts";
import type { Row } from "./driver.ts";
import { readExecution } from "./execution_row.ts";

/**
 * Makes a page.
 *
 * @param found Up to one row more than the limit, in the direction of the cursor.
 * @param limit Most runs on the page.
 * @param cursor Where the page starts.
 * @param key What the query asks for.
 * @param placeOf Returns the place of a row.
 * @param read Reads a row, after its place was asked for.
 * @returns The page, newest first.
 */
export function makePage(
  found: readonly Row[],
  limit: number,
  cursor: Cursor | undefined,
  key: string,
  placeOf: (row: Row) => Pick<Cursor, "instant" | "place">,
  read: (row: Row) => Execution = (row) => readExecution(row),
): ExecutionPage {
  const more = found.length > limit;
  const rows = found.slice(0, limit);
  const newer = cursor?.direction === "newer";
  if (newer) rows.reverse();
  // There is a page on the side that the cursor came from, and on the other one if there was more.
  const hasOlder = newer || more;
  const hasNewer = newer ? more : cursor !== undefined;
  const place = (direction: "older" | "newer", row: Row | undefined) =>
    row && encodeCursor(direction, placeOf(row), key);
  // Where nothing is left on this side, the way back begins with the run beside the place.
  const back = (direction: "older" | "newer", step: bigint) =>
    cursor && encodeCursor(direction, { ...cursor, instant: cursor.instant + step }, key);
  const isEmpty = rows.length === 0;
  const nextCursor = hasOlder
    ? isEmpty ? back("older", 1n) : place("older", rows.at(-1))
    : undefined;
  const previousCursor = hasNewer
    ? isEmpty ? back("newer", -1n) : place("newer", rows[0])
    : undefined;
  return {
    executions: rows.map(read),
    ...(nextCursor === undefined ? {} : { nextCursor }),
    ...(previousCursor === undefined ? {} : { previousCursor }),
  };
}
