/**
 * Changes values in a YAML text and leaves the source text of all the others
 * alone: comments, order, quotes, blank lines.
 *
 * @module
 */

import type { YamlDocument } from "./yaml_reader.ts";
import { type Block, type Entry, Layout } from "./yaml_layout.ts";
import { matchItems } from "./match_items.ts";
import { equalValues, groupBehind, isMapping, type Mapping } from "../domain/value.ts";
import { editFlow, losesComments } from "./edit_flow.ts";
import { readFlow } from "./yaml_flow.ts";
import { withSource } from "./yaml_format.ts";
import { formatEntry, formatInline, formatItem, formatValue, isBlock } from "./yaml_writer.ts";

/**
 * Returns the text of a document with other values. The caller parses it and
 * compares.
 *
 * @param document The document.
 * @param after The values it is to have.
 * @returns The new text, or `undefined` when the layout of the file cannot be followed.
 */
export function editYaml(document: YamlDocument, after: Mapping): EditedText | undefined {
  const editor = new Editor(document.text);
  const text = editor.edit(withSource(document.value, document), withSource(after, document));
  return text === undefined ? undefined : { text, rewritten: editor.rewritten };
}

/** A text with other values. */
export interface EditedText {
  /** The text. */
  text: string;
  /** Whether a part had to be written anew, without its comments. */
  rewritten: boolean;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** The header of a block scalar and the comment behind it. */
const HEADER = /^[ \t]+(?:[&!]\S*[ \t]+)*[|>][-+1-9]*([ \t]+#[^\r\n]*)/;

class Editor {
  readonly layout: Layout;
  /** Whether a part was written anew that had comments. */
  rewritten = false;
  readonly #text: string;
  readonly #newline: string;

  constructor(text: string) {
    this.layout = new Layout(text);
    this.#text = text;
    this.#newline = /\r\n/.test(text.slice(0, text.indexOf("\n") + 1)) ? "\r\n" : "\n";
  }

  /** Returns the whole text with other values. */
  edit(before: Mapping, after: Mapping): string | undefined {
    const flow = this.layout.rootFlow();
    const block = flow === undefined ? this.layout.root() : undefined;
    const changed = flow !== undefined
      ? editFlow(this.#text, flow, before, after, () => this.rewritten = true)
      : block?.kind === "mapping"
      ? this.#mapping(block, before, after)
      : undefined;
    if (changed === undefined) return undefined;
    const start = flow?.start ?? this.#blockStart(block!);
    return this.#text.slice(0, start) + changed +
      this.#text.slice(flow?.end ?? this.#offset(block!.last));
  }

  /** The first entry of a block may follow a dash; then the block starts in the middle of a line. */
  #blockStart({ entries: [first], column }: Block): number {
    const line = this.layout.lines[first!.first]!;
    return line.indent < column ? first!.start : this.#offset(first!.lead);
  }

  #offset(line: number): number {
    return this.layout.lines[line]?.start ?? this.#text.length;
  }

  #mapping(block: Block, before: Mapping, after: Mapping): string | undefined {
    const { entries, column } = block;
    const keys = Object.keys(before).filter((key) => before[key] !== undefined);
    const known = new Set(entries.map((entry) => entry.key));
    // A layout that was misread, or keys that come from an alias.
    if (keys.length !== entries.length || !keys.every((key) => known.has(key))) return undefined;

    const order = Object.keys(after).filter((key) => after[key] !== undefined);
    const groups = groupBehind(order, (key) => known.has(key));
    const addedTo = (key: string) => (groups.get(key) ?? []).slice(1);
    // Nothing goes before the first entry, which may share its line with a dash.
    const first = entries[0]!.key!;
    const segments: string[] = [];
    let orphan = "";
    for (const entry of entries) {
      const key = entry.key!;
      if (after[key] === undefined || !Object.hasOwn(after, key)) {
        orphan += this.#detachedLead(entry, block);
      } else {
        const lead = this.#lead(entry, block);
        segments.push(orphan + lead + this.#entry(entry, before[key], after[key], column));
        orphan = "";
      }
      const news = [...addedTo(key), ...(key === first ? groups.get(undefined) ?? [] : [])];
      for (const name of news) {
        segments.push(this.#lines(formatEntry(name, after[name], column), column));
      }
    }
    const text = this.#join([...segments, orphan]);
    return this.#isInline(block) ? text.trimStart() : text;
  }

  #isInline(block: Block): boolean {
    return this.layout.lines[block.entries[0]!.first]!.indent < block.column;
  }

  #sequence(block: Block, before: unknown[], after: unknown[]): string | undefined {
    const { entries, column } = block;
    if (entries.length !== before.length) return undefined;
    const partner = matchItems(before, after);
    const used = new Set(partner);
    const spaced = entries.length > 1 && /^[ \t]*\r?\n/.test(this.#lead(entries[1]!, block));
    const segments: string[] = [];
    let orphan = "";
    let next = 0;
    for (const [index, item] of after.entries()) {
      const from = partner[index];
      if (from === undefined) {
        const blank = spaced && segments.length > 0 ? this.#newline : "";
        segments.push(blank + this.#lines(formatItem(item, column), column));
        continue;
      }
      for (; next <= from; next++) {
        if (!used.has(next)) orphan += this.#detachedLead(entries[next]!, block);
      }
      const entry = entries[from]!;
      let lead = this.#lead(entry, block);
      if (segments.length === 0 && from > 0) lead = lead.replace(/^(?:[ \t]*\r?\n)+/, "");
      // The first item may share its line with a dash; elsewhere it has a line of its own.
      if (from === 0 && index > 0 && this.#isInline(block)) lead = " ".repeat(column);
      segments.push(orphan + lead + this.#entry(entry, before[from], item, column));
      orphan = "";
    }
    for (; next < entries.length; next++) {
      if (!used.has(next)) orphan += this.#detachedLead(entries[next]!, block);
    }
    const text = this.#join([...segments, orphan]);
    return this.#isInline(block) ? text.trimStart() : text;
  }

  /** The entry from its key or dash to its end, indentation included, with another value. */
  #entry(entry: Entry, before: unknown, after: unknown, column: number): string {
    const { lines } = this.layout;
    const line = lines[entry.first]!;
    const start = line.indent < column ? entry.start : line.start;
    const end = this.#offset(entry.last);
    if (equalValues(before, after)) return this.#text.slice(start, end);

    const nested =
      isBlock(before) && isBlock(after) && Array.isArray(before) === Array.isArray(after)
        ? this.layout.nested(entry)
        : undefined;
    if (nested !== undefined) {
      const changed = this.#nested(nested, before, after);
      if (changed !== undefined) {
        return this.#text.slice(start, this.#blockStart(nested)) + changed +
          this.#text.slice(this.#offset(nested.last), end);
      }
    }
    const flow = readFlow(this.#text, this.layout.valueStart(entry));
    const inFlow = flow &&
      editFlow(this.#text, flow, before, after, () => this.rewritten = true);
    if (inFlow !== undefined) {
      return this.#text.slice(start, flow!.start) + inFlow + this.#text.slice(flow!.end, end);
    }
    return this.#replaced(entry, before, after, column, start, end);
  }

  #nested(block: Block, before: unknown, after: unknown): string | undefined {
    if (Array.isArray(before) && Array.isArray(after)) {
      return block.kind === "sequence" ? this.#sequence(block, before, after) : undefined;
    }
    if (!isMapping(before) || !isMapping(after) || block.kind !== "mapping") return undefined;
    return this.#mapping(block, before, after);
  }

  #replaced(
    entry: Entry,
    before: unknown,
    after: unknown,
    column: number,
    start: number,
    end: number,
  ): string {
    const extent = this.layout.extent(entry);
    const source = this.#text.slice(extent.start, extent.end);
    const [behindKey] = /^(?:[ \t]+#[^\r\n]*)?/.exec(source)!;
    const [, behindHeader = ""] = HEADER.exec(source) ?? [];
    const old = source.slice(behindKey.length).trim();
    const [, opening, quote] = /^([[{]?)\s*(?:[^"'\s]+\s*)??(["'])?/.exec(old) ?? [];
    const style = quote === '"' || quote === "'" ? quote : undefined;
    const inFlow = opening !== "" && isBlock(before) && isBlock(after);
    const oneLine = inFlow || (typeof after === "string" && !after.includes("\n"));
    // A time that stands without quotes is a timestamp to its readers, and stays one.
    const isTime = TIME.test(old) && typeof after === "string" && TIME.test(after);
    const value = isTime
      ? [` ${after}`]
      : oneLine
      ? [` ${formatInline(after, { quote: style })}`]
      : formatValue(after, column, entry.key === undefined);
    // The comment of a line stays on its line, also that of a key whose value stands below it.
    const comment = this.#text.slice(extent.end, end);
    const [, behindValue = "", rest = ""] = /^([^\n]*)(\n[^]*)?$/.exec(comment) ?? [];
    const sameLine = behindKey || behindHeader || behindValue;
    const tail = value.length === 1 || /^(?: \|-?)?$/.test(value[0]!) ? sameLine : "";
    const lost = isBlock(before) || opening !== ""
      ? losesComments(old, before, after)
      : old.startsWith("#") || (behindKey !== "" && behindValue.trim() !== "");
    if (lost || tail.trim() !== sameLine.trim()) this.rewritten = true;
    return this.#text.slice(start, extent.start) + value[0] + tail.trimEnd() +
      value.slice(1).map((line) => this.#newline + line).join("") +
      (rest === "" ? this.#newline : this.#newline + rest.slice(1));
  }

  /** Comments and blank lines before an entry. */
  #lead(entry: Entry, block: Block): string {
    if (entry === block.entries[0] && this.#isInline(block)) return "";
    return this.#text.slice(this.#offset(entry.lead), this.#offset(entry.first));
  }

  /** What stands before an entry and is not about it: all up to the last blank line after a comment. */
  #detachedLead(entry: Entry, block: Block): string {
    const lines = this.layout.lines;
    const start = this.#offset(entry.first) - this.#lead(entry, block).length;
    for (let line = entry.first - 1; line > entry.lead; line--) {
      const above = lines[line - 1]!;
      if (lines[line]!.kind === "blank" && above.kind === "comment") {
        return this.#text.slice(start, above.end);
      }
    }
    return "";
  }

  #lines(lines: string[], column: number): string {
    return " ".repeat(column) + lines.join(this.#newline) + this.#newline;
  }

  /** Joins segments of whole lines; the last line of the file may lack its line break. */
  #join(segments: string[]): string {
    return segments.map((segment, index) =>
      segment === "" || segment.endsWith("\n") || segments.slice(index + 1).every((s) => s === "")
        ? segment
        : segment + this.#newline
    ).join("");
  }
}
