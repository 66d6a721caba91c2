/**
 * Writes a whole document anew.
 *
 * @module
 */

import { matchItems } from "./match_items.ts";
import { isMapping, type Mapping } from "../domain/value.ts";
import type { YamlDocument } from "./yaml_reader.ts";
import { SourceNumber } from "./yaml_scalar.ts";
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
 * @param base A document that they come from: its numbers keep their text, such as `1.10`.
 * @returns The text.
 */
export function formatDocument(value: Mapping, base?: YamlDocument): string {
  if (base === undefined) return formatYaml(value);
  return formatYaml(keepNumbers(value, base.value, base.source) as Mapping);
}

function keepNumbers(value: unknown, before: unknown, source: unknown): unknown {
  if (typeof value === "number") {
    const same = Object.is(value, before) && typeof source === "string";
    return same && source !== String(value) ? new SourceNumber(value, source) : value;
  }
  if (Array.isArray(value)) {
    if (!Array.isArray(before) || !Array.isArray(source)) return value;
    const partner = matchItems(before, value);
    return value.map((item, index) => {
      const from = partner[index];
      return from === undefined ? item : keepNumbers(item, before[from], source[from]);
    });
  }
  if (!isMapping(value) || !isMapping(before) || !isMapping(source)) return value;
  const kept: Mapping = {};
  for (const key of Object.keys(value)) {
    const old = Object.hasOwn(before, key) ? key : OTHER_KEY[key] ?? key;
    kept[key] = keepNumbers(value[key], before[old], source[old]);
  }
  return kept;
}
