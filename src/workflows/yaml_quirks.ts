/**
 * What `@std/yaml` reads otherwise than YAML and Go's yaml.v3 have it, put
 * into words that it reads the same way.
 *
 * @module
 */

import { BlockScalars, indentOf } from "./block_scalars.ts";

const BREAK = /[\u0085\u2028\u2029]/;
/** Found faster one by one. */
const BREAKS: readonly string[] = ["\u0085", "\u2028", "\u2029"];
/** Finds more than it should, but fast. */
const EMPTY_ITEM = /-[ \t]*[\r\n#]/;

/**
 * Returns a text that the parser reads as what is meant.
 *
 * @param text A YAML text.
 * @returns The text to be parsed; its lines are those of the other.
 */
export function withoutQuirks(text: string): string {
  const folded = BREAKS.some((mark) => text.includes(mark)) ? foldBreaks(text) : text;
  return EMPTY_ITEM.test(folded) ? fillLastItems(folded) : folded;
}

/**
 * Removes the indentation behind line breaks of YAML 1.1, as yaml.v3 does,
 * which writes them as they are and indents what follows. The parser takes
 * them for characters.
 */
function foldBreaks(text: string): string {
  const scalars = new BlockScalars();
  return text.split("\n").map((line) => {
    const indent = scalars.next(line);
    if (!BREAK.test(line)) return line;
    return indent === undefined
      ? line.replace(
        /[ \t]+/g,
        (blanks, at: number) =>
          BREAK.test(line[at - 1] ?? "") || BREAK.test(line[at + blanks.length] ?? "")
            ? ""
            : blanks,
      )
      : line.replace(
        /([\u0085\u2028\u2029])( *)/g,
        (_, mark: string, blanks: string) => mark + blanks.slice(indent),
      );
  }).join("\n");
}

/**
 * Writes out that the last item of a list is nothing: without a word, the
 * parser makes the next item of the list around it one of this list.
 */
function fillLastItems(text: string): string {
  const scalars = new BlockScalars();
  const lines = text.split("\n");
  let empty: { index: number; dash: number } | undefined;
  for (const [index, line] of lines.entries()) {
    if (scalars.next(line) !== undefined || /^\s*(?:#|$)/.test(line)) continue;
    const indent = indentOf(line);
    if (empty !== undefined && indent < empty.dash && line[indent] === "-") {
      const { index, dash } = empty;
      lines[index] = `${lines[index]!.slice(0, dash + 1)} null${lines[index]!.slice(dash + 1)}`;
    }
    const dashes = /^ *(?:- +)*(?=-[ \t]*(?:[ \t]#.*)?\r?$)/.exec(line);
    empty = dashes === null ? undefined : { index, dash: dashes[0].length };
  }
  return lines.join("\n");
}
