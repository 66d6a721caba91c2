/**
 * Makes a workflow of what stands in a file.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { NODE_TYPES, type WorkflowNode } from "../domain/node.ts";
import {
  type Edge,
  type Server,
  type Variable,
  Workflow,
  type WorkflowFields,
} from "../domain/workflow.ts";
import {
  EDGE_FIELDS,
  type Field,
  NODE_FIELDS,
  SERVER_FIELDS,
  VARIABLE_FIELDS,
  WORKFLOW_FIELDS,
} from "./fields.ts";
import { isNodeType, NodeTypes } from "./node_type.ts";
import { type At, misfit, type ReadContext, readFields } from "./read_field.ts";
import { isMapping, type Mapping } from "../domain/value.ts";
import { Locator } from "./yaml_locate.ts";
import type { ReadYamlOptions, YamlDocument } from "./yaml_reader.ts";

/** A workflow as a file has it. */
export interface DecodedWorkflow {
  /** The workflow; its id is the one asked for. */
  workflow: Workflow;
  /** Id inside of the file, when it has one that differs. */
  idInFile?: string;
}

/**
 * Makes a workflow of a document.
 *
 * @param document The document.
 * @param id Id of the workflow: the name of its file.
 * @param options For the message of the error.
 * @returns The workflow.
 * @throws {InvalidDataError} If a value is not what its field wants; `problems` lists all.
 */
export function decodeWorkflow(
  document: YamlDocument,
  id: string,
  options: ReadYamlOptions,
): DecodedWorkflow {
  const context: ReadContext = { document, misfits: [] };
  const { variables, servers, nodes, edges, ...top } = document.value;
  const { values, extra } = readFields(top, WORKFLOW_FIELDS, undefined, context);
  const types = new NodeTypes(edges);
  const fields = {
    ...values,
    id,
    variables: readObjects<Variable>(variables, "variables", VARIABLE_FIELDS, context),
    servers: readObjects<Server>(servers, "servers", SERVER_FIELDS, context),
    nodes: readList(nodes, "nodes", context).map((raw, step) =>
      readNode(raw, { parent: { step: "nodes" }, step }, types, context)
    ),
    edges: readObjects<Edge>(edges, "edges", EDGE_FIELDS, context),
    ...(extra === undefined ? {} : { extra }),
  };
  refuseMisfits(context, options);
  const workflow = Workflow.from(fields as unknown as WorkflowFields);
  const idInFile = values.id as string;
  return idInFile === "" || idInFile === id ? { workflow } : { workflow, idInFile };
}

function readList(raw: unknown, name: string, context: ReadContext): Mapping[] {
  if (raw === undefined || raw === null) return [];
  const at = { step: name };
  if (!Array.isArray(raw)) {
    misfit(raw, "a list", at, context);
    return [];
  }
  for (const [step, item] of raw.entries()) {
    if (!isMapping(item)) misfit(item, "a mapping", { parent: at, step }, context);
  }
  return raw.map((item) => isMapping(item) ? item : {});
}

/**
 * Reads a list of objects.
 *
 * @param raw The list.
 * @param name Key under which it stands.
 * @param fields Fields of an object.
 * @param context Takes what cannot be read.
 * @returns The objects.
 */
export function readObjects<T>(
  raw: unknown,
  name: string,
  fields: readonly Field[],
  context: ReadContext,
): T[] {
  const parent = { step: name };
  return readList(raw, name, context).map((raw, step) => {
    const { values, extra } = readFields(raw, fields, { parent, step }, context);
    if (extra !== undefined) values.extra = extra;
    return values as T;
  });
}

function readNode(raw: Mapping, at: At, types: NodeTypes, context: ReadContext): WorkflowNode {
  const type = raw.type ?? types.infer(raw);
  if (!isNodeType(type)) {
    misfit(raw.type, `one of ${NODE_TYPES.join(", ")}`, { parent: at, step: "type" }, context);
    return { id: "", type: "passthrough" };
  }
  const { values, extra } = readFields(raw, NODE_FIELDS[type], at, context);
  values.type = type;
  if (extra !== undefined) values.extra = extra;
  return values as unknown as WorkflowNode;
}

/** Tells that a text has another id than the one that counts. */
export function idWarning(id: string, idInFile: string | undefined): string | undefined {
  if (idInFile === undefined) return undefined;
  return `The file says that the id is "${idInFile}", its name "${id}" wins`;
}

/** Throws if a value is not what its field wants. */
export function refuseMisfits(
  { misfits, document }: ReadContext,
  { action, path }: ReadYamlOptions,
): void {
  const [first] = misfits;
  if (first === undefined) return;
  const problems = misfits.map(({ problem }) => problem);
  const place = new Locator(document.text).locate(first.path);
  const at = place === undefined ? "" : ` at line ${place.line}, column ${place.column}`;
  const more = misfits.length > 1 ? ` (and ${misfits.length - 1} more)` : "";
  throw new InvalidDataError(`${action}: ${first.problem}${at}${more}`, {
    problems,
    path,
    ...place,
  });
}
