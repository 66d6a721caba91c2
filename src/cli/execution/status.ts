/**
 * Colours of statuses.
 *
 * @module
 */

import type { ExecutionStatus } from "../../domain/execution.ts";
import type { NodeExecutionStatus } from "../../domain/node_execution.ts";
import type { Style } from "../text.ts";

const STYLES: Readonly<Record<string, Style>> = {
  pending: "gray",
  running: "blue",
  completed: "green",
  failed: "red",
  cancelled: "yellow",
  timed_out: "red",
  skipped: "gray",
} satisfies Record<ExecutionStatus | NodeExecutionStatus, Style>;

/**
 * Returns the colour of a status.
 *
 * @param item A run or node execution.
 * @returns The colour.
 */
export function statusStyle(item: { status: string }): Style | undefined {
  return STYLES[item.status];
}
