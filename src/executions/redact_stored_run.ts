/**
 * Keeps secrets of imported runs out of the database.
 *
 * @module
 */

import { decodeJson, encodeJson } from "../domain/json.ts";
import type { Redactor } from "../domain/redaction.ts";
import type { Row, SqlValue } from "./driver.ts";
import { asText } from "./invalid_columns.ts";
import {
  CHANGE_COLUMNS,
  JSON_COLUMNS,
  NODE_COLUMNS,
  RUN_COLUMNS,
  type StoredRun,
} from "./run_line.ts";

/**
 * Copies a run without its secrets.
 *
 * @param stored The run.
 * @param redactor Removes secrets.
 * @returns The copy.
 * @throws {InvalidDataError} If it holds a secret and the mode is strict.
 */
export function redactStoredRun(stored: StoredRun, redactor: Redactor): StoredRun {
  const action = `Cannot import run "${stored.run[0]}"`;
  const redact = (columns: readonly string[], row: Row, variable: string = ""): Row =>
    row.map((value, i) => {
      const column = columns[i] ?? "";
      if (value === null) return value;
      if (JSON_COLUMNS.has(column)) return redactJson(value, column, variable);
      return column === "error_message" ? redactText(value, column) : value;
    });
  const redactText = (value: SqlValue, column: string, variable?: string): SqlValue => {
    const text = asText(value)!;
    const safe = redactor.redact(text, action, column, variable);
    return safe === text ? value : safe;
  };
  const redactJson = (value: SqlValue, column: string, variable: string): SqlValue => {
    let plain: unknown;
    try {
      plain = decodeJson(asText(value)!);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return redactText(value, column, variable);
    }
    const safe = redactor.redact(plain, action, column, variable);
    return safe === plain ? value : encodeJson(safe, action, column) ?? null;
  };
  return {
    ...stored,
    run: redact(RUN_COLUMNS, stored.run),
    nodes: stored.nodes.map((row) => redact(NODE_COLUMNS, row)),
    snapshots: stored.snapshots.map((row) =>
      redact(CHANGE_COLUMNS, row, asText(row[VARIABLE]) ?? "")
    ),
  };
}

const VARIABLE = CHANGE_COLUMNS.indexOf("variable_name");
