/**
 * A run as one line of NDJSON, from which it comes back without loss. The keys
 * are the columns; times and texts are as they are stored, JSON columns are
 * JSON, and a JSON column that would come back otherwise is
 * `{"$text": "what is stored"}`.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { Row, SqlValue } from "./driver.ts";
import { asText } from "./invalid_columns.ts";
import { decodeJson, encodeJson } from "../domain/json.ts";
import { NODE_EXECUTION_TABLE } from "./node_execution_row.ts";
import { SNAPSHOT_COLUMNS } from "./snapshot_row.ts";

/** Columns of the three tables, in the order of their rows. */
export const RUN_COLUMNS: readonly string[] = [
  "id",
  "workflow_id",
  "workflow_version",
  "workflow_revision",
  "status",
  "started_at",
  "completed_at",
  "error_type",
  "error_message",
  "error_node_id",
  "error_context",
  "return_value",
  "created_at",
];
/** Columns of a node execution, in the order of {@linkcode StoredRun.nodes}. */
export const NODE_COLUMNS: readonly string[] = NODE_EXECUTION_TABLE.columns.filter((column) =>
  column !== "execution_id"
);
/** Columns of a snapshot, in the order of {@linkcode StoredRun.snapshots}. */
export const CHANGE_COLUMNS: readonly string[] = SNAPSHOT_COLUMNS.filter((column) =>
  column !== "id" && column !== "execution_id"
);
const JSON_COLUMNS: ReadonlySet<string> = new Set([
  "error_context",
  "return_value",
  "inputs",
  "outputs",
  "old_value",
  "new_value",
]);

/** A run and its parts as they are stored. */
export interface StoredRun {
  /** Values of {@linkcode RUN_COLUMNS}. */
  run: Row;
  /** Values of the columns of node executions but `execution_id`. */
  nodes: Row[];
  /** Values of the columns of snapshots but `id` and `execution_id`. */
  snapshots: Row[];
  /** Labels. */
  labels: string[];
}

/**
 * Writes a run as JSON on one line.
 *
 * @param stored The run.
 * @returns The text, without a line break.
 */
export function writeRunLine({ run, nodes, snapshots, labels }: StoredRun): string {
  const parts = [
    ...fields(RUN_COLUMNS, run),
    `"node_executions":[${nodes.map((row) => object(NODE_COLUMNS, row)).join(",")}]`,
    `"variable_snapshots":[${snapshots.map((row) => object(CHANGE_COLUMNS, row)).join(",")}]`,
  ];
  if (labels.length > 0) parts.push(`"labels":${JSON.stringify(labels)}`);
  return `{${parts.join(",")}}`;
}

function object(columns: readonly string[], row: Row): string {
  return `{${fields(columns, row).join(",")}}`;
}

/** Columns that are NULL are left out. */
function fields(columns: readonly string[], row: Row): string[] {
  const result: string[] = [];
  columns.forEach((column, i) => {
    const value = row[i] ?? null;
    if (value === null) return;
    result.push(`"${column}":${JSON_COLUMNS.has(column) ? jsonText(value) : plain(value)}`);
  });
  return result;
}

function plain(value: SqlValue): string {
  return typeof value === "number" ? String(value) : JSON.stringify(asText(value));
}

function jsonText(value: SqlValue): string {
  const text = asText(value)!;
  try {
    const canonical = encodeJson(decodeJson(text), "", "");
    // Go escapes what need not be; that is the same JSON.
    if (canonical === text || canonical === withoutGoEscapes(text)) return canonical!;
  } catch (error) {
    // Not JSON, or beyond what is written here: kept as text.
    if (!(error instanceof SyntaxError || error instanceof InvalidDataError)) throw error;
  }
  return JSON.stringify({ $text: text });
}

const GO_ESCAPES: Record<string, string> = {
  "\\u003c": "<",
  "\\u003e": ">",
  "\\u0026": "&",
  "\\u2028": "\u2028",
  "\\u2029": "\u2029",
};

function withoutGoEscapes(text: string): string {
  return text.replaceAll(
    /(\\\\)|\\u(?:003c|003e|0026|2028|2029)/g,
    (found) => GO_ESCAPES[found] ?? found,
  );
}

/**
 * Reads a line.
 *
 * @param line What {@linkcode writeRunLine} wrote.
 * @returns The run.
 * @throws {InvalidDataError} If the line is not a run.
 */
export function readRunLine(line: string): StoredRun {
  let value: unknown;
  try {
    value = decodeJson(line);
  } catch (cause) {
    throw new InvalidDataError("Cannot import a run: the line is not JSON", { cause });
  }
  const run = asRecord(value, "the line");
  for (const column of ["id", "workflow_id", "workflow_version", "status", "started_at"]) {
    if (typeof run[column] === "string") continue;
    throw new InvalidDataError(`Cannot import a run: "${column}" is missing, wanted is text`);
  }
  const list = (key: string, columns: readonly string[]) => {
    const items = run[key] ?? [];
    if (!Array.isArray(items)) {
      throw new InvalidDataError(`Cannot import run "${run["id"]}": "${key}" is not a list`);
    }
    return items.map((item) => row(columns, asRecord(item, key)));
  };
  const labels = Array.isArray(run["labels"]) ? run["labels"].map(String) : [];
  return {
    run: row(RUN_COLUMNS, run),
    nodes: list("node_executions", NODE_COLUMNS),
    snapshots: list("variable_snapshots", CHANGE_COLUMNS),
    labels,
  };
}

function asRecord(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new InvalidDataError(`Cannot import a run: ${what} is not a JSON object`);
}

function row(columns: readonly string[], record: Record<string, unknown>): Row {
  return columns.map((column) => {
    const value = record[column];
    if (value === undefined) return null;
    if (JSON_COLUMNS.has(column)) return storedJson(value);
    if (typeof value === "string" || typeof value === "number" || value === null) return value;
    throw new InvalidDataError(`Cannot import a run: "${column}" is neither text nor a number`);
  });
}

function storedJson(value: unknown): string {
  if (typeof value === "object" && value !== null && "$text" in value) {
    const { $text, ...rest } = value;
    if (typeof $text === "string" && Object.keys(rest).length === 0) return $text;
  }
  return encodeJson(value, "Cannot import a run", "value")!;
}
