/**
 * `execution logs`.
 *
 * @module
 */

import { NotFoundError } from "../../domain/errors.ts";
import type { Execution } from "../../domain/execution.ts";
import type { NodeExecution } from "../../domain/node_execution.ts";
import type { VariableSnapshot } from "../../domain/variable_snapshot.ts";
import { isLive } from "../../executions/leases.ts";
import type { Context } from "../context.ts";
import { toJson } from "../json.ts";
import { colored, printRecords } from "../records.ts";
import { oneLine, type Style } from "../text.ts";
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
  if (context.flag("follow")) return await followLogs(context);
  const tail = context.value("tail", toCount);
  using store = await openExecutions(context);
  const events = eventsOf(await store.load(context.argument("ID"))).filter(wanted(context));
  await printRecords(context, {
    name: "events",
    items: lastOf(events, tail),
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

function wanted(context: Context): (event: LogEvent) => boolean {
  const types = context.texts("type");
  return ({ type }) => types.length === 0 || types.includes(type);
}

/** Goes on until the run has ended or the user stops it. */
async function followLogs(context: Context): Promise<void> {
  const id = context.argument("ID");
  const { signal } = context;
  const tail = context.value("tail", toCount);
  const isWanted = wanted(context);
  using store = await openExecutions(context);
  // It must be there; the feed would just end.
  const execution = await store.load(id);
  const nodes = new Map(execution.nodeExecutions.map((node) => [node.id, node.nodeId]));
  /** A run or node is told again when its state changes. */
  const told = new Set<string>();
  // In order; the feed has what was stored at once in another one.
  const events = eventsOf(execution);
  for (const event of events) told.add(toJson(event));
  for (const event of lastOf(events.filter(isWanted), tail)) {
    printEvent(context, event, toJson(event));
  }
  let { status } = execution;
  for await (const event of store.follow(id, { signal })) {
    if (event.kind === "execution") status = event.execution.status;
    if (event.kind === "node") nodes.set(event.node.id, event.node.nodeId);
    const events = event.kind === "node"
      ? nodeEvents(event.node)
      : event.kind === "snapshot"
      ? [variableEvent(event.snapshot, nodes)]
      : [startEvent(event.execution), ...endEvents(event.execution)];
    for (const item of events) {
      const json = toJson(item);
      if (told.has(json)) continue;
      told.add(json);
      if (isWanted(item)) printEvent(context, item, json);
    }
  }
  if (signal.aborted) context.note("Stopped, the run has not ended");
  else if (isLive(status)) {
    throw new NotFoundError(`Cannot follow execution "${id}" to its end: it was deleted`, {
      kind: "execution",
      id,
    });
  }
}

function lastOf(events: readonly LogEvent[], count = Infinity): readonly LogEvent[] {
  return count === 0 ? [] : events.slice(-count);
}

function printEvent(context: Context, event: LogEvent, json: string): void {
  if (context.format !== "text") {
    context.print(json);
    return;
  }
  const { time, type, node = "-", message } = event;
  const shown = colored(context.io, type.padEnd(9), styleOf(event));
  context.print(`${time.toISOString()}  ${shown}  ${oneLine(node)}  ${oneLine(message)}`);
}

function styleOf({ type }: LogEvent): Style | undefined {
  return type === "error" ? "red" : type === "variable" ? "gray" : undefined;
}

function eventsOf(execution: Execution): LogEvent[] {
  const nodes = new Map(execution.nodeExecutions.map(({ id, nodeId }) => [id, nodeId]));
  const events = [
    startEvent(execution),
    ...execution.variableSnapshots.map((snapshot) => variableEvent(snapshot, nodes)),
    ...execution.nodeExecutions.flatMap(nodeEvents),
    ...endEvents(execution),
  ];
  // Stable: what happened in the same millisecond stays in the order above.
  return events.sort((a, b) => a.time.getTime() - b.time.getTime());
}

function startEvent({ startedAt, workflowId }: Execution): LogEvent {
  return { time: startedAt, type: "execution", message: `started ${workflowId}` };
}

function endEvents({ completedAt, status, error, duration }: Execution): LogEvent[] {
  if (completedAt === undefined) return [];
  const message = `${status} after ${formatDuration(duration)}`;
  const end: LogEvent = { time: completedAt, type: "execution", message };
  return error === undefined ? [end] : [{
    time: completedAt,
    type: "error",
    ...(error.nodeId === undefined ? {} : { node: error.nodeId }),
    message: `${error.type}: ${error.message}`,
  }, end];
}

function variableEvent(
  { variableName, newValue, timestamp, nodeExecutionId }: VariableSnapshot,
  nodes: ReadonlyMap<string, string>,
): LogEvent {
  const node = nodeExecutionId === undefined ? undefined : nodes.get(nodeExecutionId);
  return {
    time: timestamp,
    type: "variable",
    ...(node === undefined ? {} : { node }),
    message: `${variableName} = ${toJson(newValue) ?? "unset"}`,
  };
}

function nodeEvents(run: NodeExecution): LogEvent[] {
  const { nodeId: node, nodeType, startedAt, completedAt: time, error } = run;
  const events: LogEvent[] = [];
  if (startedAt) {
    events.push({ time: startedAt, type: "node", node, message: `started (${nodeType})` });
  }
  if (time === undefined) return events;
  const took = run.duration === undefined ? "" : ` after ${formatDuration(run.duration)}`;
  const retries = run.retryCount > 0 ? `, ${run.retryCount} retries` : "";
  events.push(
    error
      ? { time, type: "error", node, message: `${error.type}: ${error.message}` }
      : { time, type: "node", node, message: `${run.status}${took}${retries}` },
  );
  return events;
}
