/**
 * JSON without loss. Integers beyond 2^53 are BigInts here and integers there; a
 * number of that size gets a fraction of zero, so that it comes back as a number. What
 * JSON cannot hold is refused, with these exceptions: a property that is
 * `undefined` is left out, and an object with `toJSON`, such as a date, is
 * stored as what that returns.
 *
 * @module
 */

import { InvalidDataError } from "./errors.ts";

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
  if (classify(value, 0) === "plain") return JSON.stringify(value);
  try {
    inspect(value, field, new Set());
    return JSON.stringify(value, replaceSpecial);
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

/** Deeper values, which may be cyclic, are left to the thorough way. */
const SHALLOW = 32;

/** Finds most values to be plain JSON, quickly and without a message for the others. */
function classify(value: unknown, depth: number): "plain" | "other" {
  switch (typeof value) {
    case "string":
    case "boolean":
      return "plain";
    case "number":
      return Number.isFinite(value) && !(value === 0 && 1 / value < 0) && !looksBig(value)
        ? "plain"
        : "other";
    case "object":
      break;
    default:
      return "other";
  }
  if (value === null) return "plain";
  if (depth > SHALLOW || "toJSON" in value) return "other";
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (classify(value[i], depth + 1) === "other") return "other";
    }
    return "plain";
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return "other";
  const record = value as Record<string, unknown>;
  for (const key in record) {
    if (record[key] !== undefined && classify(record[key], depth + 1) === "other") return "other";
  }
  return "plain";
}

function replaceSpecial(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return json.rawJSON(String(value));
  if (Object.is(value, -0)) return json.rawJSON("-0");
  return typeof value === "number" && looksBig(value) ? json.rawJSON(`${value}.0`) : value;
}

/** Whether the digits of a number are those of a BigInt; from 1e21 on it has an exponent. */
function looksBig(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21;
}

class Unstorable extends Error {}

/** Throws for what JSON cannot hold. */
function inspect(value: unknown, path: string, ancestors: Set<object>): void {
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) throw unstorable(path, String(value));
      return;
    case "string":
    case "boolean":
    case "bigint":
      return;
    case "object":
      if (value !== null) inspectObject(value, path, ancestors);
      return;
    default:
      throw unstorable(path, typeof value === "undefined" ? "undefined" : `a ${typeof value}`);
  }
}

function inspectObject(value: object, path: string, ancestors: Set<object>): void {
  if (ancestors.has(value)) throw new Unstorable(`"${path}" refers back to itself`);
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const plain: unknown = value.toJSON();
    if (plain === null) throw unstorable(path, "an invalid date");
    return inspect(plain, path, ancestors);
  }
  ancestors.add(value);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) inspect(value[i], `${path}[${i}]`, ancestors);
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw unstorable(path, `a ${value.constructor?.name ?? "class instance"}`);
    }
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined) inspect(item, `${path}.${key}`, ancestors);
    }
  }
  ancestors.delete(value);
}

function unstorable(path: string, found: string): Unstorable {
  return new Unstorable(`"${path}" is ${found}, which JSON cannot hold; convert it first`);
}
