/**
 * All runs of a query, page by page.
 *
 * @module
 */

import type { Execution } from "../domain/execution.ts";
import type { ExecutionPage, ExecutionQuery } from "../domain/execution_repository.ts";

/**
 * Yields the runs of all pages.
 *
 * @param list Reads a page.
 * @param query Filters; `limit` is the size of a page.
 * @returns The runs.
 */
export async function* iteratePages(
  list: (query: ExecutionQuery) => Promise<ExecutionPage>,
  query: Omit<ExecutionQuery, "cursor" | "total">,
): AsyncGenerator<Execution> {
  let cursor: string | undefined;
  do {
    const page = await list({
      limit: 200,
      ...query,
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.executions;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
