/**
 * Draws the graph of a workflow in a terminal, as a tree: a node that is
 * reached a second time is only named.
 *
 * @module
 */

import type { WorkflowNode } from "../../domain/node.ts";
import type { Workflow } from "../../domain/workflow.ts";

/** What leads from a node to another. */
export interface Link {
  /** Id of the other node. */
  to: string;
  /** What the link means, when it means something. */
  label: string | undefined;
}

/**
 * Lists what leads from a node: its edges, branches and loop body.
 *
 * @param workflow The workflow.
 * @param node The node.
 * @returns The links, in the order of the file.
 */
export function linksOf(workflow: Workflow, node: WorkflowNode): Link[] {
  const edges = workflow.edges.filter(({ from }) => from === node.id);
  const links: Link[] = edges.map(({ to, condition, label }) => ({
    to,
    label: condition ?? label,
  }));
  if (node.type === "parallel") {
    const branches = node.branches.map((branch, index) =>
      branch.map((to) => ({ to, label: `branch ${index + 1}` }))
    );
    return [...branches.flat(), ...links];
  }
  if (node.type === "loop") {
    return [...node.body.map((to) => ({ to, label: `each ${node.item}` })), ...links];
  }
  return links;
}

/**
 * Returns what a node does, in a few words.
 *
 * @param node The node.
 * @returns Text without line ends; empty when the type says all.
 */
export function nodeDetail(node: WorkflowNode): string {
  const text = {
    start: () => undefined,
    passthrough: () => undefined,
    end: (of: WorkflowNode) => of.type === "end" ? of.return : undefined,
    mcp_tool: (of: WorkflowNode) => of.type === "mcp_tool" ? `${of.server}.${of.tool}` : undefined,
    transform: (of: WorkflowNode) => of.type === "transform" ? of.expression : undefined,
    condition: (of: WorkflowNode) => of.type === "condition" ? of.condition : undefined,
    parallel: (of: WorkflowNode) => of.type === "parallel" ? of.mergeStrategy : undefined,
    loop: (of: WorkflowNode) => of.type === "loop" ? of.collection : undefined,
  }[node.type](node);
  return typeof text === "string" ? text.replace(/\s+/g, " ").trim() : "";
}

/**
 * Draws the graph.
 *
 * @param workflow The workflow; it need not be valid.
 * @returns The lines.
 */
export function drawGraph(workflow: Workflow): string[] {
  const nodes = new Map(workflow.nodes.map((node) => [node.id, node]));
  const drawn = new Set<string>();
  const lines: string[] = [];

  /** Draws a node and what follows it; `first` begins its own line, `rest` those below it. */
  const draw = (id: string, first: string, rest: string, label?: string) => {
    let link: Link | undefined = { to: id, label };
    for (let start = first; link !== undefined; start = rest) {
      const { to, label } = link;
      const node = nodes.get(to);
      const links: Link[] = node === undefined ? [] : linksOf(workflow, node);
      const name = `${start}${label === undefined ? "" : `${label}: `}${to}`;
      if (node === undefined || drawn.has(to)) {
        lines.push(`${name}${node === undefined ? " (missing)" : links.length > 0 ? " …" : ""}`);
        return;
      }
      drawn.add(to);
      lines.push(`${name}${kindOf(node)}`);
      // What simply comes next stands below, without a deeper level.
      const plain = links.filter(({ label }) => label === undefined);
      link = plain.length === 1 ? plain[0] : undefined;
      const branches = links.filter((other) => other !== link);
      for (const [index, branch] of branches.entries()) {
        const last = link === undefined && index === branches.length - 1;
        const [own, below] = last ? ["└─ ", "   "] : ["├─ ", "│  "];
        draw(branch.to, rest + own, rest + below, branch.label);
      }
    }
  };

  const starts = workflow.nodes.filter(({ type }) => type === "start");
  for (const { id } of [...starts, ...workflow.nodes]) {
    if (!drawn.has(id)) draw(id, "", "");
  }
  return lines;
}

function kindOf(node: WorkflowNode): string {
  const detail = nodeDetail(node);
  if (node.type === node.id && detail === "") return "";
  return detail === "" ? ` [${node.type}]` : ` [${node.type} ${detail}]`;
}
