/**
 * Tells the lines of block scalars (`|`, `>`), which are text, from all others.
 *
 * @module
 */

const HEADER = /(?:^|[\s:-])[|>][-+0-9]{0,2}[ \t]*(?:#.*)?$/;

/** Goes through the lines of a text, once. */
export class BlockScalars {
  /** Indentation of the line that opened the scalar; -1 outside of one. */
  #opened = -1;
  #content: number | undefined;

  /**
   * Looks at the next line.
   *
   * @param line The line, without its line break.
   * @returns Indentation of the block scalar that it belongs to; `undefined` when it belongs to none.
   */
  next(line: string): number | undefined {
    const text = line.trimEnd();
    if (text === "") return this.#content;
    const indent = indentOf(text);
    if (this.#opened >= 0 && indent > this.#opened) return this.#content ??= indent;
    this.#opened = HEADER.test(text) && text[indent] !== "#" ? indent : -1;
    this.#content = undefined;
    return undefined;
  }
}

/** Number of blanks before a text. */
export function indentOf(line: string): number {
  let indent = 0;
  while (line[indent] === " ") indent++;
  return indent;
}
