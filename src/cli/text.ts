/**
 * Text on a terminal: how wide it is, and what must not reach it.
 *
 * @module
 */

import type { Sink } from "./io.ts";

/** Text that takes one column per character, and is safe to print. */
const ASCII = /^[\x20-\x7e]*$/;

/**
 * Control characters, which could drive the terminal, and those that reverse
 * the direction: all but the ranges between them. For `\p{Cc}` the engine would
 * load the tables of Unicode.
 */
export const HIDDEN = /[^ -~\xa0-\u200d\u2010-\u2029\u202f-\u2065\u206a-\uffff]/g;

/**
 * Shows control characters as escapes, so that stored data cannot drive the
 * terminal. Line ends stay.
 *
 * @param text Any text.
 * @returns The text, safe to print.
 */
export function visible(text: string): string {
  if (ASCII.test(text)) return text;
  return text.replace(HIDDEN, (character) => character === "\n" ? "\n" : escape(character));
}

/**
 * As {@linkcode visible}, on one line.
 *
 * @param text Any text.
 * @returns One line, safe to print.
 */
export function oneLine(text: string): string {
  if (ASCII.test(text)) return text;
  return text.replace(HIDDEN, (character) => character === "\n" ? "\\n" : escape(character));
}

/**
 * Returns a text as it is printed: to a pipe or file as it is, on a terminal as {@linkcode visible}.
 *
 * @param sink Where it goes.
 * @param text Whole lines.
 * @returns The text.
 */
export function printable(sink: Sink, text: string): string {
  // Lines of CSV end with both.
  return sink.isTerminal ? visible(text.replaceAll("\r\n", "\n")) : text;
}

/**
 * Returns a text as one word of a command line, for a command that people copy.
 *
 * @param text A path, an id or a key.
 * @returns The text, in quotes where a shell would take it for something else.
 */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./][\w@%+=:,./-]*$/.test(text)) return text;
  const quote = Deno.build.os === "windows" ? "''" : "'\\''";
  return `'${text.replaceAll("'", quote)}'`;
}

/**
 * As {@linkcode shellWord}, for an argument that is no option even if it looks like one.
 *
 * @param text An id or a key.
 * @returns The words.
 */
export function operand(text: string): string {
  return text.startsWith("-") ? `-- ${shellWord(text)}` : shellWord(text);
}

function escape(character: string): string {
  if (character === "\t") return "\\t";
  if (character === "\r") return "\\r";
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

let segmenter: Intl.Segmenter | undefined;

function graphemes(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter();
  return segmenter.segment(text);
}

/** The patterns are made here, since what they need of Unicode takes a while to load. */
function graphemeWidth(grapheme: string): number {
  const wide =
    /^(?![\u{ff61}-\u{ffdc}])[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u{3000}-\u{303e}\u{ff01}-\u{ff60}\u{ffe0}-\u{ffe6}]|\u{fe0f}/u;
  if (wide.test(grapheme)) return 2;
  return /^[\p{Mn}\p{Me}\p{Cf}]+$/u.test(grapheme) ? 0 : 1;
}

/**
 * Returns how many columns a text takes on a terminal.
 *
 * @param text One line without control characters.
 * @returns The number of columns.
 */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += graphemeWidth(segment);
  return width;
}

/**
 * Cuts a text that is wider than a column.
 *
 * @param text One line without control characters.
 * @param width Number of columns, at least 1.
 * @returns The text, ending with an ellipsis when it was cut.
 */
export function fit(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes(text)) {
    used += graphemeWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/**
 * Breaks a text into lines between its words; a word that is wider stays whole.
 *
 * @param text One line without control characters.
 * @param width Number of columns.
 * @returns The lines.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || textWidth(last) + 1 + textWidth(word) > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Colours and weights that the output uses. */
export type Style = "red" | "green" | "yellow" | "blue" | "gray" | "bold";

const CODES: Record<Style, number> = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  gray: 90,
  bold: 1,
};

/**
 * Colours a text.
 *
 * @param text The text.
 * @param name The style; without one the text stays plain.
 * @returns The text with escape codes.
 */
export function styled(text: string, name: Style | undefined): string {
  return name === undefined ? text : `\x1b[${CODES[name]}m${text}\x1b[0m`;
}
