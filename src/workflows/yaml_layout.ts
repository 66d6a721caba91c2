/**
 * Finds where the entries of block mappings and sequences stand in a YAML
 * text, by indentation. It need not understand all of YAML: whoever edits by
 * it parses the result and compares.
 *
 * @module
 */

import { BlockScalars } from "./block_scalars.ts";
import { type Flow, quoteEnd, readFlow, unquoteKey } from "./yaml_flow.ts";

/** A line of a text. */
export interface Line {
  /** Offset of its first character. */
  start: number;
  /** Offset after its line break. */
  end: number;
  /** Number of leading blanks. */
  indent: number;
  /** What stands on it. */
  kind: "blank" | "comment" | "content";
}

/** An entry of a block collection. */
export interface Entry {
  /** Line where the comments and blank lines before it begin. */
  lead: number;
  /** Line of its key or dash. */
  first: number;
  /** Line after it and after the comments that are indented deeper than it. */
  last: number;
  /** Offset of its key or dash. */
  start: number;
  /** Offset after the `:` or the `-`. */
  value: number;
  /** Key of a mapping's entry. */
  key?: string;
}

/** A block mapping or sequence. */
export interface Block {
  /** What it is. */
  kind: "mapping" | "sequence";
  /** Column of its keys or dashes, from 0. */
  column: number;
  /** Its entries, at least one. */
  entries: Entry[];
  /** Line after its last entry. */
  last: number;
}

const KEY =
  /(?:("(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*')[ \t]*|([^\s\-?:,[\]{}#&*!|>'"%@`](?:[^:#\n]|:(?=\S)|(?<=\S)#)*|[-?:](?=\S)(?:[^:#\n]|:(?=\S)|(?<=\S)#)*)):(?=\s|$)/y;

/** What may stand before a value: blanks, comments, an anchor, a tag. */
const VALUE = /(?:\s|(?<=\s)#.*|[&!][^\s,[\]{}]+(?=\s))*/y;
/** What may follow a value on its line. */
const REST = /^\s*(?:(?<=\s)#.*)?$/;
/** No scalar may hold such a line. */
const DOCUMENT_END = /^(?:\.\.\.|---)(?:\s|$)/gm;

/** A text and its lines. */
export class Layout {
  /** The text. */
  readonly text: string;
  /** Its lines. */
  readonly lines: readonly Line[];

  /** @param text The text. */
  constructor(text: string) {
    this.text = text;
    this.lines = splitLines(text);
  }

  /** The flow collection at the root, as in JSON; `undefined` when it is something else. */
  rootFlow(): Flow | undefined {
    const first = this.lines.find(({ kind }) => kind === "content");
    const flow = first && readFlow(this.text, first.start + first.indent);
    return flow && /^(?:[^\S\n]*(?:#[^\n]*)?(?:\n|$))*$/.test(this.text.slice(flow.end))
      ? flow
      : undefined;
  }

  /** The block at the root; `undefined` when it is not a plain block collection. */
  root(): Block | undefined {
    let first = 0;
    for (const [index, { start, kind }] of this.lines.entries()) {
      const isDirective = this.text.startsWith("%", start);
      if (kind !== "content" || isDirective) continue;
      if (/^\uFEFF?---[ \t\r]*(?:#.*)?$/.test(this.line(index))) first = index + 1;
      break;
    }
    DOCUMENT_END.lastIndex = this.lines[first]?.start ?? this.text.length;
    const end = DOCUMENT_END.exec(this.text)?.index ?? this.text.length;
    let last = this.lines.length;
    while (last > first && this.lines[last - 1]!.start >= end) last--;
    return this.block(first, last);
  }

  /** The block within an entry; `undefined` when the value is a scalar, in flow style, or has a tag. */
  nested(entry: Entry): Block | undefined {
    const line = this.lines[entry.first]!;
    const rest = this.text.slice(entry.value, line.end);
    if (/^(?:[ \t]+&[^\s,[\]{}]+)?\s*(?:(?<=\s)#.*)?\r?\n?$/.test(rest)) {
      return this.block(entry.first + 1, entry.last);
    }
    if (entry.key !== undefined) return undefined;
    const column = entry.value - line.start + /^[ \t]*/.exec(rest)![0].length;
    return this.block(entry.first, entry.last, column);
  }

  /** Text of a line without its line break. */
  line(index: number): string {
    const { start, end } = this.lines[index]!;
    return this.text.slice(start, end).replace(/\r?\n$/, "");
  }

  /**
   * Splits lines into entries.
   *
   * @param from First line.
   * @param to Line after the last one.
   * @param column Where the first entry starts on the first line, when something stands before it.
   */
  block(from: number, to: number, column?: number): Block | undefined {
    let index = from;
    if (column === undefined) {
      while (index < to && this.lines[index]!.kind !== "content") index++;
      if (index === to) return undefined;
      column = this.lines[index]!.indent;
    }
    const kind = this.#isDash(this.lines[index]!.start + column) ? "sequence" : "mapping";
    const entries: Entry[] = [];
    let lead = from;
    for (; index < to; index++) {
      const line = this.lines[index]!;
      if (line.kind !== "content" && entries.length > 0) {
        const owned = line.kind === "comment" && line.indent > column;
        if (owned) entries.at(-1)!.last = index + 1;
        continue;
      }
      const current = entries.at(-1);
      if (current !== undefined && line.indent === column) lead = current.last;
      const entry = current === undefined || line.indent === column
        ? this.#entry(kind, line.start + column, index, lead)
        : undefined;
      if (entry !== undefined) entries.push(entry);
      else if (current === undefined) return undefined;
      else current.last = index + 1;
    }
    if (entries.length === 0) return undefined;
    return { kind, column, entries, last: entries.at(-1)!.last };
  }

  #entry(kind: Block["kind"], start: number, first: number, lead: number): Entry | undefined {
    const place = { lead, first, last: first + 1, start };
    if (kind === "sequence") {
      return this.#isDash(start) ? { ...place, value: start + 1 } : undefined;
    }
    if (this.#isDash(start)) return undefined;
    KEY.lastIndex = start;
    const match = KEY.exec(this.text);
    if (match === null) return undefined;
    return { ...place, value: KEY.lastIndex, key: unquoteKey(match[1] ?? match[2]!) };
  }

  #isDash(offset: number): boolean {
    return this.text[offset] === "-" && /^(?:\s|$)/.test(this.text.slice(offset + 1, offset + 2));
  }

  /** Offsets of a value, from after the `:` or `-` to after its last character. */
  extent(entry: Entry): { start: number; end: number } {
    const start = entry.value;
    const value = this.valueStart(entry);
    const end = this.#closedEnd(value);
    // A key may have quotes, too.
    const isWhole = end !== undefined && end <= this.#end(entry) && REST.test(this.#restOf(end));
    if (isWhole) return { start, end };
    let last = entry.last - 1;
    while (last > entry.first && this.lines[last]!.kind !== "content") last--;
    if (last > entry.first) {
      const line = this.line(last);
      const isText = /[|>]/.test(this.text[value] ?? "") || this.nested(entry) !== undefined;
      const length = isText ? line.trimEnd().length : plainLength(line);
      return { start, end: this.lines[last]!.start + length };
    }
    const rest = this.text.slice(start, this.lines[last]!.end).trimEnd();
    const blanks = rest.length - rest.trimStart().length;
    const length = plainLength(rest.slice(blanks));
    return { start, end: length === 0 ? start : start + blanks + length };
  }

  /** What follows on the same line. */
  #restOf(offset: number): string {
    const newline = this.text.indexOf("\n", offset);
    return this.text.slice(offset, newline === -1 ? undefined : newline);
  }

  /** Offset of the first character of a value, comments, an anchor and a tag left out. */
  valueStart(entry: Entry): number {
    VALUE.lastIndex = entry.value;
    VALUE.test(this.text);
    return VALUE.lastIndex;
  }

  /** Offset after a value that has quotes or brackets; `undefined` when it has neither. */
  #closedEnd(value: number): number | undefined {
    const char = this.text[value];
    if (char === '"' || char === "'") return quoteEnd(this.text, value);
    return char === "{" || char === "[" ? readFlow(this.text, value)?.end : undefined;
  }

  #end(entry: Entry): number {
    return this.lines[entry.last]?.start ?? this.text.length;
  }
}

/** Length of a plain scalar at the start of a line, without the comment behind it. */
function plainLength(text: string): number {
  const comment = text.search(/(?:^|\s)#/);
  return (comment === -1 ? text : text.slice(0, comment)).trimEnd().length;
}

function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  const scalars = /[|>]/.test(text) ? new BlockScalars() : undefined;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline + 1;
    let first = start === 0 && text.startsWith("\uFEFF") ? 1 : start;
    const base = first;
    while (text[first] === " ") first++;
    const indent = first - base;
    while (first < end && " \t\r\n".includes(text[first]!)) first++;
    const isText = scalars?.next(text.slice(base, end)) !== undefined;
    const kind = isText && (first < end || scalars!.keepsBreaks)
      ? "content"
      : first >= end
      ? "blank"
      : text[first] === "#"
      ? "comment"
      : "content";
    lines.push({ start: base, end, indent, kind });
    start = end;
  }
  return lines;
}
