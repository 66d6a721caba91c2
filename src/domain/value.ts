/**
 * Plain values, as JSON and YAML hold them.
 *
 * @module
 */

/** A mapping. */
export type Mapping = Record<string, unknown>;

/** Tells whether a value is a mapping. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}

/** Compares deeply; the order of keys does not count, `NaN` equals itself. */
export function equalValues(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length &&
      a.every((item, index) => equalValues(item, b[index]));
  }
  if (Array.isArray(b)) return false;
  if (a instanceof Date || b instanceof Date) {
    return a instanceof Date && b instanceof Date && Object.is(a.getTime(), b.getTime());
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) =>
      Object.hasOwn(b, key) && equalValues((a as Mapping)[key], (b as Mapping)[key])
    );
}

/**
 * Copies deeply, without properties that are `undefined`; faster than
 * `structuredClone` on the small trees of a workflow.
 */
export function cloneValue<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneValue) as T;
  if (value instanceof Date) return new Date(value) as T;
  const copy: Mapping = {};
  for (const key in value) if (value[key] !== undefined) copy[key] = cloneValue(value[key]);
  return copy as T;
}
