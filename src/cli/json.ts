/**
 * The form of records in JSON output.
 *
 * @module
 */

import { HIDDEN } from "./text.ts";

/** A function of JSON that the type declarations do not know yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/**
 * Renames the fields of a record from `camelCase` to `snake_case`. Values stay.
 *
 * @param record The record.
 * @returns A record with the same values.
 */
export function snakeCase(record: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

/**
 * Writes a value as JSON. Integers of any size stay integers, and what could drive a terminal is
 * written as escapes.
 *
 * @param value The value.
 * @param indent Blanks per level; 0 for one line.
 * @returns The text.
 */
export function toJson(value: unknown, indent = 0): string {
  const replace = (_key: string, item: unknown) =>
    typeof item === "bigint" ? rawJSON(String(item)) : item;
  return JSON.stringify(value, replace, indent)?.replace(
    HIDDEN,
    (character) =>
      character === "\n" ? "\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
