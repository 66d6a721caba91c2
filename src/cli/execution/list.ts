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
import { openExecutionLister } from "./lister.ts";
import { filterOf } from "./query.ts";
import { statusStyle } from "./status.ts";
import { openExecutions } from "./store.ts";

/** Lists runs. */
export async function listExecutions(context: Context): Promise<void> {
  const query = queryOf(context);
  try {
    if (context.flag("abandoned")) {
      using store = await openExecutions(context);
      await printPage(context, { executions: await store.listAbandoned() });
    } else {
      using store = await openExecutionLister(context);
      await printPage(context, await store.list(query));
    }
  } catch (error) {
    // Nothing was run yet.
    if (!(error instanceof NotFoundError)) throw error;
    context.note(visible(error.message));
    await printPage(context, { executions: [] });
  }
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
    limit: context.value("limit", toCount) ?? 20,
    total: context.flag("total") ? "exact" : "none",
    ...(cursor === undefined ? {} : { cursor }),
  };
}
