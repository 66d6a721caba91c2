/**
 * Finds tabs used as indentation, which `@std/yaml` accepts and nests wrongly.
 *
 * @module
 */

/** A place in a text. */
export interface Place {
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
}

const TAB_INDENT = /^ *\t/m;
const ENTRY = /^\s*(?:-[ \t]|-$|(?:"[^"]*"|'[^']*'|[^\s#"'][^#]*?):(?:\s|$))/;
const BLOCK_SCALAR = /(?:^|[\s:-])[|>][-+0-9]{0,2}[ \t]*(?:#.*)?$/;

/** Returns the first tab that indents a key or an item; those in block scalars and flow collections do not count. */
export function findTab(text: string): Place | undefined {
  if (!text.includes("\t") || !TAB_INDENT.test(text)) return undefined;
  // A whole file in flow style, such as JSON, may be indented with tabs.
  if (/^\uFEFF?\s*[{[]/.test(text)) return undefined;
  let scalarIndent = -1;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trimEnd();
    if (line === "") continue;
    const indent = line.length - line.replace(/^ +/, "").length;
    if (scalarIndent >= 0 && indent > scalarIndent) continue;
    scalarIndent = BLOCK_SCALAR.test(line) && !/^\s*#/.test(line) ? indent : -1;
    const leading = /^\s*/.exec(line)![0];
    if (leading.includes("\t") && ENTRY.test(line)) {
      return { line: index + 1, column: leading.indexOf("\t") + 1 };
    }
  }
  return undefined;
}
