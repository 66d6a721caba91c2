/**
 * Joins two edits of the same workflow.
 *
 * @module
 */

import type { WorkflowNode } from "./node.ts";
import { byKey, cloneValue, equalValues, groupBehind, isMapping, type Mapping } from "./value.ts";
import { Workflow } from "./workflow.ts";
import { children } from "./workflow_problems.ts";

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
  const fields = mergeValue("", asTree(base), asTree(mine), asTree(theirs), conflicts);
  const workflow = Workflow.from(fields as unknown as Workflow);
  conflicts.push(
    ...lostReferences(base, mine, theirs),
    ...lostReferences(base, theirs, mine, true),
  );
  return { workflow, conflicts };
}

type KeyOf = (item: Mapping) => string;
/** Tells what an item of a list is called, given the list before both edits. */
type KeysOf = (base: Mapping[], list: Mapping[]) => KeyOf;

/** Lists whose items have an identity: how it is called, and what it is. */
const LISTS: Readonly<Record<string, [singular: string, keysOf: KeysOf]>> = {
  nodes: ["node", () => ({ id }) => String(id)],
  servers: ["server", () => ({ id }) => String(id)],
  variables: ["variable", () => ({ name }) => String(name)],
  edges: ["edge", edgeKeys],
};

/**
 * An edge of before is told by its id, or by its ends when no other edge has
 * them. One that is new is the same when its ends and condition are: two
 * people who add it give it different ids.
 */
function edgeKeys(base: Mapping[], list: Mapping[]): KeyOf {
  const names = new Map(base.map((edge) => [edge.id, edgeName(edge)]));
  const before = Map.groupBy(base, edgeEnds);
  const now = Map.groupBy(list, edgeEnds);
  return (edge) => {
    const known = edge.id === undefined ? undefined : names.get(edge.id);
    if (known !== undefined) return known;
    const ends = edgeEnds(edge);
    const old = before.get(ends) ?? [];
    const isSame = edge.id === undefined && old.length === 1 && now.get(ends)!.length === 1;
    return edgeName(isSame ? old[0]! : edge);
  };
}

function edgeEnds({ from, to }: Mapping): string {
  return `${from} -> ${to}`;
}

function edgeName(edge: Mapping): string {
  const ends = edgeEnds(edge);
  return edge.condition === undefined ? ends : `${ends} (${edge.condition})`;
}

/** What one side made or changed that leads to what the other side removed. */
function lostReferences(
  base: Workflow,
  mine: Workflow,
  theirs: Workflow,
  swapped = false,
): MergeConflict[] {
  const ids = (items: readonly { id: string }[]) => new Set(items.map(({ id }) => id));
  const gone = (before: readonly { id: string }[], after: readonly { id: string }[]) =>
    ids(before).difference(ids(after));
  const nodes = gone(base.nodes, mine.nodes);
  const servers = gone(base.servers, mine.servers);
  const notIn = <T>(known: T[], nameOf: (item: T) => string) => {
    const named = Map.groupBy(known, nameOf);
    return (item: T) => !named.get(nameOf(item))?.some((other) => equalValues(other, item));
  };
  const isTheirEdge = notIn([...base.edges, ...mine.edges], (edge) => edgeName({ ...edge }));
  const isTheirNode = notIn([...base.nodes, ...mine.nodes], ({ id }) => id);
  const before = new Map(base.nodes.map((node) => [node.id, node]));
  const conflict = (field: string, value: unknown): MergeConflict =>
    swapped ? { field, mine: value } : { field, theirs: value };
  return [
    ...theirs.edges
      .filter((edge) => (nodes.has(edge.from) || nodes.has(edge.to)) && isTheirEdge(edge))
      .map((edge) => conflict(`edge "${edgeName({ ...edge })}"`, edge)),
    ...theirs.nodes.flatMap((node) => {
      const { field, ids } = references(node);
      const old = references(before.get(node.id));
      const lost = (field === "server" ? servers : nodes).intersection(new Set(ids));
      const isNew = [...lost].some((id) => old.field !== field || !old.ids.includes(id));
      return isNew && isTheirNode(node) ? [conflict(`node "${node.id}" ${field}`, node)] : [];
    }),
  ];
}

/** What a node uses, and in which field. */
function references(node: WorkflowNode | undefined): { field: string; ids: string[] } {
  if (node?.type === "mcp_tool") return { field: "server", ids: [node.server] };
  const field = node?.type === "loop" ? "body" : "branches";
  return { field, ids: node === undefined ? [] : children(node) };
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
  if (field === "metadata tags" && Array.isArray(mine) && Array.isArray(theirs)) {
    return mergeTags(Array.isArray(base) ? base : [], mine, theirs);
  }
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

/** Tags are a set, so that edits of it cannot conflict. */
function mergeTags(base: unknown[], mine: unknown[], theirs: unknown[]): unknown[] {
  const [before, their] = [new Set(base), new Set(theirs)];
  const kept = mine.filter((tag) => their.has(tag) || !before.has(tag));
  const known = new Set([...before, ...kept]);
  return [...kept, ...theirs.filter((tag) => !known.has(tag))];
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

/** The order is mine if I changed it, else theirs; what only the other side has stands behind what precedes it there. */
function mergeList(
  [singular, keysOf]: [string, KeysOf],
  base: Mapping[],
  mine: Mapping[],
  theirs: Mapping[],
  conflicts: MergeConflict[],
): Mapping[] {
  const keyed = (list: Mapping[]) => byKey(list, keysOf(base, list));
  const [before, my, their] = [keyed(base), keyed(mine), keyed(theirs)];
  const merged = new Map<string, Mapping>();
  for (const key of new Set([...my.keys(), ...their.keys()])) {
    const field = `${singular} "${key.replace(/ #\d+$/, "")}"`;
    const old = before.get(key);
    // The id that each side made up for the same new edge says nothing.
    const isNewEdge = singular === "edge" && old === undefined && my.has(key) && their.has(key);
    const other = isNewEdge ? { ...their.get(key), id: my.get(key)!.id } : their.get(key);
    const item = mergeValue(field, old, my.get(key), other, conflicts) as Mapping | undefined;
    if (item !== undefined) merged.set(key, item);
  }
  const isMyOrder = !isSameOrder(before, my);
  const [first, second] = isMyOrder ? [my, their] : [their, my];
  const kept = [...second.keys()].filter((key) => merged.has(key));
  const groups = groupBehind(kept, (key) => first.has(key));
  const order = [...first.keys()].filter((key) => merged.has(key))
    .flatMap((key) => groups.get(key) ?? [key]);
  return [...groups.get(undefined) ?? [], ...order].map((key) => merged.get(key)!);
}

/** Tells whether what two lists have in common stands in the same order. */
function isSameOrder(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  const common = [...a.keys()].filter((key) => b.has(key));
  return equalValues(common, [...b.keys()].filter((key) => a.has(key)));
}

function items(value: unknown): Mapping[] {
  return Array.isArray(value) ? value : [];
}
