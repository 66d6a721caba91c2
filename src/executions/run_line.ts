/**
 * A run as one line of NDJSON, from which it comes back without loss. The keys
 * are the columns; times and texts are as they are stored, JSON columns are
 * JSON, and a JSON column that would come back otherwise is
 * `{"$text": "what is stored"}`. Bytes and texts that are not UTF-8, which other
 * programs may have put anywhere but in ids, are `{"$bytes": "in base64"}`.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { plainText } from "./column_text.ts";
import { isInt64 } from "./cursor.ts";
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
/** Those of all three that hold JSON. */
export const JSON_COLUMNS: ReadonlySet<string> = new Set([
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
    result.push(`"${column}":${writeValue(column, value)}`);
  });
  return result;
}

function writeValue(column: string, value: SqlValue): string {
  if (value instanceof Uint8Array) return JSON.stringify({ $bytes: value.toBase64() });
  if (JSON_COLUMNS.has(column)) return jsonText(value);
  return typeof value === "number" ? numberText(value) : JSON.stringify(asText(value));
}

/** JSON knows no infinity, but numbers that are read as one. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return encodeJson(value, "", "")!;
  return value < 0 ? "-1e999" : "1e999";
}

function jsonText(value: SqlValue): string {
  const text = asText(value)!;
  try {
    const value = decodeJson(text);
    const canonical = encodeJson(value, "", "");
    // Go escapes what need not be; that is the same JSON.
    const isSame = canonical === text || canonical === withoutGoEscapes(text);
    // A value that looks like a mark is marked itself.
    if (
      isSame && onlyText(value, "$text") === undefined && onlyText(value, "$bytes") === undefined
    ) {
      return canonical!;
    }
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
  const lists: unknown[][] = ["node_executions", "variable_snapshots", "labels"].map((key) => {
    const items = run[key] ?? [];
    if (Array.isArray(items)) return items;
    throw new InvalidDataError(`Cannot import run "${run["id"]}": "${key}" is not a list`);
  });
  const [items = [], changes = [], labels = []] = lists;
  const nodes = items.map((item) =>
    row(NODE_COLUMNS, asRecord(item, "a node execution"), NODE_REQUIRED)
  );
  const ids = new Set(nodes.map(([id]) => id));
  return {
    run: row(RUN_COLUMNS, run, ["id", "workflow_id", "workflow_version", "status", "started_at"]),
    nodes,
    snapshots: changes.map((item) =>
      row(CHANGE_COLUMNS, asRecord(item, "a snapshot"), ["variable_name", "timestamp"])
        // Go deletes node executions and leaves their snapshots behind.
        .map((value, i) => i === NODE_REFERENCE && !ids.has(value) ? null : value)
    ),
    labels: labels.map((label) => {
      if (typeof label === "string" && label !== "") return requireStorable(label, "labels");
      throw new InvalidDataError("Cannot import a run: a label is not text, or empty");
    }),
  };
}

const NODE_REFERENCE = CHANGE_COLUMNS.indexOf("node_execution_id");
const NODE_REQUIRED = ["id", "node_id", "node_type", "status", "started_at"];

function asRecord(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new InvalidDataError(`Cannot import a run: ${what} is not a JSON object`);
}

function row(
  columns: readonly string[],
  record: Record<string, unknown>,
  required: readonly string[],
): Row {
  return columns.map((column) => {
    const value = readValue(column, record[column]);
    if (column === "id" && value !== null && typeof value !== "string") {
      throw new InvalidDataError('Cannot import a run: "id" is not text');
    }
    if (value !== null || !required.includes(column)) return value;
    throw new InvalidDataError(`Cannot import a run: "${column}" is missing, wanted is text`);
  });
}

function readValue(column: string, value: unknown): SqlValue {
  if (value === undefined || (value === null && !JSON_COLUMNS.has(column))) return null;
  const bytes = onlyText(value, "$bytes");
  if (bytes !== undefined) return fromBase64(bytes, column);
  if (JSON_COLUMNS.has(column)) {
    return requireStorable(onlyText(value, "$text") ?? encode(value, column), column);
  }
  if (typeof value === "string") return requireStorable(value, column);
  if (typeof value === "number") return value;
  if (typeof value === "bigint" && isInt64(String(value))) return value;
  if (typeof value === "bigint") {
    throw new InvalidDataError(`Cannot import a run: "${column}" is a number beyond 64 bits`);
  }
  throw new InvalidDataError(`Cannot import a run: "${column}" is neither text nor a number`);
}

function encode(value: unknown, column: string): string {
  return encodeJson(value, "Cannot import a run", column)!;
}

function requireStorable(text: string, column: string): string {
  return String(plainText(text, "Cannot import a run", column));
}

/** The text of an object that has one key of this name, and nothing else. */
function onlyText(value: unknown, key: string): string | undefined {
  if (typeof value !== "object" || value === null || Object.keys(value).join() !== key) {
    return undefined;
  }
  const text = (value as Record<string, unknown>)[key];
  return typeof text === "string" ? text : undefined;
}

function fromBase64(text: string, column: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch (cause) {
    throw new InvalidDataError(`Cannot import a run: "${column}" is not base64`, { cause });
  }
}
