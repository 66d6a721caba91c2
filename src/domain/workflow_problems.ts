/**
 * The invariants of a workflow.
 *
 * @module
 */

import type { WorkflowNode } from "./node.ts";
import { isMapping } from "./value.ts";
import type { Variable, WorkflowFields } from "./workflow.ts";

/** Lists every invariant that a workflow breaks, one sentence each. */
export function workflowProblems(workflow: WorkflowFields): string[] {
  const { nodes = [], edges = [], variables = [], servers = [] } = workflow;
  return [
    ...nodeProblems(nodes, new Set(servers.map((server) => server.id))),
    ...duplicates(servers.map((server) => server.id)).map((id) =>
      `Server id "${id}" is not unique`
    ),
    ...variables.flatMap(variableProblems),
    ...duplicates(variables.map((v) => v.name)).map((name) =>
      `Variable name "${name}" is not unique`
    ),
    ...edgeProblems(nodes, edges),
    ...graphProblems(nodes, edges),
  ];
}

type Edges = NonNullable<WorkflowFields["edges"]>;

function nodeProblems(nodes: WorkflowNode[], servers: Set<string>): string[] {
  const problems: string[] = [];
  const starts = nodes.filter((node) => node.type === "start").length;
  if (starts !== 1) problems.push(`Exactly one start node is wanted, ${starts} found`);
  if (!nodes.some((node) => node.type === "end")) {
    problems.push("At least one end node is wanted, none found");
  }
  if (nodes.some((node) => node.id === "")) problems.push("A node id is empty");
  for (const id of duplicates(nodes.map((node) => node.id))) {
    problems.push(`Node id "${id}" is not unique`);
  }
  const ids = new Set(nodes.map((node) => node.id));
  for (const node of nodes) {
    if (node.type === "mcp_tool" && !servers.has(node.server)) {
      problems.push(`Node "${node.id}" names server "${node.server}", which is not declared`);
    }
    for (const child of children(node)) {
      if (!ids.has(child)) {
        problems.push(`Node "${node.id}" names node "${child}", which is missing`);
      }
    }
  }
  return problems;
}

function variableProblems(variable: Variable): string[] {
  const { name, type, default: value } = variable;
  const problems: string[] = [];
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
    problems.push(
      `Variable name "${name}" is not valid: letters, digits and "_" are allowed, no digit first`,
    );
  }
  const fits = FITS[type];
  if (fits === undefined || !Object.hasOwn(FITS, type)) {
    problems.push(
      `Variable "${name}" has type "${type}", wanted is one of ${VARIABLE_TYPES.join(", ")}`,
    );
  } else if (value !== undefined && value !== null && !fits(value)) {
    problems.push(`The default of variable "${name}" is not of type ${type}`);
  }
  return problems;
}

/** Whether a default fits its type. */
const FITS: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number" || typeof value === "bigint",
  boolean: (value) => typeof value === "boolean",
  object: isMapping,
  array: Array.isArray,
  any: () => true,
};

/** Types of variables. */
export const VARIABLE_TYPES: readonly string[] = Object.keys(FITS);

function edgeProblems(nodes: WorkflowNode[], edges: Edges): string[] {
  const problems: string[] = [];
  const ids = new Set(nodes.map((node) => node.id));
  const seen = new Set<string>();
  for (const { from, to, condition } of edges) {
    const name = `Edge from "${from}" to "${to}"`;
    for (const end of new Set([from, to])) {
      if (!ids.has(end)) problems.push(`${name} names node "${end}", which is missing`);
    }
    if (from === to) problems.push(`${name} is a self-loop`);
    const key = JSON.stringify([from, to, condition]);
    if (seen.has(key)) problems.push(`${name} exists twice`);
    seen.add(key);
  }
  const edgesFrom = Map.groupBy(edges, (edge) => edge.from);
  for (const node of nodes) {
    if (node.type !== "condition") continue;
    const outgoing = edgesFrom.get(node.id) ?? [];
    if (outgoing.length !== 2) {
      problems.push(
        `Condition node "${node.id}" has ${outgoing.length} outgoing edges, exactly two are wanted`,
      );
    }
    if (outgoing.some((edge) => !edge.condition)) {
      problems.push(`An edge that leaves condition node "${node.id}" has no condition`);
    }
  }
  return problems;
}

/** Cycles, and nodes that cannot be reached from the start. */
function graphProblems(nodes: WorkflowNode[], edges: Edges): string[] {
  const next = new Map(nodes.map((node): [string, string[]] => [node.id, []]));
  for (const { from, to } of edges) next.get(from)?.push(to);

  const problems: string[] = [];
  const cycle = findCycle(next);
  if (cycle !== undefined) {
    problems.push(`The nodes ${cycle.map((id) => `"${id}"`).join(" -> ")} form a cycle`);
  }

  for (const node of nodes) next.get(node.id)?.push(...children(node));
  const start = nodes.find((node) => node.type === "start");
  if (start === undefined) return problems;
  const reached = new Set([start.id]);
  for (const id of reached) {
    for (const to of next.get(id) ?? []) reached.add(to);
  }
  for (const id of new Set(nodes.map((node) => node.id))) {
    if (!reached.has(id)) problems.push(`Node "${id}" cannot be reached from the start node`);
  }
  return problems;
}

/** Depth-first, without recursion, since a workflow may be a chain of thousands of nodes. */
function findCycle(next: Map<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  for (const root of next.keys()) {
    const path: string[] = [];
    const onPath = new Set<string>();
    const stack: { id: string; leave?: true }[] = [{ id: root }];
    for (let frame = stack.pop(); frame !== undefined; frame = stack.pop()) {
      const { id, leave } = frame;
      if (leave) {
        path.pop();
        onPath.delete(id);
        done.add(id);
      } else if (onPath.has(id)) {
        return [...path.slice(path.indexOf(id)), id];
      } else if (!done.has(id)) {
        path.push(id);
        onPath.add(id);
        stack.push({ id, leave: true });
        for (const to of next.get(id) ?? []) stack.push({ id: to });
      }
    }
  }
  return undefined;
}

/** Ids of the nodes inside of a node; JavaScript may leave the lists out. */
export function children(node: WorkflowNode): string[] {
  if (node.type === "parallel") return node.branches?.flat() ?? [];
  return node.type === "loop" ? node.body ?? [] : [];
}

function duplicates(ids: string[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const id of ids) {
    if (seen.has(id)) twice.add(id);
    seen.add(id);
  }
  return [...twice];
}
