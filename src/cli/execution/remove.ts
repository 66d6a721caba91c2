/**
 * `execution delete`.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { confirmed } from "../prompt.ts";
import { oneLine } from "../text.ts";
import { openExecutions } from "./store.ts";

/** Deletes runs. */
export async function deleteExecutions(context: Context): Promise<void> {
  const ids = context.arguments("ID");
  using store = await openExecutions(context);
  const parts: string[] = [];
  // All must be there before the first is deleted.
  for (const id of ids) {
    const { workflowId, status, nodeExecutions } = await store.load(id);
    parts.push(
      `execution "${id}" (${workflowId}, ${status}, ${nodeExecutions.length} node executions)`,
    );
  }
  if (!await confirmed(context, `Delete ${parts.join(", ")}`)) return;
  for (const id of ids) {
    await store.delete(id);
    context.note(oneLine(`Deleted execution "${id}"`));
  }
}
