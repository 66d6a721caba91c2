/**
 * Fields that are computed when they are first read. They are own, enumerable
 * properties, so that copying, comparing and JSON see them like any other.
 *
 * @module
 */

/** The value of a field that was not read yet. */
export abstract class Lazy<T = unknown> {
  /** Stored text of the value, where there is one. */
  readonly text: string | undefined;

  /**
   * Makes the value.
   *
   * @param text Stored text of the value, where there is one.
   */
  constructor(text?: string) {
    this.text = text;
  }

  /** Computes the value; called at most once per field. */
  abstract read(): T;
}

/** Lets a subclass put private fields on an object that exists already. */
class Stamp {
  constructor(target: object) {
    return target;
  }
}

class LazyFields extends Stamp {
  readonly #values: Record<string, unknown>;

  constructor(target: object, values: Record<string, unknown>) {
    super(target);
    this.#values = values;
  }

  static of(target: object): Record<string, unknown> | undefined {
    return #values in target ? target.#values : undefined;
  }
}

/** One descriptor per name: objects with the same accessors share their shape. */
const descriptors = new Map<string, PropertyDescriptor>();

function descriptorOf(name: string): PropertyDescriptor {
  let descriptor = descriptors.get(name);
  if (descriptor === undefined) {
    // Turning the accessor into a plain property later would be slower than it is.
    descriptor = {
      enumerable: true,
      configurable: true,
      get(this: object): unknown {
        const values = LazyFields.of(this)!;
        const value = values[name];
        return value instanceof Lazy ? values[name] = value.read() : value;
      },
      set(this: object, value: unknown): void {
        LazyFields.of(this)![name] = value;
      },
    };
    descriptors.set(name, descriptor);
  }
  return descriptor;
}

/**
 * Makes fields of an object lazy, once per object.
 *
 * @param target The object.
 * @param values Each field; taken over, not copied.
 */
export function defineLazy(target: object, values: Record<string, unknown>): void {
  new LazyFields(target, values);
  for (const name in values) Object.defineProperty(target, name, descriptorOf(name));
}

/**
 * Returns the stored text of a field that nobody has read or set.
 *
 * @param target The object.
 * @param name Name of the field.
 * @returns The text, `undefined` when the field has a value of its own.
 */
export function untouchedText(target: object, name: string): string | undefined {
  const value = LazyFields.of(target)?.[name];
  return value instanceof Lazy && Object.hasOwn(target, name) ? value.text : undefined;
}
