/**
 * Finds tabs used as indentation, which `@std/yaml` accepts and nests wrongly.
 *
 * @module
 */

import { BlockScalars } from "./block_scalars.ts";

/** A place in a text. */
export interface Place {
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
}

const TAB_INDENT = /^ *\t/m;
const BLANKS = " ".repeat(8);
const ENTRY = /^\s*(?:-[ \t]|-$|(?:"[^"]*"|'[^']*'|[^\s#"'][^#]*?):(?:\s|$))/;

/**
 * Returns the first tab before what looks like a key or an item. Within flow
 * style and quotes it does no harm, see {@linkcode withoutTabs}.
 */
export function findTab(text: string): Place | undefined {
  if (!text.includes("\t") || !TAB_INDENT.test(text)) return undefined;
  const scalars = new BlockScalars();
  for (const [index, raw] of text.split("\n").entries()) {
    if (scalars.next(raw) !== undefined) continue;
    const line = raw.trimEnd();
    const leading = /^\s*/.exec(line)![0];
    if (leading.includes("\t") && ENTRY.test(line)) {
      return { line: index + 1, column: leading.indexOf("\t") + 1 };
    }
  }
  return undefined;
}

/** Returns the text with blanks in place of tabs as indentation: where these do no harm, it says the same. */
export function withoutTabs(text: string): string {
  const scalars = new BlockScalars();
  return text.split("\n").map((line) =>
    scalars.next(line) === undefined ? line.replace(/^[ \t]*\t[ \t]*/, BLANKS) : line
  ).join("\n");
}
