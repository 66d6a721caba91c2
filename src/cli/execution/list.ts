/**
 * `execution list`.
 *
 * @module
 */

import { NotFoundError } from "../../domain/errors.ts";
import type { Execution } from "../../domain/execution.ts";
import type { ExecutionPage, ExecutionQuery } from "../../domain/execution_repository.ts";
import type { Context } from "../context.ts";
import { printRecords } from "../records.ts";
import { visible } from "../text.ts";
import { formatDuration, formatTime, toCount } from "../values.ts";
import { executionJson } from "./json.ts";
import { filterOf } from "./query.ts";
import { statusStyle } from "./status.ts";
import { openExecutions } from "./store.ts";

/** Lists runs. */
export async function listExecutions(context: Context): Promise<void> {
  const page = await readPage(context);
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

async function readPage(context: Context): Promise<ExecutionPage> {
  const query = queryOf(context);
  try {
    using store = await openExecutions(context);
    if (context.flag("abandoned")) return { executions: await store.listAbandoned() };
    return await store.list(query);
  } catch (error) {
    // Nothing was run yet.
    if (!(error instanceof NotFoundError)) throw error;
    context.note(visible(error.message));
    return { executions: [] };
  }
}

function queryOf(context: Context): ExecutionQuery {
  const cursor = context.text("cursor");
  return {
    ...filterOf(context),
    limit: context.value("limit", toCount) ?? 20,
    total: context.flag("total") ? "exact" : "none",
    ...(cursor === undefined ? {} : { cursor }),
  };
}
