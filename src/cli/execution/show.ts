/**
 * `execution show`.
 *
 * @module
 */

import type { Execution, ExecutionError } from "../../domain/execution.ts";
import type { NodeExecution } from "../../domain/node_execution.ts";
import type { Context } from "../context.ts";
import { toJson } from "../json.ts";
import { type Field, printFields, table } from "../records.ts";
import { oneLine, visible } from "../text.ts";
import { formatDuration, formatTime } from "../values.ts";
import { wholeExecutionJson } from "./json.ts";
import { statusStyle } from "./status.ts";
import { openExecutions } from "./store.ts";

/** Shows a run. */
export async function showExecution(context: Context): Promise<void> {
  using store = await openExecutions(context);
  const execution = await store.load(context.argument("ID"));
  const { schemaVersion, latestSchemaVersion } = await store.info();
  // A file that could not be brought up to date has none.
  const labels = schemaVersion < latestSchemaVersion ? [] : await store.getLabels(execution.id);
  if (context.format === "json") {
    context.record({ ...wholeExecutionJson(execution), labels }, () => {});
    return;
  }
  printHead(context, execution, labels);
  if (execution.nodeExecutions.length > 0) {
    context.print("");
    const { stdout, color } = context.io;
    context.io.stdout.write(table(execution.nodeExecutions, columns(execution), stdout, color));
  }
  for (const node of execution.nodeExecutions) {
    if (node.error) context.print(oneLine(`${node.nodeId}: ${errorText(node.error)}`));
    if (context.flag("payloads")) {
      printValue(context, `${node.nodeId} inputs`, node.inputs);
      printValue(context, `${node.nodeId} outputs`, node.outputs);
    }
  }
  if (context.flag("payloads")) {
    printValue(context, "variables", execution.variables);
    printValue(context, "return value", execution.returnValue);
  }
}

function printHead(context: Context, execution: Execution, labels: readonly string[]): void {
  const fields: Field[] = [
    ["Run", execution.id],
    ["Workflow", `${execution.workflowId} ${execution.workflowVersion}`],
    ["Status", execution.status, statusStyle(execution)],
    ["Started", formatTime(execution.startedAt)],
    ["Duration", formatDuration(execution.duration)],
  ];
  if (labels.length > 0) fields.push(["Labels", labels.join(", ")]);
  if (execution.workflowRevision) fields.push(["Revision", execution.workflowRevision]);
  if (execution.error) fields.push(["Error", errorText(execution.error)]);
  for (const { column } of [execution, ...execution.nodeExecutions].flatMap(invalidOf)) {
    fields.push(["Unreadable", `column "${column}", see --json`]);
  }
  printFields(context, fields);
}

function invalidOf({ invalidColumns = [] }: Execution | NodeExecution): { column: string }[] {
  return invalidColumns;
}

function errorText({ type, message, nodeId }: ExecutionError): string {
  return `${type}${nodeId ? ` at node "${nodeId}"` : ""}: ${message}`;
}

function printValue(context: Context, name: string, value: unknown): void {
  if (value === undefined || (isRecord(value) && Object.keys(value).length === 0)) return;
  context.print(visible(`${name}: ${toJson(value, 2)}`));
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const LINE_WIDTH = 32;

function columns(execution: Execution) {
  const span = spanOf(execution);
  return [
    { title: "NODE", text: (node: NodeExecution) => node.nodeId, shrinks: true },
    { title: "TYPE", text: (node: NodeExecution) => node.nodeType },
    { title: "STATUS", text: (node: NodeExecution) => node.status, style: statusStyle },
    {
      title: "RETRIES",
      text: (node: NodeExecution) => node.retryCount > 0 ? String(node.retryCount) : "",
      right: true,
    },
    {
      title: "DURATION",
      text: (node: NodeExecution) => formatDuration(node.duration),
      right: true,
    },
    { title: "TIME LINE", text: (node: NodeExecution) => timeLine(node, span), style: statusStyle },
  ];
}

/** First start and last end of anything in the run, in milliseconds. */
function spanOf(execution: Execution): [from: number, to: number] {
  const parts = [execution, ...execution.nodeExecutions];
  const times = parts.flatMap(({ startedAt, completedAt }) => [startedAt, completedAt])
    .filter((time) => time !== undefined).map((time) => time.getTime());
  return [Math.min(...times), Math.max(...times)];
}

/** A bar where the node ran within the run. One that has not ended reaches to the end. */
function timeLine({ startedAt, completedAt }: NodeExecution, [from, to]: [number, number]): string {
  if (startedAt === undefined) return "";
  const scale = LINE_WIDTH / Math.max(to - from, 1);
  const begin = Math.min(Math.floor((startedAt.getTime() - from) * scale), LINE_WIDTH - 1);
  const end = Math.round(((completedAt?.getTime() ?? to) - from) * scale);
  return " ".repeat(begin) + (completedAt ? "█" : "▒").repeat(Math.max(end - begin, 1));
}
