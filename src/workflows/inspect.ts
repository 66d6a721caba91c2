/**
 * Tells what is odd about a workflow file that can be read.
 *
 * @module
 */

import { parse } from "@std/yaml";
import { idWarning } from "./decode.ts";
import { formatPath } from "./read_field.ts";
import { isMapping } from "../domain/value.ts";
import type { FileWarning } from "../domain/workflow_repository.ts";
import type { ParsedWorkflow } from "./workflow_cache.ts";
import { Locator } from "./yaml_locate.ts";
import { isAmbiguous } from "./yaml_scalar.ts";

/** Returns what readers of a file take for different things. */
export function fileWarnings({ document, idInFile, workflow }: ParsedWorkflow): FileWarning[] {
  const warnings: FileWarning[] = [];
  const locator = new Locator(document.text);
  const message = idWarning(workflow.id, idInFile);
  if (message !== undefined) {
    warnings.push({ path: "id", message, line: locator.locate(["id"])?.line ?? 1 });
  }
  visit(document.value, document.source, [], (path, value, source) => {
    const message = value === KEY
      ? keyWarning(source, () => locator.key(path))
      : scalarWarning(value, source, () => locator.source(path));
    if (message === undefined) return;
    const line = locator.locate(path)?.line;
    warnings.push({ path: formatPath(path), message, ...(line === undefined ? {} : { line }) });
  });
  return warnings;
}

type Path = (string | number)[];

/** Stands for the value when the key is the matter. */
const KEY = Symbol("key");

function visit(
  value: unknown,
  source: unknown,
  path: Path,
  look: (path: Path, value: unknown, source: string) => void,
): void {
  if (Array.isArray(value)) {
    const sources = Array.isArray(source) ? source : [];
    for (const [index, item] of value.entries()) {
      visit(item, sources[index], [...path, index], look);
    }
  } else if (isMapping(value)) {
    for (const key of Object.keys(value)) {
      const place = [...path, key];
      look(place, KEY, key);
      visit(value[key], isMapping(source) ? source[key] : undefined, place, look);
    }
  } else if (typeof source === "string") {
    look(path, value, source);
  }
}

/** What other readers of YAML take for a number, a boolean or nothing; `on` is a key of the schema. */
function keyWarning(key: string, keyInFile: () => string | undefined): string | undefined {
  if (!isAmbiguous(key) || typeof parse(key, { schema: "core" }) === "string") return undefined;
  if (keyInFile() !== key) return undefined;
  return `The key ${key} is text here, other readers take it for something else; quote it`;
}

/** What the readers of YAML disagree about; what is quoted is text to all of them. */
function scalarWarning(
  value: unknown,
  source: string,
  sourceInFile: () => string | undefined,
): string | undefined {
  if (typeof value === "string") {
    if (!isAmbiguous(source) || sourceInFile() !== source) return undefined;
    return `${source} is text here, other readers take it for something else; quote it`;
  }
  if (typeof value !== "number" && typeof value !== "bigint") return undefined;
  const digits = source.replace(/^[-+]/, "");
  if (/^0[0-7_]+$/.test(digits)) {
    return `${source} is octal here (${value}), decimal in YAML 1.2; quote it or write ${value}`;
  }
  if (/_|^0b/i.test(digits)) {
    return `${source} is the number ${value} here, text in YAML 1.2; quote it or write ${value}`;
  }
  return typeof value === "bigint"
    ? `${source} has more digits than the numbers of many readers hold; quote it`
    : undefined;
}
