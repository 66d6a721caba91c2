/**
 * A JSON Schema of workflow files, for editors: the published schema version 1
 * and all that real files add to it.
 *
 * @module
 */

import { NODE_TYPES, type NodeType } from "../domain/node.ts";
import { VARIABLE_TYPES } from "../domain/workflow_problems.ts";
import {
  EDGE_FIELDS,
  type Field,
  NODE_FIELDS,
  SERVER_FIELDS,
  VARIABLE_FIELDS,
  WORKFLOW_FIELDS,
} from "./fields.ts";
import { TYPES_BY_KEYS } from "./node_type.ts";

/** A JSON Schema. */
export type JsonSchema = Record<string, unknown>;

const TEXT: JsonSchema = { type: ["string", "number", "boolean", "null"] };

/** Values of fields of which only some are known; other text is allowed. */
const KNOWN_VALUES: Readonly<Record<string, readonly string[]>> = {
  transport: ["stdio", "sse", "http"],
  mergeStrategy: ["wait_all", "wait_any", "wait_first"],
  backoff: ["exponential", "constant", "linear"],
};

/**
 * Returns the JSON Schema (draft 07) of workflow files, made of the same
 * tables by which they are read. Unknown keys are allowed everywhere.
 *
 * @returns A schema of its own, to be written to a file.
 *
 * @example Write it for an editor
 * ```ts
 * import { workflowJsonSchema } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile({ suffix: ".json" });
 * await Deno.writeTextFile(path, JSON.stringify(workflowJsonSchema()));
 * assertEquals(JSON.parse(await Deno.readTextFile(path)).title, "GoFlow workflow");
 * await Deno.remove(path);
 * ```
 */
export function workflowJsonSchema(): JsonSchema {
  const { properties } = objectSchema(WORKFLOW_FIELDS) as { properties: JsonSchema };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "GoFlow workflow",
    description: "A workflow of GoFlow, as a YAML file",
    type: "object",
    required: ["name"],
    properties: {
      ...properties,
      variables: listOf(variableSchema()),
      servers: listOf(objectSchema(SERVER_FIELDS, ["id"])),
      nodes: listOf(nodeSchema()),
      edges: listOf(objectSchema(EDGE_FIELDS, ["from", "to"])),
    },
  };
}

function listOf(items: JsonSchema): JsonSchema {
  return { type: ["array", "null"], items };
}

function objectSchema(fields: readonly Field[], required: string[] = []): JsonSchema {
  const properties: JsonSchema = {};
  for (const field of fields) {
    for (const key of field.keys) properties[key] = fieldSchema(field);
  }
  return { type: "object", properties, ...(required.length === 0 ? {} : { required }) };
}

function variableSchema(): JsonSchema {
  const schema = objectSchema(VARIABLE_FIELDS, ["name", "type"]);
  const properties = schema.properties as JsonSchema;
  // A name without quotes may be read as a boolean, and is a name all the same.
  properties.name = { type: ["string", "boolean"], pattern: "^[a-zA-Z_][a-zA-Z0-9_]*$" };
  properties.type = { enum: VARIABLE_TYPES };
  const keys = VARIABLE_FIELDS.find(({ name }) => name === "default")!.keys;
  const allOf = VARIABLE_TYPES.filter((type) => type !== "any").map((type) => ({
    if: { required: ["type"], properties: { type: { const: type } } },
    then: { properties: Object.fromEntries(keys.map((key) => [key, { type: [type, "null"] }])) },
  }));
  return { ...schema, allOf };
}

/** Nodes of a file that the Go implementation saved have no type. */
function nodeSchema(): JsonSchema {
  return {
    type: "object",
    required: ["id"],
    properties: { id: TEXT, type: { enum: [...NODE_TYPES, null] } },
    allOf: [
      ...NODE_TYPES.map((type) => ({
        if: { required: ["type"], properties: { type: { const: type } } },
        then: typedNodeSchema(type),
      })),
      { if: { properties: { type: { type: "null" } } }, then: untypedNodeSchema() },
    ],
  };
}

/** The keys of a node tell its type; those of the others have the same fields. */
function untypedNodeSchema(): JsonSchema {
  return TYPES_BY_KEYS.reduceRight(
    (rest: JsonSchema, [type, ...groups]) => ({
      if: { allOf: groups.map(anyKey) },
      then: objectSchema(NODE_FIELDS[type].filter(({ name }) => name !== "type")),
      else: rest,
    }),
    objectSchema(NODE_FIELDS.passthrough.filter(({ name }) => name !== "type")),
  );
}

function anyKey(keys: readonly string[]): JsonSchema {
  return { anyOf: keys.map((key) => ({ required: [key] })) };
}

function typedNodeSchema(type: NodeType): JsonSchema {
  const fields = NODE_FIELDS[type].filter(({ name }) => name !== "id" && name !== "type");
  const schema = objectSchema(fields);
  const required = fields.filter((field) => field.required)
    .map(({ keys }) => anyKey(keys));
  return required.length === 0 ? schema : { ...schema, allOf: required };
}

function fieldSchema({ name, kind, fields = [] }: Field): JsonSchema {
  const examples = KNOWN_VALUES[name];
  switch (kind) {
    case "text":
      return examples === undefined ? TEXT : { ...TEXT, examples };
    case "texts":
      return { type: ["array", "null"], items: TEXT };
    case "textLists":
      return { type: ["array", "null"], items: { type: "array", items: TEXT } };
    case "textMap":
      return { type: ["object", "null"], additionalProperties: TEXT };
    case "scalar":
      return { type: ["string", "number", "null"] };
    case "number":
      return { type: ["number", "null"] };
    case "boolean":
      // Without quotes or with: the words of YAML 1.1 are read as booleans.
      return {
        type: ["boolean", "string", "null"],
        pattern: "^(?:[yY](?:[eE][sS])?|[nN][oO]?|[oO][nN]|[oO][fF][fF])$",
      };
    case "date":
      return { type: ["string", "null"], description: "A time in the form of RFC 3339" };
    case "any":
      return {};
    case "anyMap":
      return { type: ["object", "null"] };
    case "object":
      return { ...objectSchema(fields), type: ["object", "null"] };
  }
}
