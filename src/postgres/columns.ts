/**
 * How times and texts go into columns and come out again as what SQLite holds:
 * the rows that are read here are those that the readers of `src/executions`
 * take.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { SqlValue } from "../executions/driver.ts";
import { parseInstant, ZERO_INSTANT } from "../executions/instant.ts";
import { asText } from "../executions/invalid_columns.ts";
import { FINAL_STATUSES } from "../executions/statistics_schema.ts";
import type { Param, PostgresRow } from "./driver.ts";

/** The final statuses as a list for IN. */
export const FINAL_SQL: string = `(${FINAL_STATUSES.map((status) => `'${status}'`).join(", ")})`;

/** Go's zero time, which means "not set". */
export const ZERO_SQL = "'0001-01-01 00:00:00+00'::timestamptz";

/** Stands before a text that is kept beside a time, to tell it from what the server makes. */
const KEPT = "=";

/**
 * Reads a time, which {@linkcode withTimes} turns into its text.
 *
 * @param name Name of the column without its ending.
 * @param table Alias of the table, with a point.
 * @returns An expression.
 */
export function timeSql(name: string, table: string = ""): string {
  return `coalesce('${KEPT}' || ${table}${name}_text, ${table}${name}_at::text)`;
}

/**
 * Turns times into texts as SQLite holds them. The server could do that, but slower.
 *
 * @param row A row that was just read; it is changed.
 * @param columns Which columns are times.
 * @returns The row.
 */
export function withTimes(row: PostgresRow, columns: readonly number[]): PostgresRow {
  const values = row as SqlValue[];
  for (const column of columns) {
    const value = values[column];
    if (typeof value !== "string") continue;
    values[column] = value.startsWith(KEPT) ? value.slice(1) : ownForm(value);
  }
  return row;
}

/** The server cuts the zeros off: `2026-11-23 19:48:11.62+00`. */
function ownForm(time: string): string {
  const fraction = time.length > 22 ? time.slice(20, -3).padEnd(3, "0") : "000";
  return `${time.slice(0, 19)}.${fraction}+00:00`;
}

/**
 * Returns the instant of a time as the server writes it.
 *
 * @param time The text.
 * @returns Microseconds since 1970.
 */
export function instantOf(time: string): bigint {
  // The year before the first is the only one of that era here.
  const text = time.endsWith(" BC") ? `0000${time.slice(4, -3)}` : time;
  return parseInstant(`${text}:00`)!;
}

/** Which of the columns of a run, a node execution and a snapshot are times. */
export const [RUN_TIMES, NODE_TIMES, SNAPSHOT_TIMES] = [[4, 5], [5, 6], [6]] as const;

/** Columns of a run in the order of the readers, all text. */
export const RUN_SELECT: string = runColumns(timeSql("started", "e."), timeSql("completed", "e."));

/** The same in a list, where times and the texts beside them come apart, which is less to do for the server. */
export const LISTED_SELECT: string = `${
  runColumns("e.started_at", "e.completed_at")
}, e.started_text, e.completed_text`;

function runColumns(started: string, completed: string): string {
  return `e.id, e.workflow_id, e.workflow_version, e.status, ${started}, ${completed},
    e.error_type, e.error_message, e.error_node_id, e.error_context, e.return_value,
    e.workflow_revision`;
}

/**
 * Turns the times of a row of a list into texts as SQLite holds them.
 *
 * @param row A row of {@linkcode LISTED_SELECT} that was just read; it is changed.
 * @returns The row.
 */
export function withListedTimes(row: PostgresRow): PostgresRow {
  const values = row as SqlValue[];
  const [started, completed] = [values[4], values[5]];
  values[4] = values[12] ?? ownForm(String(started));
  values[5] = values[13] ?? (typeof completed === "string" ? ownForm(completed) : null);
  return row;
}

/** Columns of a node execution in the order of the readers, all text but the last. */
export const NODE_SELECT: string = [
  "n.id",
  "n.execution_id",
  "n.node_id",
  "n.node_type",
  "n.status",
  timeSql("started", "n."),
  timeSql("completed", "n."),
  "n.inputs",
  "n.outputs",
  "n.error_type",
  "n.error_message",
  "n.error_context",
  "n.retry_count",
].join(", ");

/** Node executions by time, and by place among equals; those that have not started last. */
export const NODE_ORDER: string =
  `CASE WHEN n.started_at = ${ZERO_SQL} THEN 'infinity' ELSE n.started_at END, n.place`;

/** Columns of a snapshot in the order of the readers. */
export const SNAPSHOT_SELECT: string = "s.id, s.execution_id, s.node_execution_id, " +
  `s.variable_name, s.old_value, s.new_value, ${timeSql("taken", "s.")}`;

/** The form in which a timestamp needs no text beside it. */
const OWN_FORM = /^(?!0000)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+00:00$/;

/** Our own form, of a day that every month has. */
const PLAIN_FORM =
  /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8]) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}\+00:00$/;

/** What the server is sent for a time: the instant, and the text where that says more. */
export type StoredTime = [at: string | null, text: string | null];

/**
 * Splits a time into its instant and its text.
 *
 * @param value What the column holds in SQLite.
 * @param unreadable Instant of a text that is no time.
 * @returns Both.
 */
export function storedTime(value: SqlValue | undefined, unreadable: string | null): StoredTime {
  const text = asText(value);
  if (text === undefined) return [null, null];
  // Every month has 28 days; the other days are left to the general rule.
  if (PLAIN_FORM.test(text)) return [text, null];
  const instant = parseInstant(text);
  if (instant === undefined) return [unreadable, text];
  // A day such as 30 February is one that only the general rule knows.
  const at = timestampOf(instant);
  return [at, OWN_FORM.test(text) && at.startsWith(text.slice(0, 23)) ? null : text];
}

/** The instant of a start that cannot be read: before the zero time, that is last of all. */
export const UNREADABLE_START: string = timestampOf(ZERO_INSTANT - 1n);

/**
 * Writes an instant as PostgreSQL reads it.
 *
 * @param instant Microseconds since 1970.
 * @returns The text.
 */
export function timestampOf(instant: bigint): string {
  const micros = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((instant - micros) / 1000n));
  const year = date.getUTCFullYear();
  const two = (value: number) => String(value).padStart(2, "0");
  const shown = String(year > 0 ? year : 1 - year).padStart(4, "0");
  return `${shown}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} ` +
    `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}.` +
    `${String(micros).padStart(6, "0")}+00${year > 0 ? "" : " BC"}`;
}

/**
 * Checks a text that was not checked when it was encoded.
 *
 * @param value The value of a column.
 * @param action What it is for.
 * @returns The text.
 * @throws {InvalidDataError} If PostgreSQL cannot hold it.
 */
export function textParam(value: SqlValue | undefined, action: string): string | null {
  const text = asText(value);
  if (text === undefined) return null;
  if (!text.includes("\0") && text.isWellFormed()) return text;
  throw halfText(action);
}

/**
 * Checks what a statement is sent: the driver would put another character in
 * the place of half a surrogate pair, and with that mean another run.
 *
 * @param params The parameters.
 * @param action What it is for.
 * @returns The parameters.
 * @throws {InvalidDataError} If a text cannot be sent as it is.
 */
export function wellFormed(params: readonly Param[], action: string): readonly Param[] {
  for (const param of params) {
    if (Array.isArray(param)) wellFormed(param, action);
    else if (typeof param === "string" && !param.isWellFormed()) throw halfText(action);
  }
  return params;
}

function halfText(action: string): InvalidDataError {
  return new InvalidDataError(
    `${action}: a text holds a NUL character or half a surrogate pair, which PostgreSQL cannot`,
  );
}

/** Parameters of a statement as it is put together. */
export class Params {
  /** The values. */
  readonly values: Param[] = [];

  /**
   * Adds a value.
   *
   * @param value The value.
   * @returns What stands for it in the statement.
   */
  add(value: Param): string {
    return `$${this.values.push(value)}`;
  }
}

let lastNumber = 0;

/**
 * Takes notice of a number that another process gave, whose clock may be ahead:
 * those made here later are larger.
 *
 * @param number The number.
 */
export function noteNumber(number: number): void {
  lastNumber = Math.max(lastNumber, number);
}

/**
 * Returns a number for a snapshot or the place of a node execution: those made
 * later are larger, in this process for certain and else by the clocks. They
 * are unique within a run with near certainty, which is checked when they are
 * stored, and need no sequence that all writers share.
 *
 * @param above The largest number that the run is known to have.
 * @returns The number; it is exact in JavaScript.
 */
export function nextNumber(above: number = 0): number {
  const time = (Date.now() - 1_577_836_800_000) * 2 ** 13 + Math.floor(Math.random() * 2 ** 13);
  return lastNumber = Math.max(time, lastNumber + 1, above + 1);
}
