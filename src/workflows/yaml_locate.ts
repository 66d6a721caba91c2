/**
 * Finds the line of a value, for error messages.
 *
 * @module
 */

import { Layout } from "./yaml_layout.ts";
import type { Place } from "./yaml_tabs.ts";

/**
 * Finds where a value stands.
 *
 * @param text A YAML text.
 * @param path Keys and indexes from the root.
 * @returns Line and column of the innermost key or item that can be found.
 */
export function locate(text: string, path: readonly (string | number)[]): Place | undefined {
  const layout = new Layout(text);
  let block = layout.root();
  let place: Place | undefined;
  for (const step of path) {
    if (block === undefined) break;
    const entry = typeof step === "number"
      ? block.entries[step]
      : block.entries.find(({ key }) => key === step);
    if (entry === undefined) break;
    place = {
      line: entry.first + 1,
      column: entry.start - layout.lines[entry.first]!.start + 1,
    };
    block = layout.nested(entry);
  }
  return place;
}
