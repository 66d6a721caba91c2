/**
 * Keeps secrets out of the database: applied to inputs, outputs, contexts,
 * variables, return values and error messages before they are written.
 *
 * @module
 */

import { InvalidDataError } from "./errors.ts";

/** What is secret, and what happens to it. */
export interface RedactionOptions {
  /**
   * `"on"` replaces secrets, `"strict"` refuses to store a value that holds
   * one, `"off"` does nothing.
   *
   * @default {"on"}
   */
  mode?: "off" | "on" | "strict";
  /**
   * Names of keys and variables whose values are secret; texts match the whole
   * name without regard to case, patterns any part of it.
   *
   * @default {passwords, tokens, API keys and the like}
   */
  keys?: readonly (string | RegExp)[];
  /**
   * Secret values, which are found inside longer texts too, also as JSON or a
   * URL escapes them, and as numbers; a function is asked before each write.
   *
   * @default {none}
   */
  values?: readonly string[] | (() => readonly string[]);
  /**
   * What stands in place of a secret.
   *
   * @default {"[REDACTED]"}
   */
  replacement?: string;
}

/** Ends of names, in lower case, their words parted by "_". */
const SECRET_NAME =
  /(?:^|_)(?:passwords?|passwd|pwd|passphrase|secrets?|token|api_?key|private_?key|access_?key|secret_?key|authorization|credentials?|cookie)$/;

/** Replaces or refuses secrets. */
export class Redactor {
  readonly #strict: boolean;
  readonly #keys: readonly (string | RegExp)[] | undefined;
  readonly #values: readonly string[] | (() => readonly string[]);
  readonly #replacement: string;

  private constructor(options: RedactionOptions) {
    this.#strict = options.mode === "strict";
    this.#keys = options.keys;
    this.#values = options.values ?? [];
    this.#replacement = options.replacement ?? "[REDACTED]";
  }

  /**
   * Makes a redactor.
   *
   * @param options What is secret.
   * @returns The redactor; `undefined` without options and when they switch it off.
   * @throws {InvalidDataError} If an option is not valid.
   */
  static of(options: RedactionOptions | undefined): Redactor | undefined {
    const { mode = "on" } = options ?? {};
    if (!["off", "on", "strict"].includes(mode)) {
      throw new InvalidDataError(
        `Cannot redact: the mode is "${mode}", wanted is "off", "on" or "strict"`,
      );
    }
    if (options === undefined || mode === "off") return undefined;
    const { keys = [], values = [], replacement = "" } = options;
    const isText = (one: unknown) => typeof one === "string";
    check("keys", keys, "texts and patterns", (key) => isText(key) || key instanceof RegExp);
    if (typeof values !== "function") check("values", values, "texts", isText);
    check("replacement", [replacement], "text", isText);
    return new Redactor(options);
  }

  /**
   * Copies a value without its secrets.
   *
   * @param value The value.
   * @param action What it is for, in the form `Cannot save execution "a"`.
   * @param path Where it stands.
   * @param name Name of the value, such as that of a variable.
   * @returns The copy, or the value itself when it holds none.
   * @throws {InvalidDataError} If it holds a secret and the mode is strict; the message has only the path.
   */
  redact<T>(value: T, action: string, path: string, name: string = ""): T {
    const values = typeof this.#values === "function" ? this.#values() : this.#values;
    const context = { action, values, secrets: formsOf(values), ancestors: new Set<object>() };
    try {
      return this.#visit(value, context, path, name) as T;
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new InvalidDataError(`${action}: "${path}" is nested too deeply`, { cause });
    }
  }

  #visit(value: unknown, context: Context, path: string, name: string): unknown {
    if (value !== undefined && value !== null && value !== "" && this.#isSecretName(name)) {
      return this.#replace(context, path);
    }
    if (typeof value === "string") return this.#visitText(value, context, path);
    if (typeof value === "number" || typeof value === "bigint") {
      return context.values.includes(String(value)) ? this.#replace(context, path) : value;
    }
    if (typeof value !== "object" || value === null) return value;
    // What is cyclic is refused when it is encoded.
    if (context.ancestors.has(value)) return value;
    const plain: unknown = "toJSON" in value && typeof value.toJSON === "function"
      ? value.toJSON()
      : value;
    if (plain !== value) return this.#visit(plain, context, path, "");
    context.ancestors.add(value);
    const safe = Array.isArray(value)
      ? this.#visitList(value, context, path, name)
      : this.#visitObject(value as Record<string, unknown>, context, path);
    context.ancestors.delete(value);
    return safe;
  }

  /** A loop, since a callback for each level would halve the depth that is reached. */
  #visitList(value: unknown[], context: Context, path: string, name: string): unknown {
    let safe = value;
    for (let i = 0; i < value.length; i++) {
      const item = this.#visit(value[i], context, `${path}[${i}]`, name);
      if (item === value[i]) continue;
      if (safe === value) safe = [...value];
      safe[i] = item;
    }
    return safe;
  }

  #visitObject(value: Record<string, unknown>, context: Context, path: string): unknown {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    const entries = Object.entries(value);
    const names = new Set<string>();
    let [changed, number] = [false, 1];
    for (const entry of entries) {
      const [key, item] = entry;
      const safe = entry[0] = this.#visitText(key, context, path);
      // Keys that hold secrets stay apart.
      while (entry[0] !== key && (names.has(entry[0]) || Object.hasOwn(value, entry[0]))) {
        entry[0] = `${safe} #${++number}`;
      }
      names.add(entry[0]);
      entry[1] = this.#visit(item, context, `${path}.${entry[0]}`, key);
      changed ||= entry[0] !== key || entry[1] !== item;
    }
    return changed ? Object.fromEntries(entries) : value;
  }

  #visitText(text: string, context: Context, path: string): string {
    let safe = text;
    for (const secret of context.secrets) {
      if (safe.includes(secret)) safe = safe.replaceAll(secret, () => this.#replace(context, path));
    }
    return safe;
  }

  #isSecretName(name: string): boolean {
    if (this.#keys === undefined) return name !== "" && SECRET_NAME.test(wordsOf(name));
    return this.#keys.some((key) =>
      typeof key === "string" ? key.toLowerCase() === name.toLowerCase() : name.search(key) >= 0
    );
  }

  #replace({ action }: Context, path: string): string {
    if (!this.#strict) return this.#replacement;
    throw new InvalidDataError(`${action}: "${path}" holds a secret`);
  }
}

/** What is mistyped would let secrets through. */
function check(
  option: string,
  items: readonly unknown[],
  wanted: string,
  isValid: (item: unknown) => boolean,
): void {
  if (Array.isArray(items) && items.every(isValid)) return;
  throw new InvalidDataError(`Cannot redact: "${option}" is not valid, wanted is ${wanted}`);
}

interface Context {
  action: string;
  values: readonly string[];
  secrets: readonly string[];
  ancestors: Set<object>;
}

/** `accessToken`, `X-Access-Token` and `ACCESS_TOKEN` have the same words. */
function wordsOf(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(/[-. ]/g, "_").toLowerCase();
}

/** How secrets may stand in a text; the longest first, since one may be part of another. */
function formsOf(values: readonly string[]): string[] {
  const forms = new Set<string>();
  for (const secret of values) {
    if (secret === "") continue;
    const json = JSON.stringify(secret).slice(1, -1);
    forms.add(secret).add(json);
    // As Go and Python write JSON, and JSON within JSON.
    forms.add(json.replaceAll(/[<>&\u2028\u2029]/g, escapeUnit));
    forms.add(json.replaceAll(/[^\0-\x7f]/g, escapeUnit));
    forms.add(JSON.stringify(json).slice(1, -1));
    if (secret.isWellFormed()) forms.add(encodeURIComponent(secret));
  }
  return [...forms].sort((a, b) => b.length - a.length);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
