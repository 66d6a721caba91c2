/**
 * Line breaks of YAML 1.1 (U+0085, U+2028, U+2029), which `@std/yaml` takes
 * for characters. Go's yaml.v3 writes them as they are and indents what follows.
 *
 * @module
 */

import { BlockScalars } from "./block_scalars.ts";

const BREAK = /[\u0085\u2028\u2029]/;

/**
 * Removes the indentation behind such line breaks, as yaml.v3 does.
 *
 * @param text A YAML text.
 * @returns The text to be parsed.
 */
export function foldBreaks(text: string): string {
  if (!BREAK.test(text)) return text;
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
