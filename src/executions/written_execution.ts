/**
 * Rows of the table `executions` on their way into the database.
 *
 * @module
 */

import type { Execution } from "../domain/execution.ts";
import { encodeJson } from "../domain/json.ts";
import { untouchedText } from "../domain/lazy.ts";
import type { Redactor } from "../domain/redaction.ts";
import { encodeObject, messageText, plainText } from "./column_text.ts";
import type { SqlValue } from "./driver.ts";
import { executionColumns } from "./execution_row.ts";
import { encodeTime } from "./instant.ts";
import { rawText } from "./invalid_columns.ts";
import { FEATURES } from "./schema_version.ts";
import { WrittenTable } from "./written_row.ts";

/** The table of the newest schema. */
export const EXECUTION_TABLE: WrittenTable = tableOf(3);

/** The table before version 3. */
const OLD_EXECUTION_TABLE = tableOf(1);

function tableOf(schemaVersion: number): WrittenTable {
  return new WrittenTable(
    "executions",
    executionColumns(schemaVersion),
    ["started_at", "completed_at"],
    ["error_context", "return_value"],
  );
}

/**
 * Returns the table as rows are written to it.
 *
 * @param schemaVersion Version of the schema of the file.
 * @returns The table; before version 3 it has no column for the revision.
 */
export function executionTable(schemaVersion: number): WrittenTable {
  return schemaVersion >= FEATURES.revisions ? EXECUTION_TABLE : OLD_EXECUTION_TABLE;
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
      safe(rawText(execution, "error_context"), "error.context") ?? null,
    (redactor === undefined ? untouchedText(execution, "returnValue") : undefined) ??
      encodeJson(safe(execution.returnValue, "returnValue"), action, "returnValue") ??
      safe(rawText(execution, "return_value"), "returnValue") ?? null,
    plainText(execution.workflowRevision, action, "workflowRevision"),
  ];
}
