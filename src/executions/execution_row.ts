/**
 * Rows of the table `executions`.
 *
 * @module
 */

import {
  Execution,
  EXECUTION_STATUSES,
  type ExecutionError,
  type ExecutionFields,
  type LazyExecutionFields,
} from "../domain/execution.ts";
import { encodeJson } from "../domain/json.ts";
import { untouchedText } from "../domain/lazy.ts";
import type { Redactor } from "../domain/redaction.ts";
import { encodeObject, messageText, plainText } from "./column_text.ts";
import type { Row, SqlValue } from "./driver.ts";
import { encodeTime } from "./instant.ts";
import { asText, ColumnReader, LazyJson, rawText } from "./invalid_columns.ts";
import { WrittenTable } from "./written_row.ts";

const COLUMNS = [
  "id",
  "workflow_id",
  "workflow_version",
  "status",
  "started_at",
  "completed_at",
  "error_type",
  "error_message",
  "error_node_id",
  "error_context",
  "return_value",
];
const TIMES = ["started_at", "completed_at"];
const JSON_COLUMNS = ["error_context", "return_value"];

/** The table of the newest schema. */
export const EXECUTION_TABLE: WrittenTable = new WrittenTable(
  "executions",
  [...COLUMNS, "workflow_revision"],
  TIMES,
  JSON_COLUMNS,
);

/** The table before version 3. */
const OLD_EXECUTION_TABLE = new WrittenTable("executions", COLUMNS, TIMES, JSON_COLUMNS);

/**
 * Returns the columns that are read and written, in the order of a row.
 *
 * @param schemaVersion Version of the schema of the file.
 * @returns The table; before version 3 it has no column for the revision.
 */
export function executionTable(schemaVersion: number): WrittenTable {
  return schemaVersion >= 3 ? EXECUTION_TABLE : OLD_EXECUTION_TABLE;
}

/** Parts of a run that are computed when they are first read. */
export type LazyParts = Omit<LazyExecutionFields, "returnValue" | "invalidColumns">;

/**
 * Reads a row; its return value is decoded when it is first read.
 *
 * @param row The columns in the order of {@linkcode executionTable}.
 * @param parts The parts of the run, by default none.
 * @returns The run.
 */
export function readExecution(row: Row, parts: LazyParts = {}): Execution {
  const id = asText(row[0]) ?? "";
  const reader = new ColumnReader("execution", id);
  const status = reader.word("status", row[3], EXECUTION_STATUSES);
  const startedAt = reader.time("started_at", row[4]);
  const fields: ExecutionFields = {
    id,
    workflowId: asText(row[1]) ?? "",
    workflowVersion: asText(row[2]) ?? "",
    status,
    startedAt: startedAt ??
      new Date(reader.isInvalid("started_at") ? NaN : "0001-01-01T00:00:00Z"),
  };
  const completedAt = reader.time("completed_at", row[5]);
  const error = readError(row, reader);
  if (completedAt !== undefined) fields.completedAt = completedAt;
  if (error !== undefined) fields.error = error;
  // An older schema has the instant there, which is no text.
  if (typeof row[11] === "string") fields.workflowRevision = row[11];
  if (row[10] === null) {
    return Execution.from(fields, { ...parts, invalidColumns: () => reader.invalid });
  }
  const returnValue = new LazyJson(reader, row[10], decodeReturnValue);
  return Execution.from(fields, {
    ...parts,
    returnValue,
    invalidColumns: () => {
      returnValue.read();
      return reader.invalid;
    },
  });
}

function decodeReturnValue(reader: ColumnReader, text: string | undefined): unknown {
  return reader.json("return_value", text);
}

function readError(row: Row, reader: ColumnReader): ExecutionError | undefined {
  const type = asText(row[6]);
  const message = asText(row[7]);
  const context = reader.object("error_context", row[9]);
  const nodeId = asText(row[8]);
  if ((type ?? message ?? nodeId ?? context) === undefined) return undefined;
  return {
    type: type ?? "",
    message: message ?? "",
    ...(nodeId === undefined ? {} : { nodeId }),
    ...(context === undefined ? {} : { context }),
  };
}

/**
 * Turns a run into its row.
 *
 * @param execution The run.
 * @param redactor Removes secrets, if wanted.
 * @returns The columns of the newest schema.
 * @throws {InvalidDataError} If the database cannot hold a field.
 */
export function writeExecution(execution: Execution, redactor?: Redactor): SqlValue[] {
  const action = `Cannot save execution "${execution.id}"`;
  const { error } = execution;
  const safe = <T>(value: T, field: string): T =>
    redactor === undefined ? value : redactor.redact(value, action, field);
  const started = execution.startedAt instanceof Date &&
      Number.isNaN(execution.startedAt.getTime())
    ? rawText(execution, "started_at")
    : undefined;
  return [
    plainText(execution.id, action, "id"),
    plainText(execution.workflowId, action, "workflowId"),
    plainText(execution.workflowVersion, action, "workflowVersion"),
    plainText(execution.status, action, "status"),
    started ?? encodeTime(execution.startedAt, action),
    execution.completedAt === undefined
      ? rawText(execution, "completed_at") ?? null
      : encodeTime(execution.completedAt, action),
    plainText(error?.type, action, "error.type"),
    messageText(safe(error?.message, "error.message"), action),
    plainText(error?.nodeId, action, "error.nodeId"),
    encodeObject(safe(error?.context, "error.context"), action, "error.context") ??
      rawText(execution, "error_context") ??
      null,
    (redactor === undefined ? untouchedText(execution, "returnValue") : undefined) ??
      encodeJson(safe(execution.returnValue, "returnValue"), action, "returnValue") ??
      rawText(execution, "return_value") ?? null,
    plainText(execution.workflowRevision, action, "workflowRevision"),
  ];
}
