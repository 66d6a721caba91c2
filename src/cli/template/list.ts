/**
 * `template list`, `template show` and `template validate`.
 *
 * @module
 */

import { templateProblems, type WorkflowTemplate } from "../../domain/template.ts";
import type { Context } from "../context.ts";
import { snakeCase } from "../json.ts";
import { invalidJson, noteInvalid, printRecord, printRecords } from "../records.ts";
import { printable } from "../text.ts";
import { allVerdicts, printVerdicts, type Verdict, verdictOn } from "../verdicts.ts";
import { openTemplates } from "./store.ts";

/** Lists templates. */
export async function listTemplates(context: Context): Promise<void> {
  const store = await openTemplates(context);
  const { templates, invalid } = await store.list();
  await printRecords(context, {
    name: "templates",
    items: templates,
    columns: [
      { title: "ID", text: ({ id }) => id, shrinks: true },
      { title: "NAME", text: ({ name }) => name, shrinks: true },
      { title: "VERSION", text: ({ version }) => version ?? "-" },
      {
        title: "PARAMETERS",
        text: ({ parameters }) =>
          parameters.map(({ name, required }) => required ? name : `[${name}]`).join(" "),
        shrinks: true,
      },
    ],
    json: ({ id, name, version, description, parameters }) => ({
      id,
      name,
      version,
      description,
      parameters: parameters.map(({ name }) => name),
    }),
    id: ({ id }) => id,
    empty: "No templates found",
    fields: () => ({ invalid: invalidJson(invalid) }),
  });
  noteInvalid(context, invalid);
}

/** Shows a template. */
export async function showTemplate(context: Context): Promise<void> {
  const id = context.argument("ID");
  const store = await openTemplates(context);
  const template = await store.load(id);
  if (context.format === "json") {
    printRecord(context, templateJson(template), () => {});
    return;
  }
  const { stdout } = context.io;
  stdout.write(printable(stdout, await store.readText(id)));
}

function templateJson(template: WorkflowTemplate): unknown {
  const { parameters, extra, ...rest } = template;
  return {
    ...snakeCase(rest),
    parameters: parameters.map(({ validation, extra, ...parameter }) => ({
      ...parameter,
      ...(validation === undefined ? {} : { validation: snakeCase(validation) }),
      ...extra,
    })),
    ...extra,
  };
}

/** Checks templates; the exit code is 1 when one is not valid. */
export async function validateTemplates(context: Context): Promise<number> {
  const ids = context.arguments("ID");
  const store = await openTemplates(context);
  if (ids.length === 0) {
    const { templates, invalid } = await store.list();
    const readable = templates.map((template) => ({
      id: template.id,
      problems: templateProblems(template),
    }));
    return await printVerdicts(context, "templates", allVerdicts(readable, invalid));
  }
  const verdicts: Verdict[] = [];
  for (const id of ids) verdicts.push(await verdictOn(id, () => store.problems(id)));
  return await printVerdicts(context, "templates", verdicts);
}
