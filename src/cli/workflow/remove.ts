/**
 * `workflow delete`.
 *
 * @module
 */

import { InvalidDataError } from "../../domain/errors.ts";
import type { Context } from "../context.ts";
import { confirmed } from "../prompt.ts";
import { oneLine } from "../text.ts";
import { openWorkflows, revisionOptions } from "./store.ts";

/** Deletes workflows. */
export async function deleteWorkflows(context: Context): Promise<void> {
  const ids = context.arguments("ID");
  const store = await openWorkflows(context);
  // All must be there before the first is deleted; one that cannot be read may go.
  for (const id of ids) {
    await store.load(id).catch((error) => {
      if (!(error instanceof InvalidDataError)) throw error;
    });
  }
  const paths = ids.map((id) => `"${store.pathOf(id)}"`).join(", ");
  if (!await confirmed(context, `Delete ${paths}`)) return;
  for (const id of ids) {
    await store.delete(id, revisionOptions(context));
    context.note(oneLine(`Deleted workflow "${id}"`));
  }
}
