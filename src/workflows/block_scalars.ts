/**
 * Tells the lines of block scalars (`|`, `>`), which are text, from all others.
 *
 * @module
 */

const HEADER = /(?:^|[\s:-])[|>](?:([-+])?([1-9])?|([1-9])([-+]))$/;
/** What stands before the value of a line, as far as it says where the value stands. */
const PARENT = /^ *(?:-[ \t]+)*(?=[^\s|>])|^ *(?:-[ \t]+)*?(?=-[ \t]+[|>])/;

/** A key in quotes at the beginning of a line, or another word. */
const QUOTED = /^ *(?:-[ \t]+)*(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')/;

/** Goes through the lines of a text, once. */
export class BlockScalars {
  /** Indentation of the line that opened the scalar; -1 outside of one. */
  #opened = -1;
  #content: number | undefined;
  #keepsBreaks = false;

  /** Whether the blank lines behind the scalar belong to it. */
  get keepsBreaks(): boolean {
    return this.#keepsBreaks;
  }

  /**
   * Looks at the next line.
   *
   * @param line The line, without its line break.
   * @returns Indentation of the block scalar that it belongs to; `undefined` when it belongs to none.
   */
  next(line: string): number | undefined {
    if (this.#opened < 0 && !line.includes("|") && !line.includes(">")) return undefined;
    const text = line.trimEnd();
    if (text === "") return this.#content;
    const indent = indentOf(text);
    if (this.#opened >= 0 && indent > this.#opened) {
      this.#content ??= indent;
      if (indent >= this.#content) return this.#content;
    }
    this.#open(text, indent);
    return undefined;
  }

  #open(text: string, indent: number): void {
    this.#opened = -1;
    this.#content = undefined;
    this.#keepsBreaks = false;
    // In quotes, "#" begins no comment.
    const quoted = QUOTED.exec(text)?.[0].length ?? 0;
    const comment = text.slice(quoted).search(/(?:^|\s)#/);
    const end = comment === -1 ? text.length : quoted + comment;
    const header = HEADER.exec(text.slice(0, end).trimEnd());
    if (header === null) return;
    const [, first, after, before, last] = header;
    this.#opened = indent;
    this.#keepsBreaks = (first ?? last) === "+";
    const parent = PARENT.exec(text);
    const digit = after ?? before;
    if (digit !== undefined && parent !== null) this.#content = parent[0].length + Number(digit);
  }
}

/** Number of blanks before a text. */
export function indentOf(line: string): number {
  let indent = 0;
  while (line[indent] === " ") indent++;
  return indent;
}
