/**
 * Makes a workflow of a template.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import { newId } from "../domain/ids.ts";
import {
  nodesOf,
  resolveParameters,
  substitute,
  templateProblems,
  type WorkflowTemplate,
} from "../domain/template.ts";
import type { InstantiatedTemplate, InstantiateOptions } from "../domain/template_repository.ts";
import { isMapping, type Mapping } from "../domain/value.ts";
import { decodeWorkflow } from "./decode.ts";
import { LIMITS } from "./limits.ts";
import { refuse, storableProblems } from "./storable.ts";
import { formatYaml } from "./yaml_writer.ts";
import { readYaml } from "./yaml_reader.ts";

/**
 * Makes a workflow of a template.
 *
 * @param template The template.
 * @param parameters Values of its parameters; those of unknown names are passed over.
 * @param options Id and name.
 * @returns The workflow, and the invariants that it breaks.
 * @throws {InvalidDataError} If the template or the values are wrong; `problems` lists all.
 *
 * @example A greeting
 * ```ts
 * import { instantiateTemplate } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const { workflow, problems } = instantiateTemplate({
 *   id: "greeting",
 *   name: "greeting",
 *   parameters: [{ name: "text", type: "string", required: true }],
 *   workflowSpec: {
 *     nodes: [
 *       { id: "start", type: "start" },
 *       { id: "end", type: "end", config: { return: "{{text}}, world" } },
 *     ],
 *     edges: [{ from: "start", to: "end" }],
 *   },
 * }, { text: "Hello" });
 * assertEquals(workflow.nodes[1], { id: "end", type: "end", return: "Hello, world" });
 * assertEquals(problems, []);
 * ```
 */
export function instantiateTemplate(
  template: WorkflowTemplate,
  parameters: Readonly<Record<string, unknown>> = {},
  options: InstantiateOptions = {},
): InstantiatedTemplate {
  const action = `Cannot make a workflow of template ${JSON.stringify(template.id)}`;
  const { values, problems } = resolveParameters(template.parameters, parameters);
  const unstorable = [...values].flatMap(([name, value]) =>
    storableProblems(value, `Parameter ${JSON.stringify(name)}`)
  );
  const wrong = [...templateProblems(template), ...problems, ...unstorable];
  if (wrong.length > 0) {
    throw new InvalidDataError(`${action}: ${wrong.join("; ")}`, { problems: wrong });
  }
  const value = filledIn(template, values, action);
  const { id = newId(), name } = options;
  if (name !== undefined) value.name = name;
  value.id = id;
  refuse(action, storableProblems(value, ""));
  const { workflow } = decodeWorkflow(readYaml(formatYaml(value), { action }), id, { action });
  return { workflow, problems: workflow.problems() };
}

function filledIn(
  template: WorkflowTemplate,
  values: ReadonlyMap<string, unknown>,
  action: string,
): Mapping {
  try {
    return workflowValue(template, values);
  } catch (cause) {
    if (cause instanceof InvalidDataError) {
      throw new InvalidDataError(`${action}: ${cause.message}`, { cause });
    }
    // Longer than any string can be.
    if (!(cause instanceof RangeError)) throw cause;
    throw new InvalidDataError(`${action}: it is larger than ${LIMITS.bytes} bytes`, { cause });
  }
}

function workflowValue(template: WorkflowTemplate, values: ReadonlyMap<string, unknown>): Mapping {
  const spec = template.workflowSpec;
  const isIn = ({ condition }: Mapping) => {
    if (condition === undefined || condition === null) return true;
    return substitute(condition, values) === true;
  };
  const idOf = (id: unknown) => String(substitute(id, values));
  const ids = (nodes: Mapping[]) => new Set(nodes.map(({ id }) => idOf(id)));
  const { in: present = [], out = [] } = Object.groupBy(
    nodesOf(spec),
    (node) => isIn(node) ? "in" : "out",
  );
  // Of nodes with the same id, such as two ways to do a thing, one may be in.
  const left = ids(out).difference(ids(present));
  const stays = (id: unknown) => !left.has(idOf(id));
  // What is no mapping is told when the workflow is read.
  const nodes = mapItems(spec.nodes, (node) => isIn(node) ? [nodeValue(node, stays)] : []);
  const edges = mapItems(
    spec.edges,
    (edge) => stays(edge.from) && stays(edge.to) ? [edge] : [],
  );
  const named = {
    name: template.name,
    version: template.version ?? "1.0",
    ...(template.description === undefined ? {} : { description: template.description }),
  };
  return substitute({ ...named, ...spec, nodes, edges }, values) as Mapping;
}

function mapItems(list: unknown, change: (item: Mapping) => Mapping[]): unknown {
  if (!Array.isArray(list)) return list;
  return list.flatMap((item) => isMapping(item) ? change(item) : [item]);
}

/** The fields of a node are under `config`; the condition beside it has done its work. */
function nodeValue(
  { condition: _, config, ...node }: Mapping,
  stays: (id: unknown) => boolean,
): Mapping {
  const value: Mapping = { ...node, ...(isMapping(config) ? config : {}) };
  if (Array.isArray(value.body)) value.body = value.body.filter(stays);
  if (Array.isArray(value.branches)) {
    value.branches = value.branches
      .map((branch) => Array.isArray(branch) ? branch.filter(stays) : branch);
  }
  return value;
}
