/**
 * Deletes what lies in files, or in their place on a server.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { TemplateRepository } from "../domain/template_repository.ts";
import type { WorkflowRepository } from "../domain/workflow_repository.ts";
import type { Context } from "./context.ts";
import { confirmed } from "./prompt.ts";
import { oneLine } from "./text.ts";

/**
 * Deletes what the arguments `ID` name, once the user has confirmed it.
 *
 * @param context The call.
 * @param kind What they are.
 * @param store The store.
 * @param remove Deletes one.
 * @throws {NotFoundError} If one of them does not exist; then nothing was deleted.
 */
export async function deleteNamed(
  context: Context,
  kind: "workflow" | "template",
  store: WorkflowRepository | TemplateRepository,
  remove: (id: string) => Promise<void>,
): Promise<void> {
  const ids = context.arguments("ID");
  for (const id of ids) {
    await store.load(id).catch((error) => {
      // What cannot be read may go.
      if (!(error instanceof InvalidDataError)) throw error;
    });
  }
  const paths = ids.map((id) => `"${store.pathOf(id)}"`).join(", ");
  if (!await confirmed(context, `Delete ${paths}`)) return;
  for (const id of ids) {
    await remove(id);
    context.note(oneLine(`Deleted ${kind} "${id}"`));
  }
}
