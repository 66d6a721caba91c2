/**
 * Aliases of scalars that JavaScript takes for false: `@std/yaml` takes such an alias for
 * nothing and may read what follows wrongly. So they are written out before the text is parsed.
 *
 * @module
 */

import { parse } from "@std/yaml";
import { equalValues } from "../domain/value.ts";
import { LIMITS } from "./limits.ts";
import { survey } from "./yaml_limits.ts";

const NAME = String.raw`[^\s,[\]{}]+`;
const NUMBER = String.raw`[-+]?(?:0[\d_.]*|0x[0_]+|0b[0_]+|\.0+)(?:e[-+]?\d+)?|\.nan`;
const FALSY = String.raw`(?:""|''|false|null|~|${NUMBER})(?=[\s,\]}]|:\s|$)`;
/** An anchor, with its scalar when that is falsy, or an alias. */
const TOKEN = new RegExp(
  String.raw`(?<![^\s,[{])(?:&(${NAME})(?:(\s+(?:!\S*\s+)?)(${FALSY}))?|\*(${NAME}))`,
  "gi",
);

/** How many characters are parsed to look at aliases one by one. */
const MOST_DOUBTED = 4 * LIMITS.bytes;

/** A falsy scalar where it is anchored, or an alias of it. */
interface Occurrence {
  start: number;
  end: number;
  /** The scalar, as it stands in the text. */
  scalar: string;
  /** Stands for the scalar while the meaning of the text is checked. */
  mark: string;
  isAlias: boolean;
}

/**
 * Writes such aliases out.
 *
 * @param text A YAML text.
 * @returns The text to be parsed; `undefined` when it cannot be told what is an alias and of what.
 */
export function expandAliases(text: string): string | undefined {
  const found = text.includes("&") && text.includes("*") ? findOccurrences(text) : [];
  if (!found.some(({ isAlias }) => isAlias)) return text;
  const mark = (aliases: ReadonlySet<Occurrence>) =>
    replace(text, found, (one) => one.isAlias && !aliases.has(one) ? undefined : one.mark);
  const marked = mark(new Set());
  const meant = read(marked);
  // The same trouble will come up again, and be told, when that is parsed.
  if (meant === undefined) return marked;
  const saysTheSame = (aliases: readonly Occurrence[]) => {
    const told = read(mark(new Set(aliases)));
    return told !== undefined && equalValues(meant, told);
  };
  let aliases = found.filter(({ isAlias }) => isAlias);
  if (!saysTheSame(aliases)) {
    // What only looks like an alias, such as a word of a sentence, makes a difference.
    if (aliases.length * text.length > MOST_DOUBTED) return undefined;
    aliases = aliases.filter((alias) => saysTheSame([alias]));
    if (!saysTheSame(aliases)) return undefined;
  }
  return replace(text, aliases, ({ scalar }) => scalar);
}

function findOccurrences(text: string): Occurrence[] {
  const prefix = `scalar-${crypto.randomUUID()}-`;
  const anchors = new Map<string, Pick<Occurrence, "scalar" | "mark">>();
  return [...text.matchAll(TOKEN)].flatMap((match): Occurrence[] => {
    const { 0: token, 1: name, 3: scalar, 4: alias, index } = match;
    const end = index + token.length;
    if (alias !== undefined) {
      const anchor = anchors.get(alias);
      return anchor === undefined ? [] : [{ ...anchor, start: index, end, isAlias: true }];
    }
    anchors.delete(name!);
    if (scalar === undefined) return [];
    const anchor = { scalar, mark: prefix + index };
    anchors.set(name!, anchor);
    return [{ ...anchor, start: end - scalar.length, end, isAlias: false }];
  });
}

function replace(
  text: string,
  found: readonly Occurrence[],
  by: (occurrence: Occurrence) => string | undefined,
): string {
  let replaced = "";
  let end = 0;
  for (const occurrence of found) {
    replaced += text.slice(end, occurrence.start) +
      (by(occurrence) ?? text.slice(occurrence.start, occurrence.end));
    end = occurrence.end;
  }
  return replaced + text.slice(end);
}

/** What a text holds; nothing when it is not YAML or beyond a limit, which is told later. */
function read(text: string): unknown {
  try {
    const value = parse(text, { schema: "core" });
    return survey(value, true).problem === undefined ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}
