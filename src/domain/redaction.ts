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
   * `"on"` replaces secrets, `"strict"` refuses to store a value that holds one.
   *
   * @default {"on"}
   */
  mode?: "on" | "strict";
  /**
   * Names of keys and variables whose values are secret; texts match without
   * regard to case.
   *
   * @default {passwords, tokens, API keys and the like}
   */
  keys?: readonly (string | RegExp)[];
  /**
   * Secret values, which are found inside longer texts too; a function is
   * asked before each write.
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

const SECRET_NAME =
  /^(?:.*[_-])?(?:password|passwd|passphrase|secret|token|api_?key|private_?key|access_?key|authorization|credentials?)$/i;

/** Replaces or refuses secrets. */
export class Redactor {
  readonly #strict: boolean;
  readonly #keys: readonly (string | RegExp)[];
  readonly #values: readonly string[] | (() => readonly string[]);
  readonly #replacement: string;

  /** @param options What is secret. */
  constructor(options: RedactionOptions) {
    this.#strict = options.mode === "strict";
    this.#keys = options.keys ?? [SECRET_NAME];
    this.#values = options.values ?? [];
    this.#replacement = options.replacement ?? "[REDACTED]";
    if (options.mode !== undefined && options.mode !== "on" && options.mode !== "strict") {
      throw new InvalidDataError(
        `Cannot redact: the mode is "${options.mode}", wanted is "on" or "strict"`,
      );
    }
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
    // The longest first: one secret may be part of another.
    const secrets = values.filter((secret) => secret !== "")
      .toSorted((a, b) => b.length - a.length);
    return this.#visit(value, { action, secrets, ancestors: [] }, path, name) as T;
  }

  #visit(value: unknown, context: Context, path: string, name: string): unknown {
    if (value !== undefined && value !== null && value !== "" && this.#isSecretName(name)) {
      return this.#replace(context, path);
    }
    if (typeof value === "string") return this.#visitText(value, context, path);
    if (typeof value !== "object" || value === null) return value;
    // What is cyclic or nested without end is refused when it is encoded.
    if (context.ancestors.includes(value) || context.ancestors.length > 500) return value;
    const plain: unknown = "toJSON" in value && typeof value.toJSON === "function"
      ? value.toJSON()
      : value;
    if (plain !== value) return this.#visit(plain, context, path, "");
    const inner = { ...context, ancestors: [...context.ancestors, value] };
    if (Array.isArray(value)) {
      const items = value.map((item, i) => this.#visit(item, inner, `${path}[${i}]`, name));
      return items.some((item, i) => item !== value[i]) ? items : value;
    }
    return this.#visitObject(value as Record<string, unknown>, inner, path);
  }

  #visitObject(value: Record<string, unknown>, context: Context, path: string): unknown {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    let changed = false;
    const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
      const safeKey = this.#visitText(key, context, path);
      const safe = this.#visit(item, context, `${path}.${safeKey}`, key);
      changed ||= safe !== item || safeKey !== key;
      return [safeKey, safe];
    });
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
    return this.#keys.some((key) =>
      typeof key === "string" ? key.toLowerCase() === name.toLowerCase() : name.search(key) >= 0
    );
  }

  #replace({ action }: Context, path: string): string {
    if (!this.#strict) return this.#replacement;
    throw new InvalidDataError(`${action}: "${path}" holds a secret`);
  }
}

interface Context {
  action: string;
  secrets: readonly string[];
  ancestors: object[];
}
