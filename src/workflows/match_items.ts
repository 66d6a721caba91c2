/**
 * Pairs the items of two versions of a list.
 *
 * @module
 */

import { equalValues, isMapping } from "../domain/value.ts";

/**
 * Finds which item of a list became which: equal ones first, then those of the
 * same id, name or ends, then those at the same place.
 *
 * @param before The list before.
 * @param after The list after.
 * @returns For each item after, the index of the item before, or `undefined` when it is new.
 */
export function matchItems(
  before: readonly unknown[],
  after: readonly unknown[],
): (number | undefined)[] {
  const partner = new Array<number | undefined>(after.length).fill(undefined);
  const free = new Set<number>();
  // The usual edit touches one item: all others pair up with their own index.
  for (let i = 0; i < before.length; i++) {
    if (i < after.length && equalValues(before[i], after[i])) partner[i] = i;
    else free.add(i);
  }
  pair(before, after, partner, free, (item) => JSON.stringify(item, digits));
  pair(before, after, partner, free, identity);
  pair(before, after, partner, free, ends);
  if (before.length !== after.length) return partner;
  for (const i of free) partner[i] ??= i;
  return partner;
}

/** Pairs what has the same key, in the order of the list. */
function pair(
  before: readonly unknown[],
  after: readonly unknown[],
  partner: (number | undefined)[],
  free: Set<number>,
  keyOf: (item: unknown) => string | undefined,
): void {
  if (free.size === 0) return;
  const waiting = Map.groupBy(free, (index) => keyOf(before[index]));
  for (const [index, item] of after.entries()) {
    if (partner[index] !== undefined) continue;
    const key = keyOf(item);
    const from = key === undefined ? undefined : waiting.get(key)?.shift();
    if (from === undefined) continue;
    partner[index] = from;
    free.delete(from);
  }
}

/** JSON has no integers of any length. */
function digits(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}

function identity(item: unknown): string | undefined {
  if (!isMapping(item)) return undefined;
  const { id, name, from, to, condition } = item;
  if (id !== undefined) return `id ${String(id)}`;
  if (name !== undefined) return `name ${String(name)}`;
  return from === undefined ? undefined : JSON.stringify([from, to, condition].map(String));
}

function ends(item: unknown): string | undefined {
  if (!isMapping(item) || item.from === undefined) return undefined;
  return JSON.stringify([item.from, item.to].map(String));
}
