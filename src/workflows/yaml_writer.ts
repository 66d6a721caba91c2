/**
 * Writes plain values as YAML in block style.
 *
 * @module
 */

import {
  formatPlain,
  formatString,
  isLiteral,
  type PlainScalar,
  SourceScalar,
  type StringStyle,
} from "./yaml_scalar.ts";
import type { Mapping } from "../domain/value.ts";

/** Longest text of a key that may stand before `: ` on one line. */
const LONGEST_KEY = 1000;

/** Returns a whole document. */
export function formatYaml(value: Mapping): string {
  return formatMapping(value, 0).map((line) => line + "\n").join("");
}

/** Returns the lines of a `key: value` pair, the first one without its indentation. */
export function formatEntry(key: string, value: unknown, column: number): string[] {
  const name = formatString(key);
  const [first, ...rest] = formatValue(value, column, name.length > LONGEST_KEY);
  if (name.length > LONGEST_KEY) return [`? ${name}`, `${blanks(column)}:${first}`, ...rest];
  return [`${name}:${first}`, ...rest];
}

/** Returns the lines of a `- value` item, the first one without its indentation. */
export function formatItem(value: unknown, column: number): string[] {
  const [first, ...rest] = formatValue(value, column, true);
  return [`-${first}`, ...rest];
}

/**
 * Returns what follows a `:` or `-`: the rest of that line, and more lines.
 *
 * @param value The value.
 * @param column Column of the key or dash.
 * @param compact Whether a collection may start on the same line.
 * @returns The lines, the first one with a leading blank unless it is empty.
 */
export function formatValue(value: unknown, column: number, compact: boolean): string[] {
  if (isBlock(value)) {
    const lines = Array.isArray(value)
      ? formatSequence(value, column + 2)
      : formatMapping(value as Mapping, column + 2);
    if (!compact) return ["", ...lines];
    return [` ${lines[0]!.trimStart()}`, ...lines.slice(1)];
  }
  if (typeof value === "string" && isLiteral(value)) {
    const lines = (value.endsWith("\n") ? value.slice(0, -1) : value).split("\n");
    const header = value.endsWith("\n") ? " |" : " |-";
    return [header, ...lines.map((line) => line === "" ? "" : blanks(column + 2) + line)];
  }
  return [` ${formatInline(value)}`];
}

/** How a value is written on one line. */
export interface InlineStyle extends StringStyle {
  /** Whether keys have the quotes of texts, as in JSON. */
  quotesKeys?: boolean;
}

/** Returns a value on one line, collections in flow style. */
export function formatInline(value: unknown, style: InlineStyle = {}): string {
  if (typeof value === "string") return formatString(value, style);
  const inner = { ...style, flow: true };
  if (Array.isArray(value)) {
    return `[${value.map((item) => formatInline(item, inner)).join(", ")}]`;
  }
  if (typeof value !== "object" || value === null || value instanceof SourceScalar) {
    return formatPlain(value as PlainScalar | SourceScalar);
  }
  const entries = definedEntries(value as Mapping);
  if (entries.length === 0) return "{}";
  return `{ ${
    entries.map(([key, item]) => `${formatKey(key, inner)}: ${formatInline(item, inner)}`)
      .join(", ")
  } }`;
}

/** Returns a key on one line. */
export function formatKey(key: string, { flow, quote, quotesKeys }: InlineStyle): string {
  return formatString(key, { flow, quote: quotesKeys ? quote : undefined });
}

/** Tells whether a value is written over more than one line as a collection. */
export function isBlock(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof SourceScalar) return false;
  return Array.isArray(value) ? value.length > 0 : definedEntries(value as Mapping).length > 0;
}

function formatMapping(mapping: Mapping, column: number): string[] {
  return definedEntries(mapping).flatMap(([key, value]) =>
    indentFirst(formatEntry(key, value, column), column)
  );
}

function formatSequence(items: unknown[], column: number): string[] {
  return items.flatMap((item) => indentFirst(formatItem(item, column), column));
}

function indentFirst(lines: string[], column: number): string[] {
  lines[0] = blanks(column) + lines[0];
  return lines;
}

function definedEntries(mapping: Mapping): [string, unknown][] {
  return Object.entries(mapping).filter(([, value]) => value !== undefined);
}

function blanks(count: number): string {
  return " ".repeat(count);
}
