/**
 * `workflow merge-driver`.
 *
 * @module
 */

import { diffWorkflows } from "../../domain/diff.ts";
import { InvalidDataError } from "../../domain/errors.ts";
import { mergeWorkflows } from "../../domain/merge.ts";
import type { Workflow } from "../../domain/workflow.ts";
import { requirePermissions } from "../../permissions.ts";
import { mergeTexts } from "../../workflows/merge_texts.ts";
import { prepareSave, verifyText } from "../../workflows/prepare_save.ts";
import { fingerprintOf } from "../../workflows/revision.ts";
import { type ParsedWorkflow, parseWorkflow } from "../../workflows/workflow_cache.ts";
import type { Context } from "../context.ts";
import { fileError, readInput } from "../files.ts";
import { oneLine } from "../text.ts";

/** Merges three files; the exit code is 1 when both sides changed the same thing. */
export async function mergeFiles(context: Context): Promise<number> {
  const path = context.argument("MINE");
  const read = async (file: string) => {
    const text = await readInput(context, file);
    // Where both sides made the file, git gives an empty one for the one before.
    return parseWorkflow(
      "merged",
      text.trim() === "" ? "{}" : text,
      `Cannot merge "${file}"`,
      file,
    );
  };
  const base = await read(context.argument("BASE"));
  const mine = await read(path);
  const theirs = await read(context.argument("THEIRS"));
  const { workflow, conflicts } = mergeWorkflows(base.workflow, mine.workflow, theirs.workflow);
  const action = `Cannot merge into "${path}"`;
  const text = joinedText(base, mine, theirs, workflow) ?? editedText(mine, workflow, action);
  if (text !== mine.document.text) {
    requirePermissions(action, { name: "write", path });
    await Deno.writeTextFile(path, text).catch((cause) => {
      throw fileError(cause, action, path);
    });
  }
  for (const { field } of conflicts) {
    context.note(oneLine(`Both changed ${field}, mine is kept: ${path}`));
  }
  // Not which: what looks like a comment may be part of a value.
  if (losesComments(base, theirs, text)) {
    context.note(oneLine(`Comments of the other side are left out: ${path}`));
  }
  return conflicts.length === 0 ? 0 : 1;
}

/** The lines of both sides, comments included; `undefined` when they do not say what was meant. */
function joinedText(
  base: ParsedWorkflow,
  mine: ParsedWorkflow,
  theirs: ParsedWorkflow,
  meant: Workflow,
): string | undefined {
  // The time that each save sets is no edit.
  const time = fingerprintOf(mine.document.text).lastModified;
  const [before, their] = [base, theirs].map(({ document: { text } }) => {
    const { lastModified } = fingerprintOf(text);
    return lastModified === "" || time === "" ? text : text.replace(lastModified, () => time);
  });
  const text = mergeTexts(before!, mine.document.text, their!);
  if (text === undefined) return undefined;
  try {
    const { workflow } = parseWorkflow("merged", text, "Cannot merge");
    return diffWorkflows(workflow, meant).length === 0 ? text : undefined;
  } catch (error) {
    if (error instanceof InvalidDataError) return undefined;
    throw error;
  }
}

/** My text with what they changed. */
function editedText({ document }: ParsedWorkflow, workflow: Workflow, action: string): string {
  const prepared = prepareSave(workflow, document, { action, now: new Date() });
  if (prepared === undefined) return document.text;
  const { value, texts } = prepared;
  for (const candidate of texts) {
    if (verifyText(candidate, value, action) !== undefined) return candidate.text;
  }
  throw new InvalidDataError(`${action}: no YAML text says the same`);
}

/** Tells whether they have comments that neither the base nor a text has. */
function losesComments(base: ParsedWorkflow, theirs: ParsedWorkflow, text: string): boolean {
  const known = new Set([...commentsOf(base.document.text), ...commentsOf(text)]);
  return commentsOf(theirs.document.text).some((comment) => !known.has(comment));
}

function commentsOf(text: string): string[] {
  return [...text.matchAll(/(?<=^|\s)#.*$/gm)].map(([comment]) => comment.trim());
}
