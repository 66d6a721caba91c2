/**
 * Writes a whole document anew.
 *
 * @module
 */

import { matchItems } from "./match_items.ts";
import { isMapping, type Mapping } from "../domain/value.ts";
import type { YamlDocument } from "./yaml_reader.ts";
import { formatPlain, type PlainScalar, SourceScalar } from "./yaml_scalar.ts";
import { formatYaml } from "./yaml_writer.ts";

/** The other key under which a value may stand. */
const OTHER_KEY: Readonly<Record<string, string>> = {
  default: "default_value",
  return: "return_value",
};

/**
 * Writes values as a document of its own, in block style.
 *
 * @param value The values.
 * @param base A document that they come from: its scalars keep their text, such as `1.10`.
 * @returns The text.
 */
export function formatDocument(value: Mapping, base?: YamlDocument): string {
  return formatYaml(base === undefined ? value : withSource(value, base));
}

/**
 * Returns values in which the scalars that did not change are `SourceScalar`s.
 *
 * @param value The values.
 * @param base The document that they come from.
 * @returns The values, each scalar that is not a string with the text of the document.
 */
export function withSource(value: Mapping, base: YamlDocument): Mapping {
  if (!mayHaveSource(base)) return value;
  return keepSource(value, base.value, base.source) as Mapping;
}

/**
 * Tells whether a document may hold scalars in another form than the one in
 * which they are written, such as `1.10` or `~`. Most do not, and need no
 * second parse.
 */
export function mayHaveSource(document: YamlDocument): boolean {
  let known = sources.get(document);
  if (known === undefined) sources.set(document, known = hasPlainScalar(document.text));
  return known;
}

/** A save asks several times. */
const sources = new WeakMap<YamlDocument, boolean>();

function hasPlainScalar(text: string): boolean {
  for (const [, scalar] of text.matchAll(PLAIN_SCALAR)) {
    if (!CANONICAL_WORD.test(scalar!) && String(Number(scalar)) !== scalar) return true;
  }
  return false;
}

/** What stands where a value may stand, without quotes, and looks like a number, a boolean or nothing. */
const PLAIN_SCALAR =
  /(?:[:\-?,[{\r\n][ \t]+|[:,[{]\r?\n|[[{,]|["']:)(?:[&!][^\s,[\]{}]*\s+){0,2}(~|[Nn]ull|NULL|[Tt]rue|TRUE|[Ff]alse|FALSE|[-+]?\.[A-Za-z]{3}|[-+]?0[xobXOB][0-9A-Fa-f_]+|[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?)(?=\s*(?:$|#|[,\]}]))/gm;
const CANONICAL_WORD = /^(?:null|true|false|-?\.inf|\.nan)$/;

/**
 * Tells whether a text has the scalars that were meant, letter by letter.
 *
 * @param source The scalars of the text, each as it stands there.
 * @param wanted Values from {@linkcode withSource}.
 */
export function hasSource(source: unknown, wanted: unknown): boolean {
  if (wanted === null) return source === null || /^(?:~|null)?$/i.test(String(source));
  if (typeof wanted === "string") return source === wanted;
  if (typeof wanted !== "object" || wanted instanceof SourceScalar) {
    return source === formatPlain(wanted as PlainScalar | SourceScalar);
  }
  if (Array.isArray(wanted)) {
    return Array.isArray(source) && source.length === wanted.length &&
      wanted.every((item, index) => hasSource(source[index], item));
  }
  return isMapping(source) &&
    Object.entries(wanted).every(([key, item]) =>
      item === undefined || hasSource(source[key], item)
    );
}

function keepSource(value: unknown, before: unknown, source: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    if (typeof value === "string" || typeof source !== "string" || source === "") return value;
    return Object.is(value, before) && source !== formatPlain(value as PlainScalar)
      ? new SourceScalar(value as PlainScalar, source)
      : value;
  }
  if (Array.isArray(value)) {
    if (!Array.isArray(before) || !Array.isArray(source)) return value;
    const partner = matchItems(before, value);
    return value.map((item, index) => {
      const from = partner[index];
      return from === undefined ? item : keepSource(item, before[from], source[from]);
    });
  }
  if (!isMapping(value) || !isMapping(before) || !isMapping(source)) return value;
  const kept: Mapping = {};
  for (const key of Object.keys(value)) {
    const old = Object.hasOwn(before, key) ? key : OTHER_KEY[key] ?? key;
    kept[key] = keepSource(value[key], before[old], source[old]);
  }
  return kept;
}
