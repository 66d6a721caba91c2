/**
 * The filter of a call.
 *
 * @module
 */

import type { ExecutionStatus } from "../../domain/execution.ts";
import type { ExecutionQuery } from "../../domain/execution_repository.ts";
import type { Context } from "../context.ts";
import { toDuration, toPast } from "../values.ts";

/**
 * Reads the filter of a call.
 *
 * @param context The call of a command with the filter options.
 * @returns A query with what was given.
 */
export function filterOf(context: Context): ExecutionQuery {
  const query: ExecutionQuery = {};
  const workflowId = context.text("workflow");
  const status = context.texts("status") as ExecutionStatus[];
  const startedAfter = context.value("since", toPast);
  const startedBefore = context.value("until", toPast);
  const nameSearch = context.text("search");
  const minDuration = context.value("min-duration", toDuration);
  const maxDuration = context.value("max-duration", toDuration);
  const errorType = context.text("error-type");
  const label = context.text("label");
  if (workflowId !== undefined) query.workflowId = workflowId;
  if (status.length > 0) query.status = status;
  if (startedAfter !== undefined) query.startedAfter = startedAfter;
  if (startedBefore !== undefined) query.startedBefore = startedBefore;
  if (nameSearch !== undefined) query.nameSearch = nameSearch;
  if (minDuration !== undefined) query.minDuration = minDuration;
  if (maxDuration !== undefined) query.maxDuration = maxDuration;
  if (errorType !== undefined) query.errorType = errorType;
  if (label !== undefined) query.label = label;
  return query;
}
