// Part of the stand-in for `@std/assert`: deep equality as that package defines it.

const byText: unknown[] = [RegExp, URL, URLSearchParams, Intl.Locale].map((
  type,
) => type.prototype);
const TypedArray = Object.getPrototypeOf(Uint8Array) as abstract new () => ArrayLike<unknown>;

/**
 * Deep equality: the same prototype (or none), the same keys (a key with
 * `undefined` is a key), and for class instances also equal inherited getters.
 */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

function compare(a: unknown, b: unknown, seen: Map<object, object>): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (a instanceof Date && b instanceof Date) {
    return Object.is(a.getTime(), b.getTime());
  }
  const prototype = prototypeOf(a);
  if (prototype !== prototypeOf(b)) return false;
  if (a instanceof TypedArray) return sameItems(a, b as ArrayLike<unknown>);
  if (a instanceof ArrayBuffer) {
    return sameItems(new Uint8Array(a), new Uint8Array(b as ArrayBuffer));
  }
  if (seen.get(a) === b) return true;
  if (Object.keys(a).length !== Object.keys(b).length) return false;
  seen.set(a, b);
  if (a instanceof Map || a instanceof Set) {
    return sameEntries(a, b as typeof a, seen);
  }
  if (byText.includes(prototype)) return String(a) === String(b);
  const plain = prototype === Object.prototype || prototype === Array.prototype;
  const keys = plain
    ? Reflect.ownKeys({ ...a, ...b })
    : new Set([...inheritedKeys(a), ...inheritedKeys(b)]);
  for (const key of keys) {
    if ((key in a) !== (key in b)) return false;
    if (!compare(Reflect.get(a, key), Reflect.get(b, key), seen)) return false;
  }
  return true;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function prototypeOf(value: object): unknown {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

function sameItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  return Array.from(a).every((item, i) => item === b[i] || Object.is(item, b[i]));
}

/** Every entry of `a` has an equal one in `b`, in any order. */
function sameEntries<T extends Map<unknown, unknown> | Set<unknown>>(
  a: T,
  b: T,
  seen: Map<object, object>,
): boolean {
  if (a.size !== b.size) return false;
  if (
    [...a.keys()].every((key) => !isObject(key) && typeof key !== "function")
  ) {
    for (const key of a.keys()) {
      if (!b.has(key)) return false;
      if (
        a instanceof Map && !compare(a.get(key), (b as typeof a).get(key), seen)
      ) return false;
    }
    return true;
  }
  return [...a.entries()].every(([aKey, aValue]) =>
    [...b.entries()].some(([bKey, bValue]) =>
      compare(aKey, bKey, seen) && compare(aValue, bValue, seen)
    )
  );
}

/** Own and inherited keys, enumerable or not, up to the basic prototypes. */
function inheritedKeys(value: object): PropertyKey[] {
  const keys: PropertyKey[] = [];
  for (
    let at: object | null = value;
    at !== null && at !== Object.prototype && at !== Array.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    keys.push(...Reflect.ownKeys(at));
  }
  return keys;
}
