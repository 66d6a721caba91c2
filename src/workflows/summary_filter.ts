/**
 * Which summaries are asked for.
 *
 * @module
 */

import type { SummaryFilter, WorkflowSummary } from "../domain/workflow_repository.ts";

/**
 * Tells whether a summary is among those that are asked for.
 *
 * @param summary The summary.
 * @param filter What is asked for.
 * @returns Whether it is.
 */
export function matches(summary: WorkflowSummary, { tag, text }: SummaryFilter): boolean {
  const { id, name, description, tags } = summary;
  if (tag !== undefined && !tags.includes(tag)) return false;
  if (text === undefined) return true;
  const wanted = text.toLowerCase();
  return [id, name, description, ...tags].some((part) => part?.toLowerCase().includes(wanted));
}
