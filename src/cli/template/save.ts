/**
 * `template save` and `template delete`.
 *
 * @module
 */

import { InvalidDataError } from "../../domain/errors.ts";
import { templateProblems } from "../../domain/template.ts";
import { decodeTemplate } from "../../workflows/template_codec.ts";
import { readYaml } from "../../workflows/yaml_reader.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { deleteNamed } from "../deletion.ts";
import { printRecord } from "../records.ts";
import { idOfFile, readInput } from "../files.ts";
import { noteProblems } from "../verdicts.ts";
import { oneLine } from "../text.ts";
import { openTemplates } from "./store.ts";

/** Stores a template from a file. */
export async function saveTemplate(context: Context): Promise<void> {
  const file = context.argument("FILE");
  const id = context.text("id") ?? idOfFile(file);
  if (id === undefined) throw new UsageError("Standard input has no name, pass --id");
  const options = { action: `Cannot read "${file}"`, path: file };
  const template = decodeTemplate(readYaml(await readInput(context, file), options), id, options);
  const problems = templateProblems(template);
  if (context.flag("strict") && problems.length > 0) {
    throw new InvalidDataError(`Template "${id}" is not valid: ${problems.join("; ")}`, {
      problems,
    });
  }
  const store = await openTemplates(context);
  const { changed } = await store.save(template, { ifAbsent: context.flag("create") });
  const path = store.pathOf(id);
  printRecord(context, { id, path, changed }, () => {
    context.note(oneLine(changed ? `Saved ${path}` : `Nothing changed in ${path}`));
  });
  noteProblems(context, problems);
}

/** Deletes templates. */
export async function deleteTemplates(context: Context): Promise<void> {
  const store = await openTemplates(context);
  await deleteNamed(context, "template", store, (id) => store.delete(id));
}
