/**
 * `workflow save` and `workflow normalize`.
 *
 * @module
 */

import type { SaveOptions, SaveResult } from "../../domain/workflow_repository.ts";
import { ConflictError } from "../../domain/errors.ts";
import { parseWorkflow } from "../../workflows/workflow_cache.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { printRecord } from "../records.ts";
import { idOfFile, readInput } from "../files.ts";
import { snakeCase } from "../json.ts";
import { confirmed } from "../prompt.ts";
import { noteProblems } from "../verdicts.ts";
import { oneLine } from "../text.ts";
import { openWorkflows, revisionOptions } from "./store.ts";

/** Stores a workflow from a file. */
export async function saveWorkflow(context: Context): Promise<void> {
  const options = saveOptions(context);
  const file = context.argument("FILE");
  const text = await readInput(context, file);
  const { workflow, idInFile } = parseWorkflow("", text, `Cannot read "${file}"`, file);
  const id = context.text("id") ?? idInFile ?? idOfFile(file);
  if (id === undefined) throw new UsageError("Standard input has no id in it, pass --id");
  workflow.id = id;
  // That of the text that was read; conflicts are a matter of --if-revision.
  delete workflow.revision;
  if (context.flag("strict")) workflow.validate();
  const store = await openWorkflows(context);
  const result = await store.save(workflow, options).catch((error) => {
    if (error instanceof ConflictError) {
      for (const { field } of error.conflicts) context.note(oneLine(`Both changed ${field}`));
    }
    throw error;
  });
  report(context, id, store.pathOf(id), result);
  noteProblems(context, workflow.problems());
}

function saveOptions(context: Context): SaveOptions {
  const ifRevision = context.text("if-revision");
  if (context.flag("merge") && ifRevision === undefined) {
    throw new UsageError('Option "--merge" needs the option "--if-revision"');
  }
  return {
    ...revisionOptions(context),
    ifRevision,
    ifAbsent: context.flag("create"),
    onConflict: context.flag("merge") ? "merge" : "refuse",
    uniqueName: context.flag("unique-name"),
    secrets: context.text("secrets") as SaveOptions["secrets"],
  };
}

/** Converts a file to the canonical form. */
export async function normalizeWorkflow(context: Context): Promise<void> {
  const id = context.argument("ID");
  const store = await openWorkflows(context);
  await store.load(id);
  const path = store.pathOf(id);
  if (!await confirmed(context, `Write "${path}" anew, without its comments`)) return;
  const { rewritten: _, ...result } = await store.normalize(id, revisionOptions(context));
  report(context, id, path, result);
}

function report(context: Context, id: string, path: string, result: SaveResult): void {
  const { changed, rewritten, merged, secrets = [] } = result;
  printRecord(context, { id, path, ...snakeCase(result) }, () => {
    context.note(oneLine(changed ? `Saved ${path}` : `Nothing changed in ${path}`));
  });
  if (merged) context.note("Somebody else was faster, both edits were joined");
  if (rewritten) context.note("The whole file had to be written anew, without its comments");
  for (const { path, kind, excerpt } of secrets) {
    context.note(oneLine(`Looks like a secret (${kind}): ${path} = ${excerpt}`));
  }
}
