/**
 * Writes the fields of the domain as values of a file.
 *
 * @module
 */

import type { Field } from "./fields.ts";
import { cloneValue, isMapping, type Mapping } from "../domain/value.ts";
import { storableProblems } from "./storable.ts";

/** What writing needs to know. */
export interface WriteContext {
  /** Takes what cannot be written. */
  problems: string[];
  /** Reads a part of the value in the file as text. */
  read(part: unknown, step: string | number): unknown;
}

/**
 * Returns the value that the file gets for a field.
 *
 * @param field The field.
 * @param value Its value in the domain.
 * @param raw Its value in the file so far; parts that say the same are kept.
 * @param at Where it stands, for messages.
 * @param context What writing needs to know.
 */
export function writeField(
  field: Field,
  value: unknown,
  raw: unknown,
  at: string,
  context: WriteContext,
): unknown {
  const refuse = (wanted: string) => {
    context.problems.push(`${at} must be ${wanted}`);
    return undefined;
  };
  const check = <T>(part: T): T => {
    context.problems.push(...storableProblems(part, at));
    return part;
  };
  switch (field.kind) {
    case "any":
      return copy(value, at, context);
    case "anyMap":
      return isMapping(value) ? copy(value, at, context) : refuse("an object");
    case "text":
      return isText(value) ? check(value) : refuse("a string");
    case "scalar":
      return isText(value) || typeof value === "number"
        ? check(value)
        : refuse("a string or a number");
    case "number":
      return typeof value === "number" ? value : refuse("a number");
    case "boolean":
      return typeof value === "boolean" ? value : refuse("a boolean");
    case "date":
      return value instanceof Date && isWritable(value)
        ? value.toISOString()
        : refuse("a valid Date in the years 0 to 9999");
    case "texts":
      return isTexts(value) ? keepTexts(check(value), raw, context) : refuse("an array of strings");
    case "textLists":
      return Array.isArray(value) && value.every(isTexts)
        ? check(value)
        : refuse("an array of arrays of strings");
    case "textMap":
      return isMapping(value) && Object.values(value).every(isText)
        ? keepTextMap(check(value), raw, context)
        : refuse("an object of strings");
    case "object":
      return refuse("an object");
  }
}

function copy(value: unknown, at: string, { problems }: WriteContext): unknown {
  const found = storableProblems(value, at);
  problems.push(...found);
  return found.length === 0 ? cloneValue(value) : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isWritable(date: Date): boolean {
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9999;
}

/** A list that holds `1.0` and is read as `"1.0"` keeps it as it stands. */
function keepTexts(texts: string[], raw: unknown, { read }: WriteContext): unknown[] {
  if (!Array.isArray(raw)) return texts;
  const kept = new Map<unknown, unknown[]>();
  const textOf = new Map<unknown, unknown>();
  for (const [step, part] of raw.entries()) {
    const text = part === null ? "" : read(part, step);
    // `1.0` and `1.00` are one value: only the first of them can be kept as it stands.
    if (!textOf.has(part)) textOf.set(part, text);
    if (textOf.get(part) !== text) continue;
    const parts = kept.get(text);
    if (parts === undefined) kept.set(text, [part]);
    else parts.push(part);
  }
  // One more of the same text has no text in the file that it could keep.
  return texts.map((text) => {
    const parts = kept.get(text);
    return parts === undefined || parts.length === 0 ? text : parts.shift();
  });
}

function keepTextMap(map: Mapping, raw: unknown, { read }: WriteContext): Mapping {
  if (!isMapping(raw)) return map;
  const value: Mapping = {};
  // In the order of the file, new keys last.
  for (const key of new Set([...Object.keys(raw), ...Object.keys(map)])) {
    if (map[key] === undefined) continue;
    const text = raw[key] === null ? "" : read(raw[key], key);
    value[key] = Object.hasOwn(raw, key) && text === map[key] ? raw[key] : map[key];
  }
  return value;
}
