/**
 * Reads the fields of the domain out of the values of a file.
 *
 * @module
 */

import type { Field } from "./fields.ts";
import { isMapping, type Mapping } from "../domain/value.ts";
import { sourceText, type YamlDocument } from "./yaml_reader.ts";

/** Where a value stands in a document; a linked list, since most are never looked at. */
export interface At {
  /** Mapping or list that holds it; absent at the root. */
  parent?: At;
  /** Key or index. */
  step: string | number;
}

/** What a value is that cannot be used, and where. */
export interface Misfit {
  /** Keys and indexes from the root. */
  path: (string | number)[];
  /** One sentence. */
  problem: string;
}

/** What reading needs to know. */
export interface ReadContext {
  /** The document. */
  document: YamlDocument;
  /** Takes what cannot be read. */
  misfits: Misfit[];
}

/** The fields of a mapping, and its other keys. */
export interface Fields {
  /** Values by the name of the field. */
  values: Mapping;
  /** Values of unknown keys; absent when there are none. */
  extra?: Mapping;
}

/** Reads the fields of a mapping. Values of any type are those of the document, not copies. */
export function readFields(
  raw: Mapping,
  fields: readonly Field[],
  parent: At | undefined,
  context: ReadContext,
): Fields {
  const values: Mapping = {};
  let used = 0;
  for (const field of fields) {
    const key = keyOf(raw, field);
    let value: unknown;
    if (key !== undefined) {
      const item = raw[key];
      // Most fields are texts, and are: the place is of use for others only.
      value = field.kind === "text" && typeof item === "string" ? item : readField(
        field,
        item,
        parent === undefined ? { step: key } : { parent, step: key },
        context,
      );
      used++;
    }
    if (value === undefined && field.required) value = emptyValue(field);
    if (value !== undefined) values[field.name] = value;
  }
  const keys = Object.keys(raw);
  if (used === keys.length) return { values };
  const extra: Mapping = {};
  const known = new Set(fields.map((field) => keyOf(raw, field)));
  for (const key of keys) if (!known.has(key)) extra[key] = raw[key];
  return { values, extra };
}

/** What a required field holds when the file says nothing. */
export function emptyValue(field: Field): unknown {
  return field.kind === "text" ? "" : [];
}

/** Returns the key that expresses a field in this mapping. */
export function keyOf(raw: Mapping, field: Field): string | undefined {
  for (const key of field.keys) {
    if (raw[key] === undefined) continue;
    // A time that is none stays an unknown key: worth keeping, not worth refusing the file.
    if (field.kind === "date" && raw[key] !== null && readDate(raw[key]) === undefined) continue;
    return key;
  }
  return undefined;
}

/** Reads the value of a field; `null` is no value, except where any value is allowed. */
export function readField(field: Field, raw: unknown, at: At, context: ReadContext): unknown {
  if (field.kind === "any") return raw;
  if (raw === null) return undefined;
  switch (field.kind) {
    case "text":
      return readText(raw, at, context);
    case "texts":
      return readList(raw, at, context, (item, place) => readItem(item, place, context));
    case "textLists":
      return readList(
        raw,
        at,
        context,
        (item, place) =>
          readList(item, place, context, (text, inner) => readItem(text, inner, context)),
      );
    case "textMap":
      if (!isMapping(raw)) return misfit(raw, "a mapping", at, context);
      return Object.fromEntries(
        Object.entries(raw).map(([key, value]) => [
          key,
          readItem(value, { parent: at, step: key }, context),
        ]),
      );
    case "scalar":
      if (typeof raw === "string" || typeof raw === "number") return raw;
      if (typeof raw === "bigint") return Number(raw);
      return misfit(raw, "a text or a number", at, context);
    case "number":
      if (typeof raw === "bigint") return Number(raw);
      return typeof raw === "number" ? raw : misfit(raw, "a number", at, context);
    case "boolean":
      return readBoolean(raw) ?? misfit(raw, "true or false", at, context);
    case "date":
      return readDate(raw);
    case "anyMap":
      return isMapping(raw) ? raw : misfit(raw, "a mapping", at, context);
    case "object": {
      if (!isMapping(raw)) return misfit(raw, "a mapping", at, context);
      const { values, extra } = readFields(raw, field.fields!, at, context);
      return extra === undefined ? values : { ...values, extra };
    }
  }
}

/** Nothing among texts is an empty text. */
function readItem(raw: unknown, at: At, context: ReadContext): string | undefined {
  return raw === null ? "" : readText(raw, at, context);
}

/** A number or boolean where a text is wanted is the text that stands in the file, as yaml.v3 has it. */
function readText(raw: unknown, at: At, context: ReadContext): string | undefined {
  if (typeof raw === "string") return raw;
  if (typeof raw === "number" || typeof raw === "boolean" || typeof raw === "bigint") {
    return sourceText(context.document, pathOf(at)) ?? String(raw);
  }
  misfit(raw, "a text", at, context);
  return undefined;
}

function readList(
  raw: unknown,
  at: At,
  context: ReadContext,
  read: (item: unknown, at: At) => unknown,
): unknown[] | undefined {
  if (Array.isArray(raw)) {
    return raw.map((item, step) => read(item, { parent: at, step }));
  }
  misfit(raw, "a list", at, context);
  return undefined;
}

/** yaml.v3 takes the words of YAML 1.1 where a boolean is wanted. */
function readBoolean(raw: unknown): boolean | undefined {
  if (typeof raw === "boolean") return raw;
  if (typeof raw !== "string") return undefined;
  if (/^(?:y|yes|on)$/i.test(raw)) return true;
  return /^(?:n|no|off)$/i.test(raw) ? false : undefined;
}

function readDate(raw: unknown): Date | undefined {
  if (typeof raw !== "string" || !/^\d{4}-\d{2}-\d{2}/.test(raw)) return undefined;
  const date = new Date(raw);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Reports a value that is not what the field wants. */
export function misfit(raw: unknown, wanted: string, at: At, context: ReadContext): undefined {
  const path = pathOf(at);
  context.misfits.push({
    path,
    problem: `${formatPath(path)}: ${wanted} is wanted, found ${describe(raw)}`,
  });
}

/** Returns the keys and indexes from the root. */
function pathOf(at: At): (string | number)[] {
  const path: (string | number)[] = [];
  for (let place: At | undefined = at; place !== undefined; place = place.parent) {
    path.unshift(place.step);
  }
  return path;
}

/** Returns a path as text, such as `nodes[2].parameters`. */
export function formatPath(path: readonly (string | number)[]): string {
  return path.map((step, index) =>
    typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`
  ).join("");
}

function describe(raw: unknown): string {
  if (raw === null) return "nothing";
  if (Array.isArray(raw)) return "a list";
  if (typeof raw === "object") return "a mapping";
  return typeof raw === "string" ? "a text" : `a ${typeof raw}`;
}
