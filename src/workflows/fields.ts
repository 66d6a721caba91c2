/**
 * The vocabulary of workflow files: which keys express which field, in the
 * canonical order. The first key is the canonical one (schema version 1); the
 * others are read, and kept in files that use them.
 *
 * @module
 */

import type { NodeType } from "../domain/node.ts";

/** How the value of a field is read and written. */
export type FieldKind =
  | "text"
  | "texts"
  | "textLists"
  | "textMap"
  | "scalar"
  | "number"
  | "boolean"
  | "date"
  | "any"
  | "anyMap"
  | "object";

/** A field of the domain. */
export interface Field {
  /** Name in the domain. */
  name: string;
  /** Keys in the file, the canonical one first. */
  keys: readonly string[];
  /** Kind of the value. */
  kind: FieldKind;
  /** Fields of the value, when its kind is `object`. */
  fields?: readonly Field[];
  /** Whether the domain always has a value: empty text or an empty list when the file has none. */
  required?: true;
}

/** Key that the Go repository writes in place of the canonical one. */
export const GO_KEYS: ReadonlySet<string> = new Set([
  "default_value",
  "server_id",
  "tool_name",
  "input_variable",
  "output_variable",
  "item_variable",
  "return_value",
  "backoff_multiplier",
  "retryable_errors",
  "non_retryable_errors",
]);

function field(name: string, keys: string, kind: FieldKind = "text"): Field {
  return { name, keys: keys.split(" "), kind };
}

function required(name: string, keys: string, kind: FieldKind = "text"): Field {
  return { ...field(name, keys, kind), required: true };
}

/** Fields of `metadata`. */
const METADATA_FIELDS: readonly Field[] = [
  field("author", "author"),
  field("created", "created", "date"),
  field("lastModified", "last_modified", "date"),
  field("tags", "tags", "texts"),
  field("icon", "icon"),
];

/** Scalar fields of a workflow, and its metadata. */
export const WORKFLOW_FIELDS: readonly Field[] = [
  required("id", "id"),
  required("name", "name"),
  required("version", "version"),
  field("description", "description"),
  { ...field("metadata", "metadata", "object"), fields: METADATA_FIELDS },
];

/** Fields of a variable. */
export const VARIABLE_FIELDS: readonly Field[] = [
  required("name", "name"),
  required("type", "type"),
  field("required", "required", "boolean"),
  field("default", "default default_value", "any"),
  field("description", "description"),
];

/** Fields of a server. */
export const SERVER_FIELDS: readonly Field[] = [
  required("id", "id"),
  field("name", "name"),
  field("command", "command"),
  field("args", "args", "texts"),
  field("transport", "transport"),
  field("env", "env", "textMap"),
  field("credentialRef", "credential_ref"),
  field("url", "url"),
  field("headers", "headers", "textMap"),
];

/** Fields of an edge. */
export const EDGE_FIELDS: readonly Field[] = [
  field("id", "id"),
  required("from", "from"),
  required("to", "to"),
  field("condition", "condition"),
  field("label", "label"),
];

const RETRY_FIELDS: readonly Field[] = [
  field("maxAttempts", "max_attempts", "number"),
  field("backoff", "backoff"),
  field("initialDelay", "initial_delay", "scalar"),
  field("maxDelay", "max_delay", "scalar"),
  field("multiplier", "multiplier backoff_multiplier", "number"),
  field("on", "on retryable_errors", "texts"),
  field("skipOn", "skip_on non_retryable_errors", "texts"),
];

function node(...fields: Field[]): readonly Field[] {
  return [
    required("id", "id"),
    required("type", "type"),
    ...fields,
    field("description", "description"),
  ];
}

/** Fields of each type of node. */
export const NODE_FIELDS: Readonly<Record<NodeType, readonly Field[]>> = {
  start: node(),
  end: node(field("return", "return return_value", "any")),
  mcp_tool: node(
    required("server", "server server_id"),
    required("tool", "tool tool_name"),
    field("parameters", "parameters", "anyMap"),
    field("output", "output output_variable"),
    { ...field("retry", "retry", "object"), fields: RETRY_FIELDS },
  ),
  transform: node(
    field("input", "input input_variable"),
    field("expression", "expression"),
    field("output", "output output_variable"),
  ),
  condition: node(required("condition", "condition")),
  passthrough: node(),
  parallel: node(
    required("branches", "branches", "textLists"),
    field("mergeStrategy", "merge_strategy merge"),
  ),
  loop: node(
    required("collection", "collection"),
    required("item", "item item_variable"),
    required("body", "body", "texts"),
    field("breakCondition", "break_condition"),
  ),
};

/** Lists of a workflow, in the order of the file. */
export const LISTS = ["variables", "servers", "nodes", "edges"] as const;
