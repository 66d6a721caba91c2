/**
 * Prints records: a table for people, JSON for programs.
 *
 * @module
 */

import type { InvalidWorkflow } from "../domain/workflow_repository.ts";
import type { Context } from "./context.ts";
import type { Io } from "./io.ts";
import { toJson } from "./json.ts";
import { fit, oneLine, type Style, styled, textWidth, visible } from "./text.ts";

/** A column of a table. */
export interface Column<T> {
  /** Its title. */
  title: string;
  /** Text of a cell. */
  text(item: T): string;
  /** Colour of a cell. */
  style?(item: T): Style | undefined;
  /** Whether cells are numbers. */
  right?: boolean;
  /** Whether it gives way when the terminal is too narrow. */
  shrinks?: boolean;
}

/** What to print. */
export interface Records<T> {
  /** Name of the list in JSON. */
  name: string;
  /** The records. */
  items: Iterable<T> | AsyncIterable<T>;
  /** Columns of the table. */
  columns: readonly Column<T>[];
  /** A record as JSON. */
  json(item: T): unknown;
  /** Its id, for `--quiet`. */
  id?(item: T): string;
  /** What people read when there are none. */
  empty: string;
  /** Further fields of the JSON document, once all records were read. */
  fields?(): Record<string, unknown>;
}

/**
 * Prints records in the form that the user asked for.
 *
 * @param context The call.
 * @param records What to print.
 * @returns The number of records.
 */
export async function printRecords<T>(context: Context, records: Records<T>): Promise<number> {
  const { name, items, columns, json, id, empty, fields } = records;
  if (context.format === "ndjson" || context.format === "ids") {
    // A pipe gets ids as they are; a terminal must not be driven by them.
    const shown = context.io.stdout.isTerminal ? oneLine : String;
    const line = context.format === "ids" && id
      ? (item: T) => shown(id(item))
      : (item: T) => toJson(json(item));
    let count = 0;
    for await (const item of items) {
      context.print(line(item));
      count++;
    }
    return count;
  }
  const all = await Array.fromAsync(items);
  if (context.format === "json") {
    context.print(toJson({ [name]: all.map(json), ...fields?.() }, 2));
  } else if (all.length === 0) context.note(empty);
  else printTable(context.io, all, columns);
  return all.length;
}

/**
 * Prints one record, as JSON on `--json`.
 *
 * @param context The call.
 * @param json The record as JSON.
 * @param text Prints it for people.
 */
export function printRecord(context: Context, json: unknown, text: () => void): void {
  if (context.format === "text") text();
  else context.print(toJson(json, 2));
}

/**
 * Returns what cannot be read as the field `invalid` of a list.
 *
 * @param invalid What cannot be read, and why.
 * @returns JSON.
 */
export function invalidJson(invalid: readonly InvalidWorkflow[]): Record<string, unknown>[] {
  return invalid.map(({ id, path, error }) => ({ id, path, error: error.message }));
}

/**
 * Tells people what cannot be read.
 *
 * @param context The call.
 * @param invalid What cannot be read, and why.
 */
export function noteInvalid(context: Context, invalid: readonly InvalidWorkflow[]): void {
  for (const { error } of invalid) context.note(visible(error.message));
}

/** A name and its value. */
export type Field = readonly [name: string, text: string, style?: Style | undefined];

/**
 * Prints what is known of one thing, a line each.
 *
 * @param context The call.
 * @param fields Names and values.
 */
export function printFields(context: Context, fields: readonly Field[]): void {
  const width = Math.max(...fields.map(([name]) => name.length));
  for (const [name, text, style] of fields) {
    context.print(`${name.padEnd(width)}  ${colored(context.io, oneLine(text), style)}`);
  }
}

/**
 * Colours a text for standard output, where it takes colours.
 *
 * @param io The streams.
 * @param text One line, safe to print.
 * @param style The style; without one the text stays plain.
 * @returns The text.
 */
export function colored({ stdout, color }: Output, text: string, style: Style | undefined): string {
  return styled(text, color && stdout.isTerminal ? style : undefined);
}

/** Where data goes. */
type Output = Pick<Io, "stdout" | "color">;

const GAP = "  ";

/**
 * Prints a table; a terminal gets colours and a width that fits.
 *
 * @param io The streams.
 * @param items One per row.
 * @param columns The columns.
 */
export function printTable<T>(
  io: Output,
  items: readonly T[],
  columns: readonly Column<T>[],
): void {
  const { cells, widths } = layOut(items, columns);
  shrink(columns, widths, io.stdout.columns());

  const line = (texts: readonly string[], style: (index: number) => Style | undefined) =>
    texts.map((text, index) => {
      const cell = fit(text, widths[index]!);
      const blanks = " ".repeat(widths[index]! - textWidth(cell));
      const shown = colored(io, cell, style(index));
      if (columns[index]!.right) return blanks + shown;
      return index === columns.length - 1 ? shown : shown + blanks;
    }).join(GAP);

  const lines = [
    line(columns.map(({ title }) => title), () => "bold"),
    ...cells.map((row, at) => line(row, (index) => columns[index]!.style?.(items[at]!))),
  ];
  io.stdout.write(`${lines.map((text) => text.trimEnd()).join("\n")}\n`);
}

/**
 * Returns how wide a table would be, with a gap behind it.
 *
 * @param items One per row.
 * @param columns The columns.
 * @returns The number of columns on a terminal.
 */
export function tableWidth<T>(items: readonly T[], columns: readonly Column<T>[]): number {
  return layOut(items, columns).widths.reduce((sum, width) => sum + width + GAP.length, 0);
}

function layOut<T>(
  items: readonly T[],
  columns: readonly Column<T>[],
): { cells: string[][]; widths: number[] } {
  const cells = items.map((item) => columns.map(({ text }) => oneLine(text(item))));
  const widths = columns.map(({ title }, index) =>
    // Not by spreading: a call takes only so many arguments.
    cells.reduce((widest, row) => Math.max(widest, textWidth(row[index]!)), title.length)
  );
  return { cells, widths };
}

/** Takes columns from the widest that gives way, until the table fits. */
function shrink(columns: readonly Column<never>[], widths: number[], available: number): void {
  let excess = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) -
    available;
  while (excess > 0) {
    const widest = columns.reduce(
      (best, { shrinks }, index) =>
        shrinks && (best === -1 || widths[index]! > widths[best]!) ? index : best,
      -1,
    );
    if (widest === -1 || widths[widest]! <= 8) return;
    widths[widest]!--;
    excess--;
  }
}
