/**
 * `workflow delete`.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { deleteNamed } from "../deletion.ts";
import { openWorkflows, revisionOptions } from "./store.ts";

/** Deletes workflows. */
export async function deleteWorkflows(context: Context): Promise<void> {
  const store = await openWorkflows(context);
  const options = revisionOptions(context);
  await deleteNamed(context, "workflow", store, (id) => store.delete(id, options));
}
