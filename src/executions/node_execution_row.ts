/**
 * Rows of the table `node_executions`.
 *
 * @module
 */

import {
  NODE_EXECUTION_STATUSES,
  NodeExecution,
  type NodeExecutionError,
  type NodeExecutionFields,
} from "../domain/node_execution.ts";
import { InvalidDataError } from "../domain/errors.ts";
import { untouchedText } from "../domain/lazy.ts";
import type { Redactor } from "../domain/redaction.ts";
import { encodeObject, messageText, plainText } from "./column_text.ts";
import type { Row, SqlValue } from "./driver.ts";
import { encodeTime, ZERO_TIME } from "./instant.ts";
import { asText, ColumnReader, LazyJson, rawText } from "./invalid_columns.ts";
import { WrittenTable } from "./written_row.ts";

/** The columns that are read and written, in the order of a row. */
export const NODE_EXECUTION_TABLE: WrittenTable = new WrittenTable(
  "node_executions",
  [
    "id",
    "execution_id",
    "node_id",
    "node_type",
    "status",
    "started_at",
    "completed_at",
    "inputs",
    "outputs",
    "error_type",
    "error_message",
    "error_context",
    "retry_count",
  ],
  ["started_at", "completed_at"],
  ["inputs", "outputs", "error_context"],
);

/**
 * Reads a row; inputs and outputs are decoded when they are first read.
 *
 * @param row The columns in the order of {@linkcode NODE_EXECUTION_TABLE}.
 * @returns The node execution.
 */
export function readNodeExecution(row: Row): NodeExecution {
  const id = asText(row[0]) ?? "";
  const reader = new ColumnReader("node execution", id);
  const fields: NodeExecutionFields = {
    id,
    executionId: asText(row[1]) ?? "",
    nodeId: asText(row[2]) ?? "",
    nodeType: asText(row[3]) ?? "",
    status: reader.word("status", row[4], NODE_EXECUTION_STATUSES),
    retryCount: reader.count("retry_count", row[12]),
  };
  const startedAt = reader.time("started_at", row[5]);
  const completedAt = reader.time("completed_at", row[6]);
  const error = readError(row, reader);
  if (startedAt !== undefined) fields.startedAt = startedAt;
  if (completedAt !== undefined) fields.completedAt = completedAt;
  if (error !== undefined) fields.error = error;
  const inputs = new LazyJson(reader, row[7], decodeInputs);
  const outputs = new LazyJson(reader, row[8], decodeOutputs);
  return NodeExecution.from(fields, {
    inputs,
    outputs,
    invalidColumns: () => {
      inputs.read();
      outputs.read();
      return reader.invalid;
    },
  });
}

function decodeInputs(reader: ColumnReader, text: string | undefined): Record<string, unknown> {
  return reader.object("inputs", text) ?? {};
}

function decodeOutputs(reader: ColumnReader, text: string | undefined): Record<string, unknown> {
  return reader.object("outputs", text) ?? {};
}

function readError(row: Row, reader: ColumnReader): NodeExecutionError | undefined {
  const type = asText(row[9]);
  const message = asText(row[10]);
  const context = reader.object("error_context", row[11]);
  if ((type ?? message ?? context) === undefined) return undefined;
  return {
    type: type ?? "",
    message: message ?? "",
    ...(context === undefined ? {} : { context }),
  };
}

/**
 * Turns a node execution into its row.
 *
 * @param node The node execution.
 * @param redactor Removes secrets, if wanted.
 * @returns The columns.
 * @throws {InvalidDataError} If the database cannot hold a field.
 */
export function writeNodeExecution(node: NodeExecution, redactor?: Redactor): SqlValue[] {
  const action = `Cannot save node execution "${node.id}"`;
  const { error } = node;
  const safe = <T>(value: T, field: string): T =>
    redactor === undefined ? value : redactor.redact(value, action, field);
  const payload = (field: "inputs" | "outputs"): string | undefined =>
    (redactor === undefined ? untouchedText(node, field) : undefined) ??
      encodeObject(safe(node[field], field), action, field) ?? safe(rawText(node, field), field);
  if (!Number.isSafeInteger(node.retryCount)) {
    throw new InvalidDataError(
      `${action}: "retryCount" is ${node.retryCount}, wanted is a whole number`,
    );
  }
  return [
    plainText(node.id, action, "id"),
    plainText(node.executionId, action, "executionId"),
    plainText(node.nodeId, action, "nodeId"),
    plainText(node.nodeType, action, "nodeType"),
    plainText(node.status, action, "status"),
    node.startedAt === undefined
      ? rawText(node, "started_at") ?? ZERO_TIME
      : encodeTime(node.startedAt, action),
    node.completedAt === undefined
      ? rawText(node, "completed_at") ?? null
      : encodeTime(node.completedAt, action),
    payload("inputs") ?? null,
    payload("outputs") ?? null,
    plainText(error?.type, action, "error.type"),
    messageText(safe(error?.message, "error.message"), action),
    encodeObject(safe(error?.context, "error.context"), action, "error.context") ??
      safe(rawText(node, "error_context"), "error.context") ?? null,
    node.retryCount === 0 ? rawText(node, "retry_count") ?? 0 : node.retryCount,
  ];
}
