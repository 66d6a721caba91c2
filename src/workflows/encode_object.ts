/**
 * Makes mappings of a file of objects of the domain.
 *
 * @module
 */

import { Dialect } from "./dialect.ts";
import { type Field, VARIABLE_FIELDS } from "./fields.ts";
import { type At, emptyValue, keyOf, type ReadContext, readField } from "./read_field.ts";
import { cloneValue, equalValues, isMapping, type Mapping } from "../domain/value.ts";
import { storableProblems } from "./storable.ts";
import { writeField } from "./write_field.ts";
import type { YamlDocument } from "./yaml_reader.ts";

/** The mapping of a file that an object is written over. */
export interface Base {
  /** Its values. */
  raw: Mapping;
  /** Where it stands; absent at the root. */
  at: At | undefined;
}

/** Writes objects over a document, or into a new one. */
export class ObjectEncoder {
  /** Why something cannot be written, one sentence each. */
  readonly problems: string[] = [];
  readonly #base: YamlDocument | undefined;
  readonly #canonical: boolean;
  readonly #dialect: Dialect;
  readonly #context: ReadContext | undefined;

  /**
   * @param base The document.
   * @param canonical Whether to use the canonical keys and order in place of those of the document.
   */
  constructor(base: YamlDocument | undefined, canonical: boolean) {
    this.#base = base;
    this.#canonical = canonical;
    this.#dialect = new Dialect(canonical ? undefined : base?.value);
    if (base !== undefined) this.#context = { document: base, misfits: [] };
  }

  /**
   * Writes a list; an item goes over the one of the same key.
   *
   * @param name Key of the list.
   * @param items The items.
   * @param fieldsOf Returns the fields of an item.
   * @param key Returns what tells an item from the others.
   * @param before The items that the document was read as; those that did not change keep what stands there.
   */
  list<T extends object>(
    name: string,
    items: readonly T[],
    fieldsOf: (item: T, index: number) => readonly Field[],
    key: (item: Mapping) => string,
    before: readonly unknown[] = [],
  ): unknown {
    const old = this.#base?.value[name];
    const raws = Array.isArray(old) ? old.filter(isMapping) : [];
    if (items.length === 0 && raws.length === 0) return old;
    const waiting = Map.groupBy(
      raws.keys(),
      (step) => key(this.#texts(raws[step]!, { parent: { step: name }, step })),
    );
    const partner = items.map((item) => waiting.get(key(item as Mapping))?.shift());
    // What has another key at the place of what is gone is the same item, renamed.
    const free = new Set([...waiting.values()].flat());
    const isRenamed = (index: number) => items.length === raws.length && free.has(index);
    return items.map((item, index) => {
      const from = partner[index] ?? (isRenamed(index) ? index : undefined);
      if (from !== undefined && !this.#canonical && equalValues(item, before[from])) {
        return raws[from]!;
      }
      const base = from === undefined
        ? undefined
        : { raw: raws[from]!, at: { parent: { step: name }, step: from } };
      return this.object(item as Mapping, fieldsOf(item, index), base, `${name}[${index}]`);
    });
  }

  /** What tells an item from the others, as the domain has it: `1.10` is the text "1.10". */
  #texts(raw: Mapping, at: At): Mapping {
    const texts: Mapping = {};
    for (const key of ["id", "name", "from", "to", "condition"]) {
      const part = raw[key];
      if (part === undefined || part === null) continue;
      texts[key] = typeof part === "string"
        ? part
        : readField(TEXT, part, { parent: at, step: key }, this.#context!);
    }
    return texts;
  }

  /** Writes an object. */
  object(
    item: Mapping,
    fields: readonly Field[],
    base: Base | undefined,
    at: string,
  ): Mapping {
    const { raw, at: place } = base ?? { raw: {}, at: undefined };
    const extra = this.#extra(item.extra, `${at}.extra`);
    const fieldOf = new Map<string, Field>();
    for (const field of fields) {
      const key = keyOf(raw, field);
      if (key !== undefined) fieldOf.set(key, field);
    }
    const entries: [key: string, value: unknown, field?: Field][] = [];
    for (const key of Object.keys(raw)) {
      const field = fieldOf.get(key);
      if (field === undefined) {
        if (extra[key] !== undefined) entries.push([key, extra[key]]);
        continue;
      }
      const name = this.#canonical ? field.keys[0]! : key;
      const value = this.#field(item[field.name], field, raw[key], place, key, at);
      if (value !== undefined) entries.push([name, value, field]);
    }
    this.#insertMissing(entries, item, fields, new Set(fieldOf.values()), base, at);
    const result: Mapping = {};
    if (this.#canonical) entries.sort((a, b) => rank(fields, a[2]) - rank(fields, b[2]));
    for (const [key, value] of entries) result[key] = value;
    for (const key of Object.keys(extra)) {
      if (extra[key] === undefined || Object.hasOwn(raw, key)) continue;
      this.#refuseFieldKey(key, extra[key], entries, fields, at);
      result[key] = extra[key];
    }
    return result;
  }

  #extra(extra: unknown, at: string): Mapping {
    if (extra === undefined) return {};
    const problems = isMapping(extra) ? storableProblems(extra, at) : [`${at} must be an object`];
    this.problems.push(...problems);
    return problems.length === 0 ? cloneValue(extra as Mapping) : {};
  }

  #insertMissing(
    entries: [string, unknown, Field?][],
    item: Mapping,
    fields: readonly Field[],
    present: Set<Field>,
    base: Base | undefined,
    at: string,
  ): void {
    for (const [index, field] of fields.entries()) {
      const value = item[field.name];
      if (value === undefined || present.has(field)) continue;
      if (base !== undefined) {
        if (field.required && equalValues(value, emptyValue(field))) continue;
        if (field.name === "type" && fields !== VARIABLE_FIELDS) continue;
      }
      const written = this.#field(value, field, undefined, undefined, field.keys[0]!, at);
      if (written === undefined) continue;
      let after = -1;
      for (const [position, [, , other]] of entries.entries()) {
        if (other !== undefined && fields.indexOf(other) < index) after = position;
      }
      // Never first in an existing mapping: its first key may share a line with a dash.
      const position = base !== undefined && entries.length > 0 ? Math.max(after, 0) : after;
      entries.splice(position + 1, 0, [this.#dialect.keyFor(field), written, field]);
    }
  }

  /** Keeps what the file has when it says the same. */
  #field(
    value: unknown,
    field: Field,
    raw: unknown,
    parent: At | undefined,
    key: string,
    at: string,
  ): unknown {
    const place = parent === undefined ? { step: key } : { parent, step: key };
    // Under another key a number loses its form, and with it the text that it was read as.
    const becomesText = this.#canonical && field.keys[0] !== key && TEXT_KINDS.includes(field.kind);
    if (raw !== undefined) {
      let old = readField(field, raw, place, this.#context!);
      if (old === undefined && field.required) old = emptyValue(field);
      if (equalValues(old, value) && (value === undefined || !becomesText)) return raw;
    }
    if (value === undefined) return undefined;
    if (field.kind === "object" && isMapping(value)) {
      const base = isMapping(raw) ? { raw, at: place } : undefined;
      return this.object(value, field.fields!, base, `${at}.${field.name}`);
    }
    return writeField(field, value, becomesText ? undefined : raw, `${at}.${field.name}`, {
      problems: this.problems,
      read: (part, step) => readField(TEXT, part, { parent: place, step }, this.#context!),
    });
  }

  #refuseFieldKey(
    key: string,
    value: unknown,
    entries: readonly [string, unknown, Field?][],
    fields: readonly Field[],
    at: string,
  ): void {
    const field = fields.find((candidate) => candidate.keys.includes(key));
    if (field === undefined || keyOf({ [key]: value }, field) === undefined) return;
    const chosen = entries.find(([, , other]) => other === field)?.[0];
    if (chosen !== undefined && field.keys.indexOf(chosen) < field.keys.indexOf(key)) return;
    this.problems.push(
      `${at}.extra has the key "${key}", which belongs to the field "${field.name}"`,
    );
  }
}

const TEXT: Field = { name: "", keys: [], kind: "text" };
const TEXT_KINDS: readonly Field["kind"][] = ["text", "texts", "textLists", "textMap"];

function rank(fields: readonly Field[], field: Field | undefined): number {
  return field === undefined ? fields.length : fields.indexOf(field);
}
