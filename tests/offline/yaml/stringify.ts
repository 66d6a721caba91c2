// Part of the stand-in for `@std/yaml`: writing.

import { formatScalar } from "./scalar.ts";
import { isTyped, type SchemaType } from "./schema.ts";

/** Options of {@linkcode stringify}; the genuine package has a few more. */
export type StringifyOptions = {
  indent?: number;
  arrayIndent?: boolean;
  skipInvalid?: boolean;
  flowLevel?: number;
  schema?: SchemaType;
  sortKeys?: boolean | ((a: string, b: string) => number);
  lineWidth?: number;
  useAnchors?: boolean;
  compatMode?: boolean;
};

/** Where a node stands. */
interface Place {
  level: number;
  block: boolean;
  compact: boolean;
  isKey: boolean;
}

/** Writes a value as one document that ends with a line feed. */
export function stringify(
  data: unknown,
  options: StringifyOptions = {},
): string {
  const text = new Writer(data, options).node(data, {
    level: 0,
    block: true,
    compact: true,
    isKey: false,
  });
  return text === undefined ? "" : `${text}\n`;
}

class Writer {
  readonly #options: Required<StringifyOptions>;
  /** Objects that occur more than once, and whether their anchor is written. */
  readonly #shared: Map<object, { id: number; written: boolean }>;

  constructor(data: unknown, options: StringifyOptions) {
    this.#options = {
      indent: 2,
      arrayIndent: true,
      skipInvalid: false,
      flowLevel: -1,
      schema: "default",
      sortKeys: false,
      lineWidth: 80,
      useAnchors: true,
      compatMode: true,
      ...options,
    };
    this.#options.indent = Math.max(1, this.#options.indent);
    this.#shared = this.#options.useAnchors ? findShared(data) : new Map();
  }

  /** The text of a node, `undefined` when it is skipped. */
  node(value: unknown, place: Place): string | undefined {
    const { flowLevel, schema, skipInvalid } = this.#options;
    if (value instanceof Date && schema === "default") {
      return value.toISOString();
    }
    if (typeof value === "string") return this.#string(value, place);
    if (schema !== "failsafe") {
      if (value === null || typeof value === "boolean") return String(value);
      if (typeof value === "number") return formatNumber(value);
    }
    if (value instanceof Uint8Array) {
      throw new TypeError("Bytes are not part of this stand-in");
    }
    if (typeof value === "object" && value !== null) {
      const block = place.block && (flowLevel < 0 || flowLevel > place.level);
      return this.#shareable(value, { ...place, block });
    }
    if (skipInvalid) return undefined;
    throw new TypeError(`Cannot stringify ${typeof value}`);
  }

  #string(value: string, { level, isKey }: Place): string {
    const { indent, lineWidth, flowLevel, schema, compatMode } = this.#options;
    const indentation = indent * Math.max(1, level);
    return formatScalar(value, {
      indent,
      indentation,
      lineWidth: lineWidth === -1 ? -1 : Math.max(Math.min(lineWidth, 40), lineWidth - indentation),
      singleLine: isKey || (flowLevel > -1 && level >= flowLevel),
      compatMode,
      isTyped: (text) => isTyped(text, schema),
    });
  }

  /** Writes an anchor the first time, an alias from then on. */
  #shareable(value: object, place: Place): string {
    const shared = this.#shared.get(value);
    if (shared?.written) return `*ref_${shared.id}`;
    if (shared !== undefined) shared.written = true;
    const wide = this.#options.indent !== 2 && place.level > 0;
    const compact = place.compact && shared === undefined && !wide;
    const text = this.#collection(value, { ...place, compact });
    if (shared === undefined) return text;
    return `&ref_${shared.id}${text.startsWith("\n") ? "" : " "}${text}`;
  }

  #collection(value: object, place: Place): string {
    const isArray = Array.isArray(value);
    const outdented = isArray && !this.#options.arrayIndent && place.level > 0;
    const level = outdented ? place.level - 1 : place.level;
    const flow = !place.block || Object.keys(value).length === 0;
    if (flow) {
      return isArray ? this.#flowSequence(value, level) : this.#flowMapping(value, level);
    }
    const lines = isArray ? this.#blockSequence(value, level) : this.#blockMapping(value, level);
    if (lines.length === 0) return isArray ? "[]" : "{}";
    const separator = `\n${" ".repeat(this.#options.indent * level)}`;
    return (place.compact ? "" : separator) + lines.join(separator);
  }

  #blockSequence(items: unknown[], level: number): string[] {
    return Array.from(items).flatMap((item) => {
      const text = this.node(item, {
        level: level + 1,
        block: true,
        compact: true,
        isKey: false,
      });
      if (text === undefined) return [];
      return [text.startsWith("\n") ? `-${text}` : `- ${text}`];
    });
  }

  #blockMapping(object: object, level: number): string[] {
    const { sortKeys } = this.#options;
    const place = { level: level + 1, block: true, isKey: false };
    const entries = Object.entries(object);
    if (sortKeys === true) entries.sort(([a], [b]) => a < b ? -1 : 1);
    else if (sortKeys !== false) entries.sort(([a], [b]) => sortKeys(a, b));
    return entries.flatMap(([key, value]) => {
      const name = this.node(key, { ...place, compact: true, isKey: true }) ??
        "";
      const explicit = name.length > 1024;
      const text = this.node(value, { ...place, compact: explicit });
      if (text === undefined) return [];
      const colon = text.startsWith("\n") ? ":" : ": ";
      if (!explicit) return [`${name}${colon}${text}`];
      return [
        `? ${name}\n${" ".repeat(this.#options.indent * level)}${colon}${text}`,
      ];
    });
  }

  #flowSequence(items: unknown[], level: number): string {
    const place = { level, block: false, compact: false, isKey: false };
    const texts = Array.from(items, (item) => this.node(item, place));
    return `[${texts.filter((text) => text !== undefined).join(", ")}]`;
  }

  #flowMapping(object: object, level: number): string {
    const place = { level, block: false, compact: false, isKey: false };
    const pairs = Object.entries(object).flatMap(([key, value]) => {
      const name = this.node(key, place) ?? "";
      const text = this.node(value, place);
      return text === undefined ? [] : [`${name.length > 1024 ? "? " : ""}${name}: ${text}`];
    });
    return `{${pairs.join(", ")}}`;
  }
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (value === Infinity) return ".inf";
  if (value === -Infinity) return "-.inf";
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  // YAML 1.1 wants a dot in a fraction's scientific form: 5.e-100.
  return Number.isInteger(value) ? text : text.replace(/^(-?[0-9]+)e/, "$1.e");
}

/** Breadth first, which decides the numbers of the anchors. */
function findShared(
  root: unknown,
): Map<object, { id: number; written: boolean }> {
  const shared = new Map<object, { id: number; written: boolean }>();
  const seen = new Set<object>();
  const queue = [root];
  for (const value of queue) {
    if (typeof value !== "object" || value === null) continue;
    if (!seen.has(value)) queue.push(...Object.values(value));
    else if (!shared.has(value)) {
      shared.set(value, { id: shared.size, written: false });
    }
    seen.add(value);
  }
  return shared;
}
