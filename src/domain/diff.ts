/**
 * What differs between two workflows.
 *
 * @module
 */

import { equalValues } from "./value.ts";
import type { Workflow } from "./workflow.ts";

/** One difference. */
export interface WorkflowChange {
  /** What is there now and was not, is gone, or is not what it was. */
  change: "added" | "removed" | "changed";
  /** What it is about. */
  kind: "field" | "node" | "edge" | "variable" | "server";
  /** Name of the field or variable, id of the node or server, ends of the edge. */
  name: string;
  /** Names of the fields that differ, when something changed. */
  fields?: string[];
  /** Value before; absent when it was added. */
  before?: unknown;
  /** Value after; absent when it was removed. */
  after?: unknown;
}

const LISTS = [
  ["variables", "variable"],
  ["servers", "server"],
  ["nodes", "node"],
  ["edges", "edge"],
] as const;

/**
 * Compares two workflows by structure: nodes and servers by id, variables by
 * name, edges by id or ends, metadata and other fields key by key. The time
 * of the last change and the revision do not count.
 *
 * @param before One workflow.
 * @param after The other.
 * @returns The differences; none when both say the same.
 *
 * @example One node more
 * ```ts
 * import { diffWorkflows, Workflow } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const before = Workflow.from({ id: "greet", name: "greet", version: "1.0" });
 * const after = Workflow.from({ id: "greet", name: "greet", version: "1.0" });
 * after.addNode({ id: "start", type: "start" });
 * const [change] = diffWorkflows(before, after);
 * assertEquals([change?.change, change?.kind, change?.name], ["added", "node", "start"]);
 * ```
 */
export function diffWorkflows(before: Workflow, after: Workflow): WorkflowChange[] {
  const changes: WorkflowChange[] = [];
  compare(fieldsOf(before), fieldsOf(after), "field", changes);
  for (const [list, kind] of LISTS) {
    compare(itemsOf(before[list], kind), itemsOf(after[list], kind), kind, changes);
  }
  return changes;
}

function compare(
  before: Map<string, unknown>,
  after: Map<string, unknown>,
  kind: WorkflowChange["kind"],
  changes: WorkflowChange[],
): void {
  for (const [name, value] of before) {
    if (!after.has(name)) changes.push({ change: "removed", kind, name, before: value });
  }
  for (const [name, value] of after) {
    if (!before.has(name)) {
      changes.push({ change: "added", kind, name, after: value });
      continue;
    }
    const old = before.get(name);
    if (equalValues(old, value)) continue;
    const change = { change: "changed" as const, kind, name, before: old, after: value };
    changes.push(kind === "field" ? change : { ...change, fields: changedFields(old, value) });
  }
}

function fieldsOf(workflow: Workflow): Map<string, unknown> {
  const { name, version, description, metadata, extra } = workflow;
  const { lastModified: _, extra: moreMetadata, ...known } = metadata;
  const fields = new Map<string, unknown>(Object.entries({ name, version, description }));
  for (const [key, value] of Object.entries({ ...known, ...moreMetadata })) {
    fields.set(`metadata.${key}`, value);
  }
  for (const [key, value] of Object.entries(extra ?? {})) fields.set(key, value);
  return new Map([...fields].filter(([, value]) => value !== undefined));
}

function itemsOf(list: readonly object[], kind: string): Map<string, unknown> {
  const items = new Map<string, unknown>();
  for (const item of list as Record<string, unknown>[]) {
    const name = kind === "variable"
      ? String(item.name)
      : kind === "edge"
      ? `${item.from} -> ${item.to}`
      : String(item.id);
    let unique = name;
    for (let number = 2; items.has(unique); number++) unique = `${name} #${number}`;
    items.set(unique, item);
  }
  return items;
}

function changedFields(before: unknown, after: unknown): string[] {
  const a = before as Record<string, unknown>;
  const b = after as Record<string, unknown>;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => !equalValues(a[key], b[key]));
}
