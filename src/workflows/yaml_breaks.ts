/**
 * Line breaks of YAML 1.1 (U+0085, U+2028, U+2029), which `@std/yaml` takes
 * for characters. Go's yaml.v3 writes them as they are and indents what follows.
 *
 * @module
 */

const BREAK = /[\u0085\u2028\u2029]/;
const LITERAL = /(?:^|[\s:-])[|>][-+0-9]{0,2}[ \t]*(?:#.*)?$/;

/**
 * Removes the indentation behind such line breaks, as yaml.v3 does.
 *
 * @param text A YAML text.
 * @returns The text to be parsed.
 */
export function foldBreaks(text: string): string {
  if (!BREAK.test(text)) return text;
  const lines = text.split("\n");
  return lines.map((line, index) => {
    if (!BREAK.test(line)) return line;
    const indent = literalIndent(lines, index);
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

/** Indentation of the block scalar that a line belongs to; `undefined` when it belongs to none. */
function literalIndent(lines: readonly string[], index: number): number | undefined {
  let indent = indentOf(lines[index]!);
  let content = indent;
  for (let above = index - 1; above >= 0 && indent > 0; above--) {
    const line = lines[above]!.trimEnd();
    if (line === "") continue;
    const column = indentOf(line);
    if (column < indent) {
      if (LITERAL.test(line)) return content;
      indent = column;
    }
    content = column;
  }
  return undefined;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
