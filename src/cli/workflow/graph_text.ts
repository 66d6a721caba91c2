/**
 * The graph of a workflow in the languages of Mermaid and Graphviz.
 *
 * @module
 */

import type { NodeType } from "../../domain/node.ts";
import type { Workflow } from "../../domain/workflow.ts";
import { linksOf, nodeDetail } from "./graph.ts";

/** Brackets of a Mermaid node, and shape of a Graphviz one. */
const SHAPES: Record<NodeType, readonly [open: string, close: string, shape: string]> = {
  start: ["([", "])", "oval"],
  end: ["([", "])", "oval"],
  mcp_tool: ["[", "]", "box"],
  transform: ["[/", "/]", "parallelogram"],
  condition: ["{", "}", "diamond"],
  passthrough: ["(", ")", "box"],
  parallel: ["[[", "]]", "box"],
  loop: ["{{", "}}", "hexagon"],
};

/**
 * Writes the graph.
 *
 * @param workflow The workflow; it need not be valid.
 * @param format The language.
 * @returns Lines of text.
 */
export function graphText(workflow: Workflow, format: "mermaid" | "dot"): string {
  const write = format === "mermaid" ? MERMAID : DOT;
  const names = new Map<string, string>();
  const lines: string[] = [];
  const nameOf = (id: string) => {
    const known = names.get(id);
    if (known !== undefined) return known;
    const name = `n${names.size}`;
    names.set(id, name);
    const node = workflow.nodes.find((candidate) => candidate.id === id);
    lines.push(write.node(name, [id, node ? nodeDetail(node) : "missing"], node?.type));
    return name;
  };
  for (const { id } of workflow.nodes) nameOf(id);
  for (const node of workflow.nodes) {
    for (const { to, label } of linksOf(workflow, node)) {
      // The other node may be missing, and is then declared here.
      const [from, target] = [nameOf(node.id), nameOf(to)];
      lines.push(write.edge(from, target, label));
    }
  }
  return `${write.open(workflow.name)}\n${
    lines.map((line) => `  ${line}\n`).join("")
  }${write.close}`;
}

const MERMAID = {
  open: (name: string) => `---\ntitle: ${JSON.stringify(name)}\n---\nflowchart TD`,
  close: "",
  node(name: string, texts: readonly string[], type: NodeType | undefined): string {
    const [open, close] = type ? SHAPES[type] : ["[", "]"];
    return `${name}${open}"${texts.filter(Boolean).map(mermaidText).join("<br>")}"${close}`;
  },
  edge: (from: string, to: string, label: string | undefined) =>
    label === undefined ? `${from} --> ${to}` : `${from} -->|"${mermaidText(label)}"| ${to}`,
};

const DOT = {
  open: (name: string) => `digraph ${quote(name)} {`,
  close: "}\n",
  node: (name: string, texts: readonly string[], type: NodeType | undefined) =>
    `${name} [label=${quote(texts.filter(Boolean).join("\n"))}, shape=${
      type ? SHAPES[type][2] : "box"
    }];`,
  edge: (from: string, to: string, label: string | undefined) =>
    `${from} -> ${to}${label === undefined ? "" : ` [label=${quote(label)}]`};`,
};

/** Mermaid reads HTML in its labels, and entities with a number sign. */
function mermaidText(text: string): string {
  return text.replace(/[^\p{L}\p{N} _.,:/-]/gu, (character) => `#${character.codePointAt(0)};`);
}

/** Graphviz reads escapes in its strings, and entities of HTML in those that it shows. */
function quote(text: string): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("\\", "\\\\").replaceAll('"', '\\"')
    .replaceAll("\n", "\\n");
  return `"${escaped}"`;
}
