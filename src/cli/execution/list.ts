/**
 * `execution list`.
 *
 * @module
 */

// Otherwise it would be loaded only when the rest is there.
import "../../executions/builtin.ts";
import { InvalidDataError, NotFoundError } from "../../domain/errors.ts";
import type { Execution } from "../../domain/execution.ts";
import type { ExecutionPage, ExecutionQuery } from "../../domain/execution_repository.ts";
import { openReader, type Reader } from "../../executions/reader.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { printRecords } from "../records.ts";
import { visible } from "../text.ts";
import { formatDuration, formatTime, toCount } from "../values.ts";
import { executionJson } from "./json.ts";
import { filterOf } from "./query.ts";
import { statusStyle } from "./status.ts";
import { driverOf, existingDatabase, openExecutions } from "./store.ts";

/** Lists runs. */
export async function listExecutions(context: Context): Promise<void> {
  const query = queryOf(context);
  const offset = context.value("offset", toCount) ?? 0;
  if (offset > 0 && query.cursor !== undefined) {
    throw new UsageError('Options "--offset" and "--cursor" exclude each other');
  }
  try {
    if (context.flag("abandoned")) {
      using store = await openExecutions(context);
      await printPage(context, { executions: await store.listAbandoned() });
    } else {
      using store = await openLister(context);
      await printPage(context, await readPage(store, query, offset));
    }
  } catch (error) {
    // Nothing was run yet.
    if (!(error instanceof NotFoundError)) throw error;
    context.note(visible(error.message));
    await printPage(context, { executions: [] });
  }
}

/** In a folder only what a list needs is loaded, unless the database has to be changed first. */
async function openLister(context: Context): Promise<Reader> {
  if (context.url === undefined) {
    const reader = await openReader(existingDatabase(context), driverOf(context));
    if (reader !== undefined) return reader;
  }
  return await openExecutions(context);
}

/** Skips pages of runs, as Go's command line can; a cursor gets there at once. */
async function readPage(
  store: Reader,
  query: ExecutionQuery,
  offset: number,
): Promise<ExecutionPage> {
  let cursor = query.cursor;
  for (let left = offset; left > 0;) {
    const page = await store.list({
      ...query,
      ...cursorOption(cursor),
      limit: Math.min(left, MOST),
    });
    if (page.nextCursor === undefined) {
      return { executions: [], ...(page.total === undefined ? {} : { total: page.total }) };
    }
    cursor = page.nextCursor;
    left -= page.executions.length;
  }
  return await store.list({ ...query, ...cursorOption(cursor) }).catch((error) => {
    // The filters were checked before: it is the cursor.
    throw error instanceof InvalidDataError ? new UsageError(error.message) : error;
  });
}

function cursorOption(cursor: string | undefined): { cursor?: string } {
  return cursor === undefined ? {} : { cursor };
}

/** Most runs of one page. */
const MOST = 1000;

function toLimit(text: string, what: string): number {
  const limit = toCount(text, what);
  if (limit >= 1 && limit <= MOST) return limit;
  throw new UsageError(`"${what}" is a whole number from 1 to ${MOST}, not "${text}"`);
}

async function printPage(context: Context, page: ExecutionPage): Promise<void> {
  await printRecords<Execution>(context, {
    name: "executions",
    items: page.executions,
    columns: [
      { title: "ID", text: ({ id }) => id },
      { title: "WORKFLOW", text: ({ workflowId }) => workflowId, shrinks: true },
      { title: "STATUS", text: ({ status }) => status, style: statusStyle },
      { title: "DURATION", text: ({ duration }) => formatDuration(duration), right: true },
      { title: "STARTED", text: ({ startedAt }) => formatTime(startedAt) },
    ],
    json: executionJson,
    id: ({ id }) => id,
    empty: "No executions found",
    fields: () => ({
      next_cursor: page.nextCursor,
      previous_cursor: page.previousCursor,
      total: page.total?.count,
    }),
  });
  if (context.format === "json" || context.format === "ids") return;
  if (page.total) context.note(`${page.total.count} executions match`);
  if (page.nextCursor) context.note(`There are more: --cursor ${page.nextCursor}`);
}

function queryOf(context: Context): ExecutionQuery {
  const cursor = context.text("cursor");
  return {
    ...filterOf(context),
    limit: context.value("limit", toLimit) ?? 20,
    total: context.flag("total") ? "exact" : "none",
    ...cursorOption(cursor),
  };
}
