/**
 * Fields that are computed when they are first read. They are own, enumerable
 * properties, so that copying, comparing and JSON see them like any other.
 *
 * @module
 */

/** Computes a field. */
export interface LazyField<T = unknown> {
  /** Computes the value; called once. */
  read(): T;
  /** The stored text of the value, as long as nobody has read or set the field. */
  readonly text?: string;
}

/** Lets a subclass put private fields on an object that exists already. */
class Stamp {
  constructor(target: object) {
    return target;
  }
}

class LazyFields extends Stamp {
  readonly #fields: Record<string, LazyField>;

  constructor(target: object, fields: Record<string, LazyField>) {
    super(target);
    this.#fields = fields;
  }

  static of(target: object): Record<string, LazyField> | undefined {
    return #fields in target ? (target as LazyFields).#fields : undefined;
  }
}

/** One descriptor per name: objects with the same accessors share their shape. */
const descriptors = new Map<string, PropertyDescriptor>();

function descriptorOf(name: string): PropertyDescriptor {
  let descriptor = descriptors.get(name);
  if (descriptor === undefined) {
    descriptor = {
      enumerable: true,
      configurable: true,
      get(this: object): unknown {
        const value = LazyFields.of(this)?.[name]?.read();
        settle(this, name, value);
        return value;
      },
      set(this: object, value: unknown): void {
        settle(this, name, value);
      },
    };
    descriptors.set(name, descriptor);
  }
  return descriptor;
}

function settle(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/**
 * Makes fields of an object lazy, once per object.
 *
 * @param target The object.
 * @param fields How each field is computed.
 */
export function defineLazy(target: object, fields: Record<string, LazyField>): void {
  new LazyFields(target, fields);
  for (const name in fields) Object.defineProperty(target, name, descriptorOf(name));
}

/**
 * Returns the stored text of a field that nobody has read or set.
 *
 * @param target The object.
 * @param name Name of the field.
 * @returns The text, `undefined` when the field has a value of its own.
 */
export function untouchedText(target: object, name: string): string | undefined {
  const field = LazyFields.of(target)?.[name];
  if (field === undefined) return undefined;
  const isLazy = Object.getOwnPropertyDescriptor(target, name)?.get !== undefined;
  return isLazy ? field.text : undefined;
}
