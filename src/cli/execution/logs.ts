/**
 * `execution logs`.
 *
 * @module
 */

import type { Execution } from "../../domain/execution.ts";
import type { Context } from "../context.ts";
import { toJson } from "../json.ts";
import { printRecords } from "../records.ts";
import type { Style } from "../text.ts";
import { formatDuration, toCount } from "../values.ts";
import { openExecutions } from "./store.ts";

/** Something that happened in a run. */
interface LogEvent {
  time: Date;
  type: "execution" | "node" | "variable" | "error";
  node?: string;
  message: string;
}

/** Shows what happened in a run. */
export async function showLogs(context: Context): Promise<void> {
  const tail = context.value("tail", toCount);
  const types = context.texts("type");
  using store = await openExecutions(context);
  const events = eventsOf(await store.load(context.argument("ID")))
    .filter(({ type }) => types.length === 0 || types.includes(type));
  await printRecords(context, {
    name: "events",
    items: tail === undefined ? events : tail === 0 ? [] : events.slice(-tail),
    columns: [
      { title: "TIME", text: ({ time }) => time.toISOString() },
      { title: "TYPE", text: ({ type }) => type, style: styleOf },
      { title: "NODE", text: ({ node }) => node ?? "-" },
      { title: "MESSAGE", text: ({ message }) => message, shrinks: true },
    ],
    json: (event) => event,
    empty: "No events found",
  });
}

function styleOf({ type }: LogEvent): Style | undefined {
  return type === "error" ? "red" : type === "variable" ? "gray" : undefined;
}

function eventsOf(execution: Execution): LogEvent[] {
  const { startedAt, completedAt, status, error, duration } = execution;
  const events: LogEvent[] = [
    { time: startedAt, type: "execution", message: `started ${execution.workflowId}` },
  ];
  const nodes = new Map(execution.nodeExecutions.map(({ id, nodeId }) => [id, nodeId]));
  for (
    const { variableName, newValue, timestamp, nodeExecutionId } of execution.variableSnapshots
  ) {
    const node = nodeExecutionId === undefined ? undefined : nodes.get(nodeExecutionId);
    events.push({
      time: timestamp,
      type: "variable",
      ...(node === undefined ? {} : { node }),
      message: `${variableName} = ${toJson(newValue) ?? "unset"}`,
    });
  }
  for (const run of execution.nodeExecutions) {
    const node = run.nodeId;
    if (run.startedAt) {
      events.push({
        time: run.startedAt,
        type: "node",
        node,
        message: `started (${run.nodeType})`,
      });
    }
    const end = run.completedAt;
    if (!end) continue;
    const took = run.duration === undefined ? "" : ` after ${formatDuration(run.duration)}`;
    const retries = run.retryCount > 0 ? `, ${run.retryCount} retries` : "";
    events.push(
      run.error
        ? { time: end, type: "error", node, message: `${run.error.type}: ${run.error.message}` }
        : { time: end, type: "node", node, message: `${run.status}${took}${retries}` },
    );
  }
  if (completedAt) {
    if (error) {
      const { type, message, nodeId } = error;
      const node = nodeId === undefined ? {} : { node: nodeId };
      events.push({ time: completedAt, type: "error", ...node, message: `${type}: ${message}` });
    }
    const message = `${status} after ${formatDuration(duration)}`;
    events.push({ time: completedAt, type: "execution", message });
  }
  // Stable: what happened in the same millisecond stays in the order above.
  return events.sort((a, b) => a.time.getTime() - b.time.getTime());
}
