/**
 * JSON columns. Integers beyond 2^53 are BigInts here and integers there. What
 * JSON cannot hold is refused, with these exceptions: a property that is
 * `undefined` is left out, and an object with `toJSON`, such as a date, is
 * stored as what that returns.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";

/** Two functions of JSON that the type declarations do not know yet. */
const json = JSON as unknown as {
  rawJSON(text: string): unknown;
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
};

/** The longest safe integer has 16 digits. */
const MAYBE_BIG = /\d{16}/;

/**
 * Reads a JSON text.
 *
 * @param text The text.
 * @returns The value.
 * @throws {SyntaxError} If the text is not JSON.
 */
export function decodeJson(text: string): unknown {
  return MAYBE_BIG.test(text) ? json.parse(text, reviveBigInt) : JSON.parse(text);
}

function reviveBigInt(_key: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === "number" && source !== undefined && !Number.isSafeInteger(value) &&
      /^-?\d+$/.test(source)
    ? BigInt(source)
    : value;
}

/**
 * Writes a value as JSON.
 *
 * @param value The value.
 * @param action What it is for, in the form `Cannot save execution "a"`.
 * @param field Name of the field, for the message.
 * @returns The text, or `undefined` for `undefined`.
 * @throws {InvalidDataError} If JSON cannot hold the value.
 */
export function encodeJson(value: unknown, action: string, field: string): string | undefined {
  if (value === undefined) return undefined;
  try {
    const special = inspect(value, field, new Set());
    return special ? JSON.stringify(value, replaceSpecial) : JSON.stringify(value);
  } catch (cause) {
    if (cause instanceof Unstorable) {
      throw new InvalidDataError(`${action}: ${cause.message}`, { cause });
    }
    if (cause instanceof RangeError) {
      throw new InvalidDataError(`${action}: "${field}" is nested too deeply for JSON`, { cause });
    }
    throw cause;
  }
}

function replaceSpecial(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return json.rawJSON(String(value));
  return Object.is(value, -0) ? json.rawJSON("-0") : value;
}

class Unstorable extends Error {}

/** Returns whether there is a BigInt or a negative zero in the value. */
function inspect(value: unknown, path: string, ancestors: Set<object>): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return false;
    case "number":
      if (!Number.isFinite(value)) throw unstorable(path, String(value));
      return Object.is(value, -0);
    case "bigint":
      return true;
    case "object":
      return value !== null && inspectObject(value, path, ancestors);
    default:
      throw unstorable(path, typeof value === "undefined" ? "undefined" : `a ${typeof value}`);
  }
}

function inspectObject(value: object, path: string, ancestors: Set<object>): boolean {
  if (ancestors.has(value)) throw new Unstorable(`"${path}" refers back to itself`);
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const plain: unknown = value.toJSON();
    if (plain === null) throw unstorable(path, "an invalid date");
    return inspect(plain, path, ancestors);
  }
  ancestors.add(value);
  let special = false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (inspect(value[i], `${path}[${i}]`, ancestors)) special = true;
    }
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw unstorable(path, `a ${value.constructor?.name ?? "class instance"}`);
    }
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined && inspect(item, `${path}.${key}`, ancestors)) special = true;
    }
  }
  ancestors.delete(value);
  return special;
}

function unstorable(path: string, found: string): Unstorable {
  return new Unstorable(`"${path}" is ${found}, which JSON cannot hold; convert it first`);
}
