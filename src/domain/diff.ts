/**
 * What differs between two workflows.
 *
 * @module
 */

import { byKey, equalValues, type Mapping } from "./value.ts";
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

/** The lists of a workflow, what their items are, and how one is told from the others. */
const LISTS = [
  ["variables", "variable", ({ name }: Mapping) => String(name)],
  ["servers", "server", ({ id }: Mapping) => String(id)],
  ["nodes", "node", ({ id }: Mapping) => String(id)],
  ["edges", "edge", ({ from, to }: Mapping) => `${from} -> ${to}`],
] as const;

/**
 * Compares two workflows by structure: nodes and servers by id, variables by
 * name, edges by their ends, metadata and other fields key by key. The time
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
  for (const [list, kind, keyOf] of LISTS) {
    const items = (workflow: Workflow) => byKey(workflow[list] as unknown as Mapping[], keyOf);
    compare(items(before), items(after), kind, changes);
  }
  return changes;
}

function compare(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
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

function changedFields(before: unknown, after: unknown): string[] {
  const [a, b] = [before as Mapping, after as Mapping];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => !equalValues(a[key], b[key]));
}
