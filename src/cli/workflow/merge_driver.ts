/**
 * `workflow merge-driver`.
 *
 * @module
 */

import { InvalidDataError } from "../../domain/errors.ts";
import { mergeWorkflows } from "../../domain/merge.ts";
import { requirePermissions } from "../../permissions.ts";
import { prepareSave, verifyText } from "../../workflows/prepare_save.ts";
import { parseWorkflow } from "../../workflows/workflow_cache.ts";
import type { Context } from "../context.ts";
import { fileError, readInput } from "../files.ts";
import { oneLine } from "../text.ts";

/** Merges three files; the exit code is 1 when both sides changed the same thing. */
export async function mergeFiles(context: Context): Promise<number> {
  const path = context.argument("MINE");
  const read = async (file: string) =>
    parseWorkflow("merged", await readInput(context, file), `Cannot merge "${file}"`, file);
  const base = await read(context.argument("BASE"));
  const mine = await read(path);
  const theirs = await read(context.argument("THEIRS"));
  const { workflow, conflicts } = mergeWorkflows(base.workflow, mine.workflow, theirs.workflow);
  const action = `Cannot merge into "${path}"`;
  const prepared = prepareSave(workflow, mine.document, { action, now: new Date() });
  if (prepared !== undefined) {
    requirePermissions(action, { name: "write", path });
    await Deno.writeTextFile(path, textOf(prepared, action)).catch((cause) => {
      throw fileError(cause, action, path);
    });
  }
  for (const { field } of conflicts) {
    context.note(oneLine(`Both changed ${field}, mine is kept: ${path}`));
  }
  return conflicts.length === 0 ? 0 : 1;
}

function textOf({ value, texts }: NonNullable<ReturnType<typeof prepareSave>>, action: string) {
  for (const candidate of texts) {
    if (verifyText(candidate, value, action) !== undefined) return candidate.text;
  }
  throw new InvalidDataError(`${action}: no YAML text says the same`);
}
