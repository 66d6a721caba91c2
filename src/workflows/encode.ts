/**
 * Makes the values of a file of a workflow. With a document as the base, each
 * field stays under the key that the file has for it, and what did not change
 * stays as it is, unknown keys included.
 *
 * @module
 */

import type { NodeType, WorkflowNode } from "../domain/node.ts";
import type { Workflow } from "../domain/workflow.ts";
import { ObjectEncoder } from "./encode_object.ts";
import {
  EDGE_FIELDS,
  type Field,
  LISTS,
  NODE_FIELDS,
  SERVER_FIELDS,
  VARIABLE_FIELDS,
  WORKFLOW_FIELDS,
} from "./fields.ts";
import { isNodeType, NodeTypes } from "./node_type.ts";
import { equalValues, isMapping, type Mapping } from "../domain/value.ts";
import type { YamlDocument } from "./yaml_reader.ts";

/** Options of {@linkcode encodeWorkflow}. */
export interface EncodeOptions {
  /** The file as it is. */
  base?: YamlDocument | undefined;
  /**
   * Whether to use the canonical keys and order in place of those of the base.
   *
   * @default {false}
   */
  canonical?: boolean;
  /** What the base was read as. */
  before?: Workflow | undefined;
}

/** The values of a file, and why it cannot be written. */
export interface EncodedWorkflow {
  /** The values. */
  value: Mapping;
  /** One sentence per problem. */
  problems: string[];
}

/** Makes the values of a file. */
export function encodeWorkflow(workflow: Workflow, options: EncodeOptions = {}): EncodedWorkflow {
  return new Encoder(options).encode(workflow);
}

class Encoder {
  readonly #base: YamlDocument | undefined;
  readonly #canonical: boolean;
  readonly #before: Workflow | undefined;
  readonly #objects: ObjectEncoder;

  constructor({ base, canonical = false, before }: EncodeOptions) {
    this.#before = before;
    this.#base = base;
    this.#canonical = canonical;
    this.#objects = new ObjectEncoder(base, canonical);
  }

  encode(workflow: Workflow): EncodedWorkflow {
    const raw = this.#base?.value;
    const { variables, servers, nodes, edges, id, ...rest } = workflow;
    const lists = {
      variables: this.#objects.list(
        "variables",
        variables,
        () => VARIABLE_FIELDS,
        nameOf,
        this.#before?.variables,
      ),
      servers: this.#objects.list(
        "servers",
        servers,
        () => SERVER_FIELDS,
        idOf,
        this.#before?.servers,
      ),
      nodes: this.#nodes(nodes),
      edges: this.#objects.list("edges", edges, () => EDGE_FIELDS, edgeKey, this.#before?.edges),
    };
    const { variables: _v, servers: _s, nodes: _n, edges: _e, ...top } = raw ?? {};
    // The name of the file is the id; what the file says about it is left alone.
    const fileId = raw === undefined || this.#canonical ? id : raw.id;
    const fields = { ...rest, id: raw === undefined ? id : textOf(fileId) };
    const isNew = !isMapping(raw?.metadata);
    const metadata = isNew && isEmpty(workflow.metadata) ? undefined : workflow.metadata;
    const head = this.#objects.object(
      { ...fields, metadata } as Mapping,
      WORKFLOW_FIELDS,
      raw === undefined ? undefined : { raw: top, at: undefined },
      "workflow",
    );
    if (raw?.id !== undefined && !this.#canonical) head.id = raw.id;
    const value = this.#canonical || raw === undefined
      ? { ...pick(head, WORKFLOW_FIELDS), ...lists, ...head }
      : placeLists(raw, head, lists);
    for (const name of LISTS) if (value[name] === undefined) delete value[name];
    this.#typeNodes(workflow.nodes, value);
    return { value, problems: this.#objects.problems };
  }

  #nodes(nodes: readonly WorkflowNode[]): unknown {
    return this.#objects.list(
      "nodes",
      nodes,
      (node, index) => {
        const type = (node as Partial<WorkflowNode>).type;
        if (isNodeType(type)) return NODE_FIELDS[type];
        this.#objects.problems.push(
          `nodes[${index}].type is "${String(type)}", which is no type of node`,
        );
        return NODE_FIELDS.passthrough;
      },
      idOf,
      this.#before?.nodes,
    );
  }

  /** A node whose type the file does not say gains it when it changes, or when it would be inferred wrongly. */
  #typeNodes(nodes: readonly WorkflowNode[], value: Mapping): void {
    if (!Array.isArray(value.nodes)) return;
    const types = new NodeTypes(value.edges);
    const old = this.#base?.value.nodes;
    const before = Map.groupBy(
      (Array.isArray(old) ? old : []).filter(isMapping),
      (raw) => raw.id,
    );
    value.nodes = value.nodes.map((raw: Mapping, index) => {
      if (Object.hasOwn(raw, "type")) return raw;
      const type: NodeType = nodes[index]!.type;
      const unchanged = before.get(raw.id)?.some((old) => equalValues(old, raw)) ?? false;
      if (unchanged && !this.#canonical && types.infer(raw) === type) return raw;
      const { id, ...rest } = raw;
      return id === undefined ? { type, ...rest } : { id, type, ...rest };
    });
  }
}

/** Keeps the lists of a file where they are; new ones follow in the canonical order. */
function placeLists(raw: Mapping, head: Mapping, lists: Mapping): Mapping {
  const value: Mapping = {};
  for (const key of Object.keys(raw)) {
    if (Object.hasOwn(lists, key)) value[key] = lists[key];
    else if (Object.hasOwn(head, key)) value[key] = head[key];
  }
  // Keys that the file does not have yet go behind the one that precedes them.
  const order = [...Object.keys(head), ...LISTS];
  const next = new Map(order.map((key, index) => [key, order[index + 1]]));
  const result: Mapping = {};
  const place = (first: string) => {
    let key: string | undefined = first;
    while (key !== undefined && !Object.hasOwn(result, key)) {
      result[key] = Object.hasOwn(lists, key) ? lists[key] : head[key];
      key = next.get(key);
      if (key !== undefined && Object.hasOwn(raw, key)) return;
    }
  };
  for (const key of Object.keys(value)) place(key);
  for (const key of order) place(key);
  return result;
}

function pick(head: Mapping, fields: readonly Field[]): Mapping {
  const keys = fields.flatMap((field) => field.keys);
  return Object.fromEntries(Object.entries(head).filter(([key]) => keys.includes(key)));
}

function isEmpty(metadata: object): boolean {
  return Object.values(metadata).every((value) => value === undefined);
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

function idOf(item: Mapping): string {
  return String(item.id ?? "");
}

function nameOf(item: Mapping): string {
  return String(item.name ?? "");
}

function edgeKey(item: Mapping): string {
  const { id, from = "", to = "", condition } = item;
  return id === undefined ? JSON.stringify([from, to, condition]) : `id ${String(id)}`;
}
