/**
 * Changes values within a flow collection (`{…}`, `[…]`) and leaves the
 * source text of all the others alone.
 *
 * @module
 */

import { equalValues, groupBehind, isMapping, type Mapping } from "../domain/value.ts";
import { matchItems } from "./match_items.ts";
import { type Flow, type FlowEntry, readFlow, replaceEntries } from "./yaml_flow.ts";
import { formatInline, formatKey, type InlineStyle, isBlock } from "./yaml_writer.ts";

/**
 * Returns the text of a flow collection with other values.
 *
 * @param text The text that holds it.
 * @param flow The collection.
 * @param before Its values.
 * @param after The values that it is to have.
 * @param onLost Is called when comments of a part that is written anew go.
 * @param around Style of the collection around it.
 * @returns The text from bracket to bracket; `undefined` when it cannot be edited.
 */
export function editFlow(
  text: string,
  flow: Flow,
  before: unknown,
  after: unknown,
  onLost: () => void,
  around: InlineStyle = {},
): string | undefined {
  if (flow.entries.length === 0) return undefined;
  const style = around.quotesKeys ? around : styleOf(text, flow);
  if (flow.kind === "sequence") {
    if (!Array.isArray(before) || !Array.isArray(after)) return undefined;
    return editSequence(text, flow, before, after, onLost, style);
  }
  if (!isMapping(before) || !isMapping(after)) return undefined;
  return editMapping(text, flow, before, after, onLost, style);
}

/** What is new is written as the first entry is. */
function styleOf(text: string, { kind, entries: [first] }: Flow): InlineStyle {
  if (kind === "mapping") {
    const quote = quoteAt(text, first!.start);
    return { flow: true, quote, quotesKeys: quote !== undefined };
  }
  const inner = readFlow(text, first!.value);
  if (inner !== undefined && inner.entries.length > 0) return styleOf(text, inner);
  return { flow: true, quote: quoteAt(text, first!.value) };
}

function editSequence(
  text: string,
  flow: Flow,
  before: unknown[],
  after: unknown[],
  onLost: () => void,
  style: InlineStyle,
): string | undefined {
  const { entries } = flow;
  if (entries.length !== before.length) return undefined;
  const partner = matchItems(before, after);
  const items = after.map((item, index) => {
    const from = partner[index];
    return from === undefined
      ? { text: formatInline(item, style) }
      : { text: editEntry(text, entries[from]!, before[from], item, onLost, style), from };
  });
  return replaceEntries(text, flow, items);
}

/** The order is that of the file; what is new follows what precedes it. */
function editMapping(
  text: string,
  flow: Flow,
  before: Mapping,
  after: Mapping,
  onLost: () => void,
  style: InlineStyle,
): string | undefined {
  const { entries } = flow;
  const known = new Set(entries.map((entry) => entry.key!));
  const keys = definedKeys(before);
  if (keys.length !== entries.length || !keys.every((key) => known.has(key))) return undefined;
  const [first] = entries;
  const colon = /:[ \t]*$/.exec(text.slice(first!.start, first!.value))?.[0] ?? ": ";
  const wanted = definedKeys(after);
  const groups = groupBehind(wanted, (key) => known.has(key));
  const addedTo = (entry: string | undefined) =>
    (groups.get(entry) ?? []).filter((key) => key !== entry).map((key) => ({
      text: formatKey(key, style) + colon + formatInline(after[key], style),
    }));
  const kept = new Set(wanted);
  const items = entries.flatMap((entry, from) => {
    const key = entry.key!;
    const news = addedTo(key);
    if (!kept.has(key)) return news;
    const changed = editEntry(text, entry, before[key], after[key], onLost, style);
    return [{ text: changed, from }, ...news];
  });
  return replaceEntries(text, flow, [...addedTo(undefined), ...items]);
}

/** The text of an entry, key included, with another value. */
function editEntry(
  text: string,
  entry: FlowEntry,
  before: unknown,
  after: unknown,
  onLost: () => void,
  style: InlineStyle,
): string {
  if (equalValues(before, after)) return text.slice(entry.start, entry.end);
  const flow = readFlow(text, entry.value);
  const inner = flow && editFlow(text, flow, before, after, onLost, style);
  if (flow !== undefined && inner === undefined) {
    if (losesComments(text.slice(flow.start, flow.end), before, after)) onLost();
  }
  const quote = style.quotesKeys ? style.quote : quoteAt(text, entry.value);
  return text.slice(entry.start, entry.value) + (inner ?? formatInline(after, { ...style, quote }));
}

/** Tells whether comments of a collection go that is written anew; those of what is removed go with it. */
export function losesComments(source: string, before: unknown, after: unknown): boolean {
  const isRemoved = isBlock(before) && typeof after === "object" && !isBlock(after);
  return !isRemoved && source.includes("\n") && /(?:^|\s)#/.test(source);
}

function definedKeys(mapping: Mapping): string[] {
  return Object.keys(mapping).filter((key) => mapping[key] !== undefined);
}

function quoteAt(text: string, offset: number): '"' | "'" | undefined {
  const char = text[offset];
  return char === '"' || char === "'" ? char : undefined;
}
