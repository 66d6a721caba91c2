/**
 * `execution show`.
 *
 * @module
 */

import type { Execution, ExecutionError } from "../../domain/execution.ts";
import type { NodeExecution } from "../../domain/node_execution.ts";
import { isMapping } from "../../domain/value.ts";
import type { Context } from "../context.ts";
import { toJson } from "../json.ts";
import {
  type Column,
  type Field,
  printFields,
  printRecord,
  printTable,
  tableWidth,
} from "../records.ts";
import { fit, oneLine, visible } from "../text.ts";
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
    printRecord(context, { ...wholeExecutionJson(execution), labels }, () => {});
    return;
  }
  printHead(context, execution, labels);
  if (execution.nodeExecutions.length > 0) {
    context.print("");
    const shown = columns(execution, context.io.stdout.columns());
    printTable(context.io, execution.nodeExecutions, shown);
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
  if (value === undefined || (isMapping(value) && Object.keys(value).length === 0)) return;
  context.print(visible(`${name}: ${toJson(value, 2)}`));
}

/** Columns of the time line: what the others leave, and where there is no width, the middle. */
const LINE_WIDTHS = { least: 10, usual: 32, most: 60 };

const RETRIES: Column<NodeExecution> = {
  title: "RETRIES",
  text: ({ retryCount }) => retryCount > 0 ? String(retryCount) : "",
  right: true,
};

function columns(execution: Execution, available: number): Column<NodeExecution>[] {
  const [from, to] = spanOf(execution);
  const others: Column<NodeExecution>[] = [
    { title: "NODE", text: ({ nodeId }) => nodeId, shrinks: true },
    { title: "TYPE", text: ({ nodeType }) => nodeType, shrinks: true },
    { title: "STATUS", text: ({ status }) => status, style: statusStyle },
    ...execution.nodeExecutions.some(({ retryCount }) => retryCount > 0) ? [RETRIES] : [],
    { title: "DURATION", text: ({ duration }) => formatDuration(duration), right: true },
  ];
  const left = available - tableWidth(execution.nodeExecutions, others);
  const width = Number.isFinite(left)
    ? Math.min(Math.max(left, LINE_WIDTHS.least), LINE_WIDTHS.most)
    : LINE_WIDTHS.usual;
  const title = from < to ? `TIME LINE, ${formatDuration(to - from)}` : "TIME LINE";
  const line = (node: NodeExecution) => timeLine(node, [from, to], width);
  return [...others, { title: fit(title, width), text: line, style: statusStyle }];
}

/** First start and last end of anything in the run, in milliseconds. */
function spanOf(execution: Execution): [from: number, to: number] {
  const parts = [execution, ...execution.nodeExecutions];
  let [from, to] = [Infinity, -Infinity];
  for (const { startedAt, completedAt } of parts) {
    for (const time of [startedAt, completedAt]) {
      if (time === undefined) continue;
      from = Math.min(from, time.getTime());
      to = Math.max(to, time.getTime());
    }
  }
  return [from, to];
}

/** A bar where the node ran within the run. One that has not ended reaches to the end. */
function timeLine(
  { startedAt, completedAt }: NodeExecution,
  [from, to]: readonly [number, number],
  width: number,
): string {
  if (startedAt === undefined) return "";
  const scale = width / Math.max(to - from, 1);
  const begin = Math.min(Math.floor((startedAt.getTime() - from) * scale), width - 1);
  const end = Math.round(((completedAt?.getTime() ?? to) - from) * scale);
  return " ".repeat(begin) + (completedAt ? "█" : "▒").repeat(Math.max(end - begin, 1));
}
