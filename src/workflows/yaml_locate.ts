/**
 * Finds where values stand, for messages.
 *
 * @module
 */

import { type Entry, Layout } from "./yaml_layout.ts";
import type { Place } from "./yaml_tabs.ts";

/** Finds values in a text. */
export class Locator {
  readonly #layout: Layout;
  /** Whoever locates one value of a large file often locates many. */
  readonly #found = new Map<Entry | undefined, Map<string | number, Entry>>();

  /** @param text A YAML text. */
  constructor(text: string) {
    this.#layout = new Layout(text);
  }

  /**
   * Finds where a value stands.
   *
   * @param path Keys and indexes from the root.
   * @returns Line and column of the innermost key or item that can be found.
   */
  locate(path: readonly (string | number)[]): Place | undefined {
    const entry = this.#find(path).at(-1);
    if (entry === undefined) return undefined;
    const { start } = this.#layout.lines[entry.first]!;
    return { line: entry.first + 1, column: entry.start - start + 1 };
  }

  /** Returns the source text of a value; `undefined` when it cannot be found, as within flow style. */
  source(path: readonly (string | number)[]): string | undefined {
    const entries = this.#find(path);
    if (entries.length < path.length) return undefined;
    const { start, end } = this.#layout.extent(entries.at(-1)!);
    return this.#layout.text.slice(start, end).trim();
  }

  /** Returns the source text of the key of a value; `undefined` when it cannot be found, as within flow style. */
  key(path: readonly (string | number)[]): string | undefined {
    const entries = this.#find(path);
    if (entries.length < path.length) return undefined;
    const { start, value } = entries.at(-1)!;
    return this.#layout.text.slice(start, value - 1).trimEnd();
  }

  #find(path: readonly (string | number)[]): Entry[] {
    const found: Entry[] = [];
    for (const step of path) {
      const entry = this.#within(found.at(-1)).get(step);
      if (entry === undefined) break;
      found.push(entry);
    }
    return found;
  }

  /** The entries within an entry, or at the root, by key or index. */
  #within(entry: Entry | undefined): Map<string | number, Entry> {
    let entries = this.#found.get(entry);
    if (entries === undefined) {
      const block = entry === undefined ? this.#layout.root() : this.#layout.nested(entry);
      entries = new Map(block?.entries.map((inner, index) => [inner.key ?? index, inner]));
      this.#found.set(entry, entries);
    }
    return entries;
  }
}
