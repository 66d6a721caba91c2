/**
 * `workflow save`.
 *
 * @module
 */

import { basename } from "@std/path";
import { parseWorkflow } from "../../workflows/workflow_cache.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { readInput } from "../files.ts";
import { oneLine } from "../text.ts";
import { openWorkflows } from "./store.ts";

/** Stores a workflow from a file. */
export async function saveWorkflow(context: Context): Promise<void> {
  const file = context.argument("FILE");
  const text = await readInput(context, file);
  const { workflow, idInFile } = parseWorkflow("", text, `Cannot read "${file}"`, file);
  const id = context.text("id") ?? idInFile ?? nameOf(file);
  if (id === undefined) {
    throw new UsageError("Standard input has no id in it, pass --id");
  }
  workflow.id = id;
  if (context.flag("strict")) workflow.validate();
  const store = await openWorkflows(context);
  const { revision, changed, rewritten } = await store.save(workflow);
  const path = store.pathOf(id);
  context.record({ id, path, revision, changed, rewritten: rewritten ?? false }, () => {
    context.note(oneLine(changed ? `Saved ${path}` : `Nothing changed in ${path}`));
  });
  if (rewritten) context.note("The whole file had to be written anew, without its comments");
  for (const problem of workflow.problems()) context.note(oneLine(`Not valid yet: ${problem}`));
}

function nameOf(file: string): string | undefined {
  return file === "-" ? undefined : basename(file).replace(/\.ya?ml$/, "");
}
