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

/** Deeper values are taken over. */
const COPY_DEPTH = 200;

/**
 * Copies lists and plain objects deeply, whatever they hold: cycles stay cycles, instances of
 * classes are taken over.
 */
export function copyPlain(
  value: unknown,
  copies: Map<object, object> = new Map(),
  depth = 0,
): unknown {
  if (typeof value !== "object" || value === null || depth > COPY_DEPTH) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    copies.set(value, list);
    for (const item of value) list.push(copyPlain(item, copies, depth + 1));
    return list;
  }
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== Object.prototype && prototype !== null) return value;
  const mapping = Object.create(prototype) as Mapping;
  copies.set(value, mapping);
  for (const key of Object.keys(value)) {
    setOwn(mapping, key, copyPlain((value as Mapping)[key], copies, depth + 1));
  }
  return mapping;
}

/** Items by key; a second one of the same key is told apart by its number. */
export function byKey<T>(list: readonly T[], keyOf: (item: T) => string): Map<string, T> {
  const items = new Map<string, T>();
  const numbers = new Map<string, number>();
  for (const item of list) {
    const key = keyOf(item);
    let unique = key;
    for (let number = numbers.get(key) ?? 2; items.has(unique); number++) {
      unique = `${key} #${number}`;
      numbers.set(key, number + 1);
    }
    items.set(unique, item);
  }
  return items;
}

/**
 * Groups keys by the last anchor at or before each: an anchor is the first of
 * its own group, and what stands before all anchors is under `undefined`.
 */
export function groupBehind(
  keys: Iterable<string>,
  isAnchor: (key: string) => boolean,
): Map<string | undefined, string[]> {
  let anchor: string | undefined;
  return Map.groupBy(keys, (key) => isAnchor(key) ? anchor = key : anchor);
}

/** Tells whether an object is no instance of a class. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Sets an own property, also one named `__proto__`, which a plain assignment takes for another. */
export function setOwn(target: Mapping, key: string, value: unknown): void {
  if (key !== "__proto__") target[key] = value;
  else {
    const attributes = { writable: true, enumerable: true, configurable: true };
    Object.defineProperty(target, key, { value, ...attributes });
  }
}

/** What to do with the texts and numbers of a value. */
export interface Visitor {
  /** Gets one, its path, and the name under which it stands; a text that it returns replaces it. */
  text(text: string | number | bigint, path: string, name: string): string | void;
  /** Gets a key and the path of its mapping; a text that it returns stands for the key in the paths below. */
  key?(key: string, path: string): string | void;
}

/**
 * Visits every text and number of a value.
 *
 * @param value The value; changed in place.
 * @param visitor What to do with each.
 * @returns The value, or what replaces it.
 */
export function visitTexts(value: unknown, visitor: Visitor): unknown {
  return visitValue(value, visitor, "", "", new Set());
}

function visitValue(
  value: unknown,
  visitor: Visitor,
  path: string,
  name: string,
  seen: Set<object>,
): unknown {
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") {
    return visitor.text(value, path, name) ?? value;
  }
  if (typeof value !== "object" || value === null || seen.has(value)) return value;
  seen.add(value);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const changed = visitValue(item, visitor, `${path}[${index}]`, name, seen);
      if (changed !== item) value[index] = changed;
    }
  } else if (isMapping(value)) {
    for (const key of Object.keys(value)) {
      const shown = visitor.key?.(key, path) ?? key;
      const at = path === "" ? shown : `${path}.${shown}`;
      const changed = visitValue(value[key], visitor, at, nameOf(value, key), seen);
      if (changed !== value[key]) value[key] = changed;
    }
  }
  return value;
}

/** A variable or a header of a list has its name beside its value. */
function nameOf(mapping: Mapping, key: string): string {
  const isValue = key === "default" || key === "value";
  return isValue && typeof mapping.name === "string" ? mapping.name : key;
}

/** Returns the mapping that a JSON text holds; `undefined` when it is none. */
export function parseMapping(text: string): Mapping | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
