/**
 * Reads YAML text into plain values, within limits.
 *
 * @module
 */

import { parse } from "@std/yaml";
import { InvalidDataError } from "../domain/errors.ts";
import { LIMITS } from "./limits.ts";
import { equalValues, isMapping, type Mapping } from "../domain/value.ts";
import { expandAliases } from "./yaml_aliases.ts";
import { exactValues } from "./yaml_exact.ts";
import { survey } from "./yaml_limits.ts";
import { withoutQuirks } from "./yaml_quirks.ts";
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
  const { value, lossy } = parseOnce(text, action, path);
  if (!isMapping(value)) {
    const found = value === null ? "nothing" : Array.isArray(value) ? "a list" : "a scalar";
    throw new InvalidDataError(`${action}: a YAML mapping is wanted, found ${found}`, { path });
  }
  const resolved = text.includes("<<") ? resolveMerges(value) as Mapping : value;
  const document = new YamlDocument(text, resolved);
  if (!lossy) return document;
  return new YamlDocument(text, exactValues(resolved, document.source) as Mapping);
}

/** A parsed text. */
interface Parsed {
  value: unknown;
  /** Whether something may be there with loss. */
  lossy: boolean;
}

function parseOnce(text: string, action: string, path: string | undefined): Parsed {
  const tab = findTab(text);
  if (tab === undefined) return parseWithin(text, action, path);
  try {
    const parsed = parseWithin(text, action, path);
    const { value } = parseWithin(withoutTabs(text), action, path);
    if (equalValues(parsed.value, value)) return parsed;
  } catch (error) {
    if (!(error instanceof InvalidDataError)) throw error;
  }
  throw new InvalidDataError(
    `${action}: line ${tab.line} is indented with a tab, only blanks are allowed`,
    { path, ...tab },
  );
}

/** Parses a text, within limits. */
function parseWithin(text: string, action: string, path: string | undefined): Parsed {
  const expanded = expandAliases(withoutQuirks(text));
  if (expanded === undefined) {
    throw new InvalidDataError(
      `${action}: it cannot be told where an alias stands, write the value in its place`,
      { path },
    );
  }
  let value: unknown;
  try {
    value = parse(expanded, { schema: "core" });
  } catch (cause) {
    throw asInvalidData(cause, action, path);
  }
  const { problem, lossy } = survey(value, text.includes("*"));
  if (problem !== undefined) throw new InvalidDataError(`${action}: ${problem}`, { path });
  return { value, lossy };
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
  const plain = expandAliases(withoutQuirks(text)) ?? text;
  // The failsafe schema knows no other tag of a scalar.
  for (const known of [plain, plain.replace(SCALAR_TAG, "!!str")]) {
    try {
      const source = parse(known, { schema: "failsafe" });
      return text.includes("<<") ? resolveMerges(source) : source;
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
    }
  }
  return undefined;
}

const SCALAR_TAG = /(?<=^|[\s,[{])!!(?:int|float|bool|null)(?=\s)/g;

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
