/**
 * Makes the values of a file of a workflow. With a document as the base, each
 * field stays under the key that the file has for it, and what did not change
 * stays as it is, unknown keys included.
 *
 * @module
 */

import type { NodeType, WorkflowNode } from "../domain/node.ts";
import type { Workflow } from "../domain/workflow.ts";
import { Dialect } from "./dialect.ts";
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
import { type At, emptyValue, keyOf, type ReadContext, readField } from "./read_field.ts";
import { cloneValue, equalValues, isMapping, type Mapping, storableProblems } from "./value.ts";
import { writeField } from "./write_field.ts";
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

interface Base {
  raw: Mapping;
  at: At | undefined;
}

class Encoder {
  readonly #base: YamlDocument | undefined;
  readonly #canonical: boolean;
  readonly #dialect: Dialect;
  readonly #context: ReadContext | undefined;
  readonly #problems: string[] = [];

  constructor({ base, canonical = false }: EncodeOptions) {
    this.#base = base;
    this.#canonical = canonical;
    this.#dialect = new Dialect(canonical ? undefined : base?.value);
    if (base !== undefined) this.#context = { document: base, misfits: [] };
  }

  encode(workflow: Workflow): EncodedWorkflow {
    const raw = this.#base?.value;
    const { variables, servers, nodes, edges, id, ...rest } = workflow;
    const lists = {
      variables: this.#list("variables", variables, () => VARIABLE_FIELDS, nameOf),
      servers: this.#list("servers", servers, () => SERVER_FIELDS, idOf),
      nodes: this.#nodes(nodes),
      edges: this.#list("edges", edges, () => EDGE_FIELDS, edgeKey),
    };
    const { variables: _v, servers: _s, nodes: _n, edges: _e, ...top } = raw ?? {};
    // The name of the file is the id; what the file says about it is left alone.
    const fileId = raw === undefined || this.#canonical ? id : raw.id;
    const fields = { ...rest, id: raw === undefined ? id : textOf(fileId) };
    const metadata = isEmpty(workflow.metadata) ? undefined : workflow.metadata;
    const head = this.#object(
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
    return { value, problems: [...this.#problems, ...storableProblems(value, "")] };
  }

  #nodes(nodes: readonly WorkflowNode[]): unknown {
    return this.#list("nodes", nodes, (node, index) => {
      const type = (node as Partial<WorkflowNode>).type;
      if (isNodeType(type)) return NODE_FIELDS[type];
      this.#problems.push(`nodes[${index}].type is "${String(type)}", which is no type of node`);
      return NODE_FIELDS.passthrough;
    }, idOf);
  }

  #list<T extends object>(
    name: (typeof LISTS)[number],
    items: readonly T[],
    fieldsOf: (item: T, index: number) => readonly Field[],
    key: (item: Mapping) => string,
  ): unknown {
    const old = this.#base?.value[name];
    const raws = Array.isArray(old) ? old.filter(isMapping) : [];
    if (items.length === 0 && raws.length === 0) return old;
    const waiting = new Map<string, number[]>();
    for (const [index, raw] of raws.entries()) {
      const indexes = waiting.get(key(raw));
      if (indexes === undefined) waiting.set(key(raw), [index]);
      else indexes.push(index);
    }
    return items.map((item, index) => {
      const from = waiting.get(key(item as Mapping))?.shift();
      const base = from === undefined
        ? undefined
        : { raw: raws[from]!, at: { parent: { step: name }, step: from } };
      return this.#object(item as Mapping, fieldsOf(item, index), base, `${name}[${index}]`);
    });
  }

  /** A node whose type the file does not say gains it when it changes, or when it would be inferred wrongly. */
  #typeNodes(nodes: readonly WorkflowNode[], value: Mapping): void {
    if (!Array.isArray(value.nodes)) return;
    const types = new NodeTypes(value.edges);
    const old = this.#base?.value.nodes;
    const before = new Map(
      (Array.isArray(old) ? old : []).filter(isMapping).map((raw) => [raw.id, raw]),
    );
    value.nodes = value.nodes.map((raw: Mapping, index) => {
      if (Object.hasOwn(raw, "type")) return raw;
      const type: NodeType = nodes[index]!.type;
      const unchanged = equalValues(before.get(raw.id), raw);
      if (unchanged && !this.#canonical && types.infer(raw) === type) return raw;
      const { id, ...rest } = raw;
      return id === undefined ? { type, ...rest } : { id, type, ...rest };
    });
  }

  #object(
    item: Mapping,
    fields: readonly Field[],
    base: Base | undefined,
    at: string,
  ): Mapping {
    const { raw, at: place } = base ?? { raw: {}, at: undefined };
    const extra = this.#extra(item.extra, `${at}.extra`);
    const fieldOf = new Map<string, Field>();
    for (const field of fields) {
      const key = keyOf(raw, field);
      if (key !== undefined) fieldOf.set(key, field);
    }
    const entries: [key: string, value: unknown, field?: Field][] = [];
    for (const key of Object.keys(raw)) {
      const field = fieldOf.get(key);
      if (field === undefined) {
        if (extra[key] !== undefined) entries.push([key, extra[key]]);
        continue;
      }
      const name = this.#canonical ? field.keys[0]! : key;
      const value = this.#field(item[field.name], field, raw[key], place, key, at);
      if (value !== undefined) entries.push([name, value, field]);
    }
    this.#insertMissing(entries, item, fields, new Set(fieldOf.values()), base, at);
    const result: Mapping = {};
    if (this.#canonical) entries.sort((a, b) => rank(fields, a[2]) - rank(fields, b[2]));
    for (const [key, value] of entries) result[key] = value;
    for (const key of Object.keys(extra)) {
      if (extra[key] === undefined || Object.hasOwn(raw, key)) continue;
      this.#refuseFieldKey(key, extra[key], entries, fields, at);
      result[key] = extra[key];
    }
    return result;
  }

  #extra(extra: unknown, at: string): Mapping {
    if (extra === undefined) return {};
    const problems = isMapping(extra) ? storableProblems(extra, at) : [`${at} must be an object`];
    this.#problems.push(...problems);
    return problems.length === 0 ? cloneValue(extra as Mapping) : {};
  }

  #insertMissing(
    entries: [string, unknown, Field?][],
    item: Mapping,
    fields: readonly Field[],
    present: Set<Field>,
    base: Base | undefined,
    at: string,
  ): void {
    for (const [index, field] of fields.entries()) {
      const value = item[field.name];
      if (value === undefined || present.has(field)) continue;
      if (base !== undefined) {
        if (field.required && equalValues(value, emptyValue(field))) continue;
        if (field.name === "type" && fields !== VARIABLE_FIELDS) continue;
      }
      const written = this.#field(value, field, undefined, undefined, field.keys[0]!, at);
      if (written === undefined) continue;
      let after = -1;
      for (const [position, [, , other]] of entries.entries()) {
        if (other !== undefined && fields.indexOf(other) < index) after = position;
      }
      // Never first in an existing mapping: its first key may share a line with a dash.
      const position = base !== undefined && entries.length > 0 ? Math.max(after, 0) : after;
      entries.splice(position + 1, 0, [this.#dialect.keyFor(field), written, field]);
    }
  }

  /** Keeps what the file has when it says the same. */
  #field(
    value: unknown,
    field: Field,
    raw: unknown,
    parent: At | undefined,
    key: string,
    at: string,
  ): unknown {
    const place = parent === undefined ? { step: key } : { parent, step: key };
    if (raw !== undefined) {
      let old = readField(field, raw, place, this.#context!);
      if (old === undefined && field.required) old = emptyValue(field);
      if (equalValues(old, value)) return raw;
    }
    if (value === undefined) return undefined;
    if (field.kind === "object" && isMapping(value)) {
      const base = isMapping(raw) ? { raw, at: place } : undefined;
      return this.#object(value, field.fields!, base, `${at}.${field.name}`);
    }
    return writeField(field, value, raw, `${at}.${field.name}`, {
      problems: this.#problems,
      read: (part, step) => readField(TEXT, part, { parent: place, step }, this.#context!),
    });
  }

  #refuseFieldKey(
    key: string,
    value: unknown,
    entries: readonly [string, unknown, Field?][],
    fields: readonly Field[],
    at: string,
  ): void {
    const field = fields.find((candidate) => candidate.keys.includes(key));
    if (field === undefined || keyOf({ [key]: value }, field) === undefined) return;
    const chosen = entries.find(([, , other]) => other === field)?.[0];
    if (chosen !== undefined && field.keys.indexOf(chosen) < field.keys.indexOf(key)) return;
    this.#problems.push(
      `${at}.extra has the key "${key}", which belongs to the field "${field.name}"`,
    );
  }
}

const TEXT: Field = { name: "", keys: [], kind: "text" };

/** Keeps the lists of a file where they are; new ones follow in the canonical order. */
function placeLists(raw: Mapping, head: Mapping, lists: Mapping): Mapping {
  const value: Mapping = {};
  for (const key of Object.keys(raw)) {
    if (Object.hasOwn(lists, key)) value[key] = lists[key];
    else if (Object.hasOwn(head, key)) value[key] = head[key];
  }
  // Keys that the file does not have yet go behind the one that precedes them.
  const order = [...Object.keys(head), ...LISTS];
  const result: Mapping = {};
  const place = (key: string) => {
    if (Object.hasOwn(result, key)) return;
    result[key] = Object.hasOwn(lists, key) ? lists[key] : head[key];
    const next = order[order.indexOf(key) + 1];
    if (next !== undefined && !Object.hasOwn(raw, next)) place(next);
  };
  for (const key of Object.keys(value)) place(key);
  for (const key of order) place(key);
  return result;
}

function pick(head: Mapping, fields: readonly Field[]): Mapping {
  const keys = fields.flatMap((field) => field.keys);
  return Object.fromEntries(Object.entries(head).filter(([key]) => keys.includes(key)));
}

function rank(fields: readonly Field[], field: Field | undefined): number {
  return field === undefined ? fields.length : fields.indexOf(field);
}

function isEmpty(metadata: object): boolean {
  return Object.values(metadata).every((value) => value === undefined);
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

function idOf(item: Mapping): string {
  return String(item.id);
}

function nameOf(item: Mapping): string {
  return String(item.name);
}

function edgeKey(item: Mapping): string {
  if (item.id !== undefined) return `id ${String(item.id)}`;
  return JSON.stringify([item.from, item.to, item.condition]);
}
