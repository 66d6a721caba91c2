/**
 * The type of a node whose file does not say it: the Go implementation drops
 * the key when it saves.
 *
 * @module
 */

import { NODE_TYPES, type NodeType } from "../domain/node.ts";
import { isMapping, type Mapping } from "../domain/value.ts";

/** Tells whether a text names a type of node. */
export function isNodeType(type: unknown): type is NodeType {
  return NODE_TYPES.some((known) => known === type);
}

/** Infers types of nodes from their keys and from the edges. */
export class NodeTypes {
  readonly #edges: unknown;
  #from?: Set<unknown>;
  #to?: Set<unknown>;

  /** @param edges The edges of the file. */
  constructor(edges: unknown) {
    this.#edges = edges;
  }

  /** Returns the type that a node without `type` has. */
  infer(node: Mapping): NodeType {
    const has = (...keys: string[]) => keys.some((key) => Object.hasOwn(node, key));
    if (has("server", "server_id") && has("tool", "tool_name")) return "mcp_tool";
    if (has("expression")) return "transform";
    if (has("condition")) return "condition";
    if (has("branches")) return "parallel";
    if (has("collection") && has("body")) return "loop";
    if (has("return", "return_value")) return "end";
    if (has("input", "input_variable")) return "transform";
    if (!this.#ends("to").has(node.id)) return "start";
    return this.#ends("from").has(node.id) ? "passthrough" : "end";
  }

  #ends(side: "from" | "to"): Set<unknown> {
    const list = Array.isArray(this.#edges) ? this.#edges : [];
    const ends = () => new Set(list.filter(isMapping).map((edge) => edge[side]));
    return side === "from" ? this.#from ??= ends() : this.#to ??= ends();
  }
}
