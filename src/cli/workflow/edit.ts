/**
 * `workflow edit`.
 *
 * @module
 */

import { NotFoundError, StorageError } from "../../domain/errors.ts";
import { readVariable, requirePermissions } from "../../permissions.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { startProgram } from "../program.ts";
import { proposal } from "../proposal.ts";
import { confirm } from "../prompt.ts";
import { noteProblems } from "../verdicts.ts";
import { oneLine, operand, visible } from "../text.ts";
import { openWorkflows } from "./store.ts";

/** Name of the revision that was there before the editor was opened last. */
const BEFORE = "before-edit";

/** Opens the file of a workflow in an editor, until it can be read. */
export async function editWorkflow(context: Context): Promise<void> {
  const id = context.argument("ID");
  const store = await openWorkflows(context);
  const path = store.pathOf(id);
  let before: string | undefined = await store.load(id).then(
    ({ revision }) => revision,
    (error) => {
      // A file that cannot be read is what one wants to edit.
      if (error instanceof NotFoundError || !(error instanceof StorageError)) throw error;
      context.note(visible(error.message));
      return undefined;
    },
  );
  // A file that was never saved by us has no revision yet.
  await store.tag(id, BEFORE);
  while (true) {
    await runEditor(path, context);
    try {
      const workflow = await store.load(id);
      context.note(oneLine(workflow.revision === before ? "Nothing changed" : `Edited ${path}`));
      noteProblems(context, workflow.problems());
      return;
    } catch (error) {
      if (!(error instanceof StorageError) || !context.io.stdin.isTerminal) throw error;
      context.note(visible(error.message));
      before = undefined;
      const undo = proposal(context, `workflow restore ${operand(id)} ${BEFORE}`);
      const refused = `The file stays as it is now, undo that with: ${undo}`;
      await confirm(context, "Edit it again", "edit it again", refused);
    }
  }
}

async function runEditor(path: string, context: Context): Promise<void> {
  const action = "Cannot start the editor";
  requirePermissions(
    action,
    { name: "env", variable: "VISUAL" },
    { name: "env", variable: "EDITOR" },
  );
  const editor = readVariable("VISUAL") || readVariable("EDITOR") || defaultEditor(context, action);
  // "code --wait" is a common value.
  const [program = editor, ...args] = editor.split(" ").filter(Boolean);
  const options = { args: [...args, path] };
  const { success, code } = await startProgram(
    `${action} "${editor}"`,
    program,
    options,
    "set EDITOR",
  ).status;
  if (!success) throw new StorageError(`The editor "${editor}" ended with status ${code}`);
}

function defaultEditor({ io }: Context, action: string): string {
  if (Deno.build.os === "windows") return "notepad";
  if (io.stdin.isTerminal) return "vi";
  throw new UsageError(`${action}: vi needs a terminal, set EDITOR to an editor that needs none`);
}
