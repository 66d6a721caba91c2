/**
 * Reads YAML text into plain values, within limits.
 *
 * @module
 */

import { parse } from "@std/yaml";
import { InvalidDataError } from "../domain/errors.ts";
import { LIMITS } from "./limits.ts";
import { equalValues, isMapping, type Mapping } from "../domain/value.ts";
import { foldBreaks } from "./yaml_breaks.ts";
import { exactValues, needsExactValues } from "./yaml_exact.ts";
import { findTab, withoutTabs } from "./yaml_tabs.ts";

/** A YAML text whose root is a mapping. */
export class YamlDocument {
  /** The text it was read from, byte order mark included. */
  readonly text: string;
  /** The typed values (core schema), aliases and merge keys (`<<`) resolved. */
  readonly value: Mapping;
  #source: unknown;
  #sourceRead = false;

  /**
   * @param text The text.
   * @param value What it was parsed to.
   */
  constructor(text: string, value: Mapping) {
    this.text = text;
    this.value = value;
  }

  /** The same tree with each scalar as the text that stands in the file; `undefined` when it cannot be told. */
  get source(): unknown {
    if (!this.#sourceRead) {
      this.#sourceRead = true;
      this.#source = readSource(this.text);
    }
    return this.#source;
  }
}

/** Options of {@linkcode readYaml}. */
export interface ReadYamlOptions {
  /** What is being done, in the form `Cannot load workflow "a"`. */
  action: string;
  /** File the text comes from. */
  path?: string | undefined;
}

/**
 * Reads one YAML document.
 *
 * @param text The text.
 * @param options For the message of the error.
 * @returns The document.
 * @throws {InvalidDataError} If it is not YAML, not a single document, not a mapping, or beyond a limit.
 */
export function readYaml(text: string, { action, path }: ReadYamlOptions): YamlDocument {
  if (text.length > LIMITS.bytes) {
    throw new InvalidDataError(`${action}: it is larger than ${LIMITS.bytes} bytes`, { path });
  }
  const value = parseOnce(text, action, path);
  if (!isMapping(value)) {
    const found = value === null ? "nothing" : Array.isArray(value) ? "a list" : "a scalar";
    throw new InvalidDataError(`${action}: a YAML mapping is wanted, found ${found}`, { path });
  }
  const problem = limitProblem(value, text.includes("*"));
  if (problem !== undefined) throw new InvalidDataError(`${action}: ${problem}`, { path });
  const resolved = text.includes("<<") ? resolveMerges(value) as Mapping : value;
  const document = new YamlDocument(text, resolved);
  if (!needsExactValues(text)) return document;
  return new YamlDocument(text, exactValues(resolved, document.source) as Mapping);
}

function parseOnce(text: string, action: string, path: string | undefined): unknown {
  const tab = findTab(text);
  try {
    const value = parse(foldBreaks(text), { schema: "core" });
    if (tab === undefined) return value;
    const meant = parse(foldBreaks(withoutTabs(text)), { schema: "core" });
    if (equalValues(value, meant)) return value;
  } catch (cause) {
    if (tab === undefined) throw asInvalidData(cause, action, path);
  }
  throw new InvalidDataError(
    `${action}: line ${tab.line} is indented with a tab, only blanks are allowed`,
    { path, ...tab },
  );
}

function asInvalidData(cause: unknown, action: string, path?: string): InvalidDataError {
  // Nesting beyond the stack of the recursive parser.
  if (cause instanceof RangeError) {
    return new InvalidDataError(
      `${action}: it is nested more than ${LIMITS.depth} levels deep`,
      { path, cause },
    );
  }
  if (!(cause instanceof Error)) throw cause;
  const { line, column } = cause as { line?: number; column?: number };
  const reason = cause.message.split("\n")[0]!.replace(/:$/, "");
  return new InvalidDataError(`${action}: ${reason}`, { path, line, column, cause });
}

/** Each alias counts as what it stands for, which a small file can make astronomically large. */
function limitProblem(root: unknown, aliases: boolean): string | undefined {
  const known = new Map<object, [nodes: number, characters: number, height: number]>();
  const open = new Set<object>();
  let nodes = 0;
  let characters = 0;

  function countText(text: string): void {
    characters += text.length;
    // Go's yaml.v3 refuses the escape, too; no file could hold the text.
    if (!text.isWellFormed()) throw new Problem("a text holds half of a surrogate pair");
  }

  function count(value: unknown, depth: number): number {
    nodes++;
    if (typeof value === "string") countText(value);
    if (nodes > LIMITS.nodes) throw new Problem(`it holds more than ${LIMITS.nodes} values`);
    if (characters > LIMITS.characters) throw new Problem("its aliases stand for too much text");
    if (typeof value !== "object" || value === null) return 0;
    if (aliases) {
      if (open.has(value)) throw new Problem("an alias stands inside of its own anchor");
      const before = known.get(value);
      if (before !== undefined) {
        nodes += before[0];
        characters += before[1];
        if (depth + before[2] > LIMITS.depth) throw tooDeep();
        return before[2];
      }
    }
    if (depth >= LIMITS.depth) throw tooDeep();
    const start: [number, number] = [nodes, characters];
    if (aliases) open.add(value);
    let height = 0;
    if (Array.isArray(value)) {
      for (const item of value) height = Math.max(height, count(item, depth + 1));
    } else {
      for (const key of Object.keys(value)) {
        const item = (value as Mapping)[key];
        if (key === "__proto__") throw new Problem('the key "__proto__" is not allowed');
        countText(key);
        height = Math.max(height, count(item, depth + 1));
      }
    }
    if (aliases) {
      open.delete(value);
      known.set(value, [nodes - start[0], characters - start[1], height + 1]);
    }
    return height + 1;
  }

  try {
    count(root, 0);
  } catch (problem) {
    if (problem instanceof Problem) return problem.message;
    throw problem;
  }
  return undefined;
}

class Problem extends Error {}

function tooDeep(): Problem {
  return new Problem(`it is nested more than ${LIMITS.depth} levels deep`);
}

/** What stands under `<<` gives the keys that the mapping itself does not have. */
function resolveMerges(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolveMerges);
  if (!isMapping(value)) return value;
  const { "<<": merged, ...own } = value;
  const sources = (Array.isArray(merged) ? merged : [merged]).map(resolveMerges);
  if (merged === undefined || !sources.every(isMapping)) return mapValues(value, resolveMerges);
  const resolved = mapValues(own, resolveMerges);
  for (const source of sources) {
    for (const key of Object.keys(source)) {
      if (!Object.hasOwn(resolved, key)) resolved[key] = source[key];
    }
  }
  return resolved;
}

function mapValues(mapping: Mapping, change: (value: unknown) => unknown): Mapping {
  return Object.fromEntries(Object.entries(mapping).map(([key, value]) => [key, change(value)]));
}

function readSource(text: string): unknown {
  try {
    const source = parse(foldBreaks(text), { schema: "failsafe" });
    return text.includes("<<") ? resolveMerges(source) : source;
  } catch {
    // Tags such as `!!int`, which the failsafe schema does not know: no source text then.
    return undefined;
  }
}

/** Returns the source text of the scalar at a path. */
export function sourceText(
  document: YamlDocument,
  path: readonly (string | number)[],
): string | undefined {
  let value = document.source;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return typeof value === "string" ? value : undefined;
}
