/**
 * What the parser makes of scalars with loss: long integers, and keys that are
 * not text.
 *
 * @module
 */

import { parse } from "@std/yaml";
import { isMapping, type Mapping } from "../domain/value.ts";

/**
 * Returns values without that loss: integers beyond 2^53 are BigInts, keys are
 * the text that stands in the file.
 *
 * @param value The values.
 * @param source Each scalar as it stands in the file.
 */
export function exactValues(value: unknown, source: unknown): unknown {
  // What aliases share stays shared.
  const known = new Map<object, unknown>();
  const exact = (value: unknown, source: unknown): unknown => {
    if (typeof value !== "object" || value === null) return exactScalar(value, source);
    if (!known.has(value)) known.set(value, exactCollection(value, source, exact));
    return known.get(value);
  };
  return exact(value, source);
}

function exactScalar(value: unknown, source: unknown): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || typeof source !== "string") {
    return value;
  }
  const [, sign, digits] = INTEGER.exec(source.replaceAll("_", "")) ?? [];
  if (digits === undefined) return value;
  const magnitude = BigInt(digits.replace(/^0(?=[0-7])/, "0o"));
  return sign === "-" ? -magnitude : magnitude;
}

/** Integers as the parser reads them: those that begin with a zero are octal. */
const INTEGER = /^([-+]?)(0x[\da-f]+|0b[01]+|0[0-7]+|[1-9]\d*)$/i;

function exactCollection(
  value: object,
  source: unknown,
  exact: (value: unknown, source: unknown) => unknown,
): unknown {
  if (Array.isArray(value)) {
    if (!Array.isArray(source)) return value;
    return value.map((item, index) => exact(item, source[index]));
  }
  if (!isMapping(value) || !isMapping(source)) return value;
  const mapping: Mapping = {};
  for (const key of Object.keys(source)) {
    const typed = Object.hasOwn(value, key) ? key : String(parse(key, { schema: "core" }));
    mapping[key] = exact(value[typed], source[key]);
  }
  return mapping;
}
