/**
 * Values on their way into text columns.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { encodeJson } from "../domain/json.ts";
import type { SqlValue } from "./driver.ts";

/**
 * Encodes an object; an empty one is NULL, as Go has it.
 *
 * @param value The object.
 * @param action What it is for, in the form `Cannot save execution "a"`.
 * @param field Name of the field, for the message.
 * @returns The text, `undefined` for an empty or absent object.
 * @throws {InvalidDataError} If JSON cannot hold it.
 */
export function encodeObject(
  value: Record<string, unknown> | undefined,
  action: string,
  field: string,
): string | undefined {
  const text = encodeJson(value, action, field);
  return text === "{}" ? undefined : text;
}

/**
 * Writes the message of an error. A NUL character or half a surrogate pair,
 * which text in a database cannot hold, becomes an escape such as `\\u0000`, so that
 * a failed run can be stored whatever its tool said.
 *
 * @param value The message.
 * @param action What it is for, in the form `Cannot save execution "a"`.
 * @returns The text, `null` for `undefined`.
 * @throws {InvalidDataError} If the message is no text.
 */
export function messageText(value: string | undefined, action: string): SqlValue {
  if (typeof value !== "string" || !value.includes("\0") && value.isWellFormed()) {
    return plainText(value, action, "error.message");
  }
  return value.replace(
    /[\0\p{Surrogate}]/gu,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Checks that a value is text, of any kind.
 *
 * @param value The value.
 * @param action What it is for, in the form `Cannot list executions`.
 * @param field Name of the field, for the message.
 * @returns The text.
 * @throws {InvalidDataError} If it is something else.
 */
export function requireText(value: string, action: string, field: string): string {
  if (typeof value === "string") return value;
  throw new InvalidDataError(`${action}: "${field}" is a ${typeof value}, wanted is text`);
}

/**
 * Checks a text that is stored as it is.
 *
 * @param value The text.
 * @param action What it is for, in the form `Cannot save execution "a"`.
 * @param field Name of the field, for the message.
 * @returns The text, `null` for `undefined`.
 * @throws {InvalidDataError} If the text would not come back as it is.
 */
export function plainText(value: string | undefined, action: string, field: string): SqlValue {
  if (value === undefined) return null;
  requireText(value, action, field);
  if (value.includes("\0") || !value.isWellFormed()) {
    throw new InvalidDataError(
      `${action}: "${field}" holds a NUL character or half a surrogate pair, which text in a database cannot`,
    );
  }
  return value;
}
