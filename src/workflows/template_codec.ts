/**
 * Reads and writes template files.
 *
 * @module
 */

import type { TemplateParameter, WorkflowTemplate } from "../domain/template.ts";
import type { Mapping } from "../domain/value.ts";
import { readObjects, refuseMisfits } from "./decode.ts";
import { ObjectEncoder } from "./encode_object.ts";
import type { EncodedWorkflow } from "./encode.ts";
import type { Field } from "./fields.ts";
import { type ReadContext, readFields } from "./read_field.ts";
import type { ReadYamlOptions, YamlDocument } from "./yaml_reader.ts";

const text = (name: string): Field => ({ name, keys: [name], kind: "text" });

const VALIDATION_FIELDS: readonly Field[] = [
  { name: "min", keys: ["min"], kind: "number" },
  { name: "max", keys: ["max"], kind: "number" },
  text("pattern"),
  { name: "minLength", keys: ["min_length"], kind: "number" },
  { name: "maxLength", keys: ["max_length"], kind: "number" },
];

const PARAMETER_FIELDS: readonly Field[] = [
  { ...text("name"), required: true },
  { ...text("type"), required: true },
  { name: "required", keys: ["required"], kind: "boolean" },
  { name: "default", keys: ["default"], kind: "any" },
  text("description"),
  { name: "validation", keys: ["validation"], kind: "object", fields: VALIDATION_FIELDS },
];

const TEMPLATE_FIELDS: readonly Field[] = [
  { ...text("name"), required: true },
  text("description"),
  text("version"),
  { name: "workflowSpec", keys: ["workflow_spec"], kind: "anyMap" },
];

/** Makes a template of a document. */
export function decodeTemplate(
  document: YamlDocument,
  id: string,
  options: ReadYamlOptions,
): WorkflowTemplate {
  const context: ReadContext = { document, misfits: [] };
  const { parameters: list, ...top } = document.value;
  const { values, extra } = readFields(top, TEMPLATE_FIELDS, undefined, context);
  const parameters = readObjects<TemplateParameter>(list, "parameters", PARAMETER_FIELDS, context);
  refuseMisfits(context, options);
  return {
    id,
    ...values as { name: string },
    parameters,
    workflowSpec: (values.workflowSpec ?? {}) as Mapping,
    ...(extra === undefined ? {} : { extra }),
  };
}

/** Makes the values of a file. */
export function encodeTemplate(
  template: WorkflowTemplate,
  base: YamlDocument | undefined,
): EncodedWorkflow {
  const encoder = new ObjectEncoder(base, false);
  const parameters = encoder.list(
    "parameters",
    template.parameters,
    () => PARAMETER_FIELDS,
    ({ name }) => String(name),
  );
  const { parameters: _, ...raw } = base?.value ?? {};
  const head = encoder.object(
    template as unknown as Mapping,
    TEMPLATE_FIELDS,
    base === undefined ? undefined : { raw, at: undefined },
    "template",
  );
  const value: Mapping = {};
  const order = base === undefined
    ? ["name", "description", "version", "parameters", "workflow_spec", ...Object.keys(head)]
    : [...Object.keys(base.value), ...Object.keys(head), "parameters"];
  for (const key of order) {
    const item = key === "parameters" ? parameters : head[key];
    if (item !== undefined) value[key] = item;
  }
  return { value, problems: encoder.problems };
}
