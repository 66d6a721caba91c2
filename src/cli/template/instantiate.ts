/**
 * `template instantiate`.
 *
 * @module
 */

import type { TemplateParameter } from "../../domain/template.ts";
import { encodeWorkflow } from "../../workflows/encode.ts";
import { formatDocument } from "../../workflows/yaml_format.ts";
import { readYaml } from "../../workflows/yaml_reader.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { readInput } from "../files.ts";
import { noteProblems } from "../verdicts.ts";
import { oneLine, printable } from "../text.ts";
import { openWorkflows } from "../workflow/store.ts";
import { openTemplates } from "./store.ts";

/** Makes a workflow of a template. */
export async function instantiate(context: Context): Promise<void> {
  const template = context.argument("ID");
  const id = context.text("id");
  const name = context.text("name");
  const templates = await openTemplates(context);
  const { parameters } = await templates.load(template);
  const { workflow, problems } = await templates.instantiate(
    template,
    { ...await valuesOfFile(context), ...valuesOfOptions(context, parameters) },
    { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) },
  );
  if (context.flag("save")) {
    const store = await openWorkflows(context);
    await store.save(workflow, { ifAbsent: true, message: `From template "${template}"` });
    context.note(oneLine(`Saved ${store.pathOf(workflow.id)}`));
  } else {
    const { stdout } = context.io;
    stdout.write(printable(stdout, formatDocument(encodeWorkflow(workflow).value)));
  }
  noteProblems(context, problems);
}

async function valuesOfFile(context: Context): Promise<Record<string, unknown>> {
  const file = context.text("values");
  if (file === undefined) return {};
  const text = await readInput(context, file);
  return readYaml(text, { action: `Cannot read "${file}"`, path: file }).value;
}

function valuesOfOptions(
  context: Context,
  parameters: readonly TemplateParameter[],
): Record<string, unknown> {
  return Object.fromEntries(
    context.texts("set").map((text) => {
      const equals = text.indexOf("=");
      if (equals < 1) throw new UsageError(`"--set" is NAME=VALUE, not "${text}"`);
      const name = text.slice(0, equals);
      const parameter = parameters.find((parameter) => parameter.name === name);
      if (parameter === undefined) {
        const candidates = parameters.map(({ name }) => name);
        const message = `Template "${context.argument("ID")}" has no parameter "${name}"`;
        throw new UsageError(message, { word: name, candidates });
      }
      return [name, convert(text.slice(equals + 1), parameter.type)];
    }),
  );
}

/** What does not look like its type stays text, for the store to report with all other problems. */
function convert(text: string, type: string): unknown {
  if (type === "number" && text.trim() !== "" && Number.isFinite(Number(text))) {
    return toNumber(text);
  }
  if (type === "boolean" && /^(?:true|false)$/.test(text)) return text === "true";
  if (type === "array") return text === "" ? [] : text.split(",");
  return text;
}

/** An integer of any size is exact. */
function toNumber(text: string): number | bigint {
  const number = Number(text);
  const isLong = Number.isInteger(number) && !Number.isSafeInteger(number);
  return isLong && /^\s*(?:[-+]?\d+|0[xob].*)\s*$/i.test(text) ? BigInt(text) : number;
}
