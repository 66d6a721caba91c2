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

/** The type of a node that has one key of each group; the first that fits. */
export const TYPES_BY_KEYS: readonly [type: NodeType, ...groups: string[][]][] = [
  ["mcp_tool", ["server", "server_id"], ["tool", "tool_name"]],
  ["transform", ["expression"]],
  ["condition", ["condition"]],
  ["parallel", ["branches"]],
  ["loop", ["collection"], ["body"]],
  ["end", ["return", "return_value"]],
  ["transform", ["input", "input_variable"]],
];

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
    const has = (key: string) => Object.hasOwn(node, key);
    const known = TYPES_BY_KEYS.find(([, ...groups]) => groups.every((keys) => keys.some(has)));
    if (known !== undefined) return known[0];
    if (!this.#ends("to").has(node.id)) return "start";
    return this.#ends("from").has(node.id) ? "passthrough" : "end";
  }

  #ends(side: "from" | "to"): Set<unknown> {
    const list = Array.isArray(this.#edges) ? this.#edges : [];
    const ends = () => new Set(list.filter(isMapping).map((edge) => edge[side]));
    return side === "from" ? this.#from ??= ends() : this.#to ??= ends();
  }
}
