// Part of the stand-in for `@std/assert`: the expected part of an object.

import { assertEquals } from "./mod.ts";

/** The keys of `expected` have equal values in `actual`, at every depth. */
export function assertObjectMatch(
  actual: object,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  assertEquals<unknown>(
    new Filter().object(actual, expected),
    new Filter().object(expected, expected),
    msg,
  );
}

/** Reduces a value to what another one mentions; class instances become plain objects. */
class Filter {
  #seen = new WeakMap<object, object>();

  object(value: object, wanted: object): object {
    if (this.#seen.get(value) === wanted) return value;
    this.#seen.set(value, wanted);
    const keys = Reflect.ownKeys(value);
    const common = keys.filter((key) => Reflect.ownKeys(wanted).includes(key));
    // Nothing in common: keep everything, so that the comparison fails and shows it.
    const nothing = common.length === 0 && Reflect.ownKeys(wanted).length > 0;
    const filtered = {};
    for (const key of nothing ? keys : common) {
      const item: unknown = Reflect.get(value, key);
      Object.defineProperty(filtered, key, {
        value: nothing ? item : this.#value(item, Reflect.get(wanted, key)),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
    return filtered;
  }

  #value(value: unknown, wanted: unknown): unknown {
    if (!isObject(value) || !isObject(wanted)) return value;
    if (value instanceof RegExp || value instanceof Date) return value;
    if (Array.isArray(value) && Array.isArray(wanted)) {
      return this.#array(value, wanted);
    }
    if (value instanceof Map && wanted instanceof Map) {
      return this.#map(value, wanted);
    }
    if (value instanceof Set && wanted instanceof Set) {
      return value.intersection(wanted);
    }
    return this.object(value, wanted);
  }

  #array(value: unknown[], wanted: unknown[]): unknown[] {
    if (this.#seen.get(value) === wanted) return value;
    this.#seen.set(value, wanted);
    return value.slice(0, wanted.length).map((item, i) => this.#value(item, wanted[i]));
  }

  #map(
    value: Map<unknown, unknown>,
    wanted: Map<unknown, unknown>,
  ): Map<unknown, unknown> {
    const common = [...value].filter(([key]) => wanted.has(key));
    return new Map(common.map(([key, item]) => {
      const part = wanted.get(key);
      return [
        key,
        isObject(item) && isObject(part) ? this.object(item, part) : item,
      ];
    }));
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
