/**
 * Joins two edits of the same workflow.
 *
 * @module
 */

import { cloneValue, equalValues, isMapping, type Mapping } from "./value.ts";
import { Workflow } from "./workflow.ts";

/** A place where both sides changed the same thing, differently. */
export interface MergeConflict {
  /** What it is, such as `name`, `node "read"` or `node "read" output`. */
  field: string;
  /** Value before both edits; absent when there was none. */
  base?: unknown;
  /** My value; absent when I removed it. */
  mine?: unknown;
  /** Their value; absent when they removed it. */
  theirs?: unknown;
}

/** What {@linkcode mergeWorkflows} made. */
export interface MergeResult {
  /** Both edits joined; where they conflict, mine. */
  workflow: Workflow;
  /** Empty when nothing conflicts. */
  conflicts: MergeConflict[];
}

/**
 * Joins two edits of the same workflow by structure: nodes, servers and edges
 * by id, variables by name, everything else key by key. Fit for a git merge
 * driver: base, mine and theirs are what git calls `%O`, `%A` and `%B`.
 *
 * @param base The workflow before both edits.
 * @param mine One edit.
 * @param theirs The other edit.
 * @returns The workflow with both edits, and what conflicts.
 *
 * @example Two edits of different nodes
 * ```ts
 * import { mergeWorkflows, Workflow } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const base = Workflow.create("greet", "", { id: "greet" });
 * const mine = Workflow.from(structuredClone({ ...base }));
 * const theirs = Workflow.from(structuredClone({ ...base }));
 * mine.addNode({ id: "start", type: "start" });
 * theirs.description = "Says hello";
 *
 * const { workflow, conflicts } = mergeWorkflows(base, mine, theirs);
 * assertEquals(conflicts, []);
 * assertEquals([workflow.nodes.length, workflow.description], [1, "Says hello"]);
 * ```
 */
export function mergeWorkflows(base: Workflow, mine: Workflow, theirs: Workflow): MergeResult {
  const conflicts: MergeConflict[] = [];
  const fields = mergeValue(
    "",
    asTree(base),
    asTree(mine),
    asTree(theirs),
    conflicts,
  ) as unknown as Workflow;
  return { workflow: Workflow.from(fields), conflicts };
}

/** Lists whose items have an identity: how it is called, and the key that holds it. */
const LISTS: Readonly<Record<string, [singular: string, keyOf: (item: Mapping) => string]>> = {
  nodes: ["node", (item) => String(item.id)],
  servers: ["server", (item) => String(item.id)],
  variables: ["variable", (item) => String(item.name)],
  edges: ["edge", edgeKey],
};

/**
 * An edge is the same when its ends and condition are: two people who add the
 * same edge give it different ids.
 */
function edgeKey({ from, to, condition }: Mapping): string {
  return condition === undefined ? `${from} -> ${to}` : `${from} -> ${to} (${condition})`;
}

function asTree(workflow: Workflow): Mapping {
  const { revision: _, ...fields } = cloneValue({ ...workflow });
  // Set by every save, so it says nothing about who changed what.
  delete fields.metadata.lastModified;
  return fields;
}

function mergeValue(
  field: string,
  base: unknown,
  mine: unknown,
  theirs: unknown,
  conflicts: MergeConflict[],
): unknown {
  if (equalValues(mine, theirs) || equalValues(base, theirs)) return mine;
  if (equalValues(base, mine)) return theirs;
  if (isMapping(mine) && isMapping(theirs)) {
    return mergeTree(field, isMapping(base) ? base : {}, mine, theirs, conflicts);
  }
  conflicts.push({
    field,
    ...(base === undefined ? {} : { base }),
    ...(mine === undefined ? {} : { mine }),
    ...(theirs === undefined ? {} : { theirs }),
  });
  return mine;
}

function mergeTree(
  field: string,
  base: Mapping,
  mine: Mapping,
  theirs: Mapping,
  conflicts: MergeConflict[],
): Mapping {
  // Another type of node has other fields; joining them would make neither.
  if (mine.type !== theirs.type && /^node "[^"]*"$/.test(field)) {
    conflicts.push({
      field: `${field} type`,
      base: base.type,
      mine: mine.type,
      theirs: theirs.type,
    });
    return mine;
  }
  const result: Mapping = {};
  for (const key of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
    const list = field === "" ? LISTS[key] : undefined;
    const name = field === "" ? key : `${field} ${key}`;
    const value = list === undefined
      ? mergeValue(name, base[key], mine[key], theirs[key], conflicts)
      : mergeList(list, items(base[key]), items(mine[key]), items(theirs[key]), conflicts);
    if (value !== undefined) result[key] = value;
  }
  return result;
}

/** The order is mine; what they added stands behind what precedes it on their side. */
function mergeList(
  [singular, keyOf]: [string, (item: Mapping) => string],
  base: Mapping[],
  mine: Mapping[],
  theirs: Mapping[],
  conflicts: MergeConflict[],
): Mapping[] {
  const [baseItems, myItems, theirItems] = [base, mine, theirs].map((list) => byKey(list, keyOf));
  const merge = (key: string): Mapping | undefined => {
    const field = `${singular} "${key.replace(/ #\d+$/, "")}"`;
    return mergeValue(
      field,
      baseItems!.get(key),
      myItems!.get(key),
      theirItems!.get(key),
      conflicts,
    ) as Mapping | undefined;
  };
  const merged = new Map<string, Mapping>();
  for (const key of myItems!.keys()) {
    const item = merge(key);
    if (item !== undefined) merged.set(key, item);
  }
  const order = [...merged.keys()];
  let previous: string | undefined;
  for (const key of theirItems!.keys()) {
    if (!myItems!.has(key)) {
      const item = merge(key);
      if (item === undefined) continue;
      merged.set(key, item);
      order.splice(previous === undefined ? 0 : order.indexOf(previous) + 1, 0, key);
    }
    if (merged.has(key)) previous = key;
  }
  return order.map((key) => merged.get(key)!);
}

/** Items by key; a second one of the same key is told apart by its number. */
function byKey(list: Mapping[], keyOf: (item: Mapping) => string): Map<string, Mapping> {
  const items = new Map<string, Mapping>();
  for (const item of list) {
    const key = keyOf(item);
    let unique = key;
    for (let number = 2; items.has(unique); number++) unique = `${key} #${number}`;
    items.set(unique, item);
  }
  return items;
}

function items(value: unknown): Mapping[] {
  return Array.isArray(value) ? value : [];
}
