/**
 * Reads rows of the table `executions`. Writing them is in `written_execution.ts`.
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
import type { Row } from "./driver.ts";
import { asText, ColumnReader, LazyJson } from "./invalid_columns.ts";
import { FEATURES } from "./schema_version.ts";

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
  "workflow_revision",
];

/**
 * Returns the columns that are read and written, in the order of a row.
 *
 * @param schemaVersion Version of the schema of the file.
 * @returns Their names; before version 3 there is none for the revision.
 */
export function executionColumns(schemaVersion: number): readonly string[] {
  return schemaVersion >= FEATURES.revisions ? COLUMNS : COLUMNS.slice(0, -1);
}

/** Parts of a run that are computed when they are first read. */
export type LazyParts = Omit<LazyExecutionFields, "returnValue" | "invalidColumns">;

/**
 * Reads a row; its return value is decoded when it is first read.
 *
 * @param row The columns in the order of {@linkcode executionColumns}.
 * @param parts The parts of the run, by default none.
 * @returns The run.
 */
export function readExecution(row: Row, parts?: LazyParts): Execution {
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
    if (parts !== undefined) {
      return Execution.from(fields, { ...parts, invalidColumns: () => reader.invalid });
    }
    fields.invalidColumns = reader.invalid;
    return Execution.from(fields);
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
