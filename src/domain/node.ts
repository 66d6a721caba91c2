/**
 * The eight kinds of workflow nodes, a union discriminated on `type`. Keys are
 * those of the published workflow schema version 1, in camelCase.
 *
 * @module
 */

/** Keys of a file that the domain does not know; kept through load and save. */
export type Extra = Record<string, unknown>;

/** What every node has. */
export interface NodeBase {
  /** Unique within the workflow. */
  id: string;
  /** For people. */
  description?: string;
  /** Unknown keys, kept. */
  extra?: Extra;
}

/** Where a workflow starts; exactly one per workflow. */
export interface StartNode extends NodeBase {
  /** Discriminator. */
  type: "start";
}

/** Where a workflow ends; at least one per workflow. */
export interface EndNode extends NodeBase {
  /** Discriminator. */
  type: "end";
  /** What the run returns: an expression, or a structure that holds expressions. */
  return?: unknown;
}

/** When and how often a tool call is repeated. */
export interface RetryPolicy {
  /** Number of calls in all, from 1. */
  maxAttempts?: number;
  /** `exponential`, `constant` or `linear`. */
  backoff?: string;
  /** Wait before the second call: a Go duration such as `"1s"`, or nanoseconds, as the file has it. */
  initialDelay?: string | number;
  /** Longest wait: a Go duration such as `"30s"`, or nanoseconds, as the file has it. */
  maxDelay?: string | number;
  /** Factor of an exponential backoff. */
  multiplier?: number;
  /** Errors to retry on; all when absent. */
  on?: string[];
  /** Errors never to retry on. */
  skipOn?: string[];
  /** Unknown keys, kept. */
  extra?: Extra;
}

/** Calls a tool of an MCP server. */
export interface McpToolNode extends NodeBase {
  /** Discriminator. */
  type: "mcp_tool";
  /** Id of a server of the workflow. */
  server: string;
  /** Name of the tool. */
  tool: string;
  /** Arguments of the tool; strings may contain `${…}` expressions. */
  parameters?: Record<string, unknown>;
  /** Variable that takes the result. */
  output?: string;
  /** Retry policy. */
  retry?: RetryPolicy;
}

/** Computes a value. */
export interface TransformNode extends NodeBase {
  /** Discriminator. */
  type: "transform";
  /** Expression of the input. */
  input?: string;
  /** What to do with the input. */
  expression?: string;
  /** Variable that takes the result. */
  output?: string;
}

/** Branches: has exactly two outgoing edges, both with conditions. */
export interface ConditionNode extends NodeBase {
  /** Discriminator. */
  type: "condition";
  /** Boolean expression. */
  condition: string;
}

/** Does nothing. */
export interface PassthroughNode extends NodeBase {
  /** Discriminator. */
  type: "passthrough";
}

/** What a parallel node waits for. */
export type MergeStrategy = "wait_all" | "wait_any" | "wait_first";

/** Runs branches at the same time. */
export interface ParallelNode extends NodeBase {
  /** Discriminator. */
  type: "parallel";
  /** Node ids of each branch. */
  branches: string[][];
  /** What to wait for: `wait_all`, `wait_any` or `wait_first`; other text of a file is kept. */
  mergeStrategy?: MergeStrategy | (string & Record<never, never>);
}

/** Runs its body once for each item of a collection. */
export interface LoopNode extends NodeBase {
  /** Discriminator. */
  type: "loop";
  /** Expression of the collection. */
  collection: string;
  /** Variable that takes the item. */
  item: string;
  /** Node ids of the body. */
  body: string[];
  /** Expression that ends the loop early. */
  breakCondition?: string;
}

/** A node of a workflow. */
export type WorkflowNode =
  | StartNode
  | EndNode
  | McpToolNode
  | TransformNode
  | ConditionNode
  | PassthroughNode
  | ParallelNode
  | LoopNode;

/** Discriminator of a node. */
export type NodeType = WorkflowNode["type"];

/** All node types, in the order of the documentation. */
export const NODE_TYPES: readonly NodeType[] = [
  "start",
  "end",
  "mcp_tool",
  "transform",
  "condition",
  "passthrough",
  "parallel",
  "loop",
];
