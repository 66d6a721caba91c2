/**
 * Finds where the entries of a flow collection (`{…}`, `[…]`) stand in a YAML
 * text, and changes some of them. As with blocks, it need not understand all
 * of YAML: whoever edits by it parses the result and compares.
 *
 * @module
 */

/** An entry of a flow collection. */
export interface FlowEntry {
  /** Offset of its key or value. */
  start: number;
  /** Offset after its last character. */
  end: number;
  /** Offset of its value. */
  value: number;
  /** Key of a mapping's entry. */
  key?: string;
}

/** A flow collection. */
export interface Flow {
  /** What it is. */
  kind: "mapping" | "sequence";
  /** Offset of its opening bracket. */
  start: number;
  /** Offset after its closing bracket. */
  end: number;
  /** Its entries. */
  entries: FlowEntry[];
}

/** A key with its colon; behind quotes the colon needs no blank. */
const KEY =
  /(?:("(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*')\s*:|([^\s,[\]{}"'&*!?#:][^,[\]{}:#\n]*):(?=[\s,\]}]))\s*/y;

/**
 * Reads a flow collection.
 *
 * @param text The text.
 * @param start Offset of the opening bracket.
 * @returns The collection; `undefined` when it is none, or one that is better left alone.
 */
export function readFlow(text: string, start: number): Flow | undefined {
  const opening = text[start];
  if (opening !== "{" && opening !== "[") return undefined;
  const kind = opening === "{" ? "mapping" : "sequence";
  const entries: FlowEntry[] = [];
  let at = skipBlanks(text, start + 1);
  while (text[at] !== "}" && text[at] !== "]") {
    const entry: FlowEntry = { start: at, end: at, value: at };
    if (kind === "mapping") {
      KEY.lastIndex = at;
      const match = KEY.exec(text);
      if (match === null) return undefined;
      entry.key = unquoteKey(match[1] ?? match[2]!);
      entry.value = KEY.lastIndex;
    }
    const end = leafEnd(text, entry.value);
    if (end === undefined || end <= entry.value) return undefined;
    entry.end = end;
    entries.push(entry);
    at = skipBlanks(text, end);
    if (text[at] === ",") at = skipBlanks(text, at + 1);
    else if (text[at] !== "}" && text[at] !== "]") return undefined;
  }
  return { kind, start, end: at + 1, entries };
}

/** Offset after a value within a flow collection; `undefined` when the text ends before. */
function leafEnd(text: string, start: number): number | undefined {
  let end = start;
  let depth = 0;
  for (let at = start; at < text.length;) {
    const char = text[at]!;
    if (char === '"' || char === "'") {
      const opens = at === start || /[\s,[{:]/.test(text[at - 1]!);
      const close = opens ? quoteEnd(text, at) : at + 1;
      if (close === undefined) return undefined;
      at = end = close;
    } else if (/\s/.test(char)) {
      at = skipBlanks(text, at);
    } else {
      if (depth === 0 && /[,\]}]/.test(char)) return end;
      if (char === "{" || char === "[") depth++;
      else if (char === "}" || char === "]") depth--;
      end = ++at;
      if (depth === 0 && (char === "}" || char === "]")) return end;
    }
  }
  return undefined;
}

/** Offset after a quoted text; `undefined` when it has no end. */
export function quoteEnd(text: string, start: number): number | undefined {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\" && quote === '"') at++;
    else if (text[at] === quote) {
      if (quote === '"' || text[at + 1] !== "'") return at + 1;
      at++;
    }
  }
  return undefined;
}

/** Offset of the next character that is neither blank nor part of a comment. */
function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    if (text[at] === "#" && /\s/.test(text[at - 1]!)) {
      const newline = text.indexOf("\n", at);
      at = newline === -1 ? text.length : newline;
    } else if (/\s/.test(text[at]!)) at++;
    else break;
  }
  return at;
}

/** What is longer is no style that a new entry could follow. */
const LONGEST_SEPARATOR = 200;

/**
 * Returns the text of a flow collection with other entries.
 *
 * @param text The text.
 * @param flow The collection, with at least one entry.
 * @param items The entries to be: the text of one, and the index of the entry that it comes from.
 * @returns The text from bracket to bracket, or `undefined` when a comment stands in the way.
 */
export function replaceEntries(
  text: string,
  { start, end, entries }: Flow,
  items: readonly { text: string; from?: number | undefined }[],
): string | undefined {
  const prefix = text.slice(start, entries[0]!.start);
  const suffix = text.slice(entries.at(-1)!.end, end);
  const behind = (index: number) => text.slice(entries[index]!.end, entries[index + 1]!.start);
  // What stands between entries stays as long as both of them do.
  const comments = /(?:^|\s)#/;
  const isSame = items.length === entries.length &&
    items.every(({ from }, index) => from === index);
  if (!isSame && comments.test(prefix + entries.slice(1).map((_, i) => behind(i)).join(""))) {
    return undefined;
  }
  if (items.length === 0) return text[start] + text[end - 1]!;
  const separator = entries.length > 1 ? behind(0) : `,${prefix.slice(1)}`;
  const isStyle = separator.includes("\n") || entries.length > 1 && separator === ",";
  const usual = isStyle && separator.length <= LONGEST_SEPARATOR ? separator : ", ";
  let result = prefix + items[0]!.text;
  for (const [index, item] of items.entries()) {
    if (index === 0) continue;
    const before = items[index - 1]!.from;
    const follows = before !== undefined && item.from === before + 1;
    result += (follows ? behind(before) : usual) + item.text;
  }
  return result + suffix;
}

/** Returns the text of a key as it stands in a file. */
export function unquoteKey(key: string): string {
  if (key.startsWith("'")) return key.slice(1, -1).replaceAll("''", "'");
  if (!key.startsWith('"')) return key.trimEnd();
  try {
    return JSON.parse(key);
  } catch {
    // An escape that JSON does not have; no key of the mapping equals this text.
    return key;
  }
}
