/**
 * Which of several keys a file uses for a field.
 *
 * @module
 */

import { type Field, GO_KEYS } from "./fields.ts";
import { isMapping, type Mapping } from "../domain/value.ts";

/** The keys that new fields get in a file. */
export class Dialect {
  readonly #used = new Set<string>();
  readonly #go: boolean = false;

  /** @param value The values of the file; none for a new one. */
  constructor(value?: Mapping) {
    if (value === undefined) return;
    for (const list of [value.variables, value.nodes]) {
      if (!Array.isArray(list)) continue;
      for (const item of list) {
        if (isMapping(item)) { for (const key in item) this.#used.add(key); }
      }
    }
    this.#go = [...GO_KEYS].some((key) => this.#used.has(key));
  }

  /** Returns the key for a field: the one that the file uses elsewhere, else the one of its dialect. */
  keyFor(field: Field): string {
    return field.keys.find((key) => this.#used.has(key)) ??
      (this.#go ? field.keys.find((key) => GO_KEYS.has(key)) : undefined) ?? field.keys[0]!;
  }
}
