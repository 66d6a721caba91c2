/**
 * `execution pin`, `unpin` and `label`.
 *
 * @module
 */

import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { printRecord } from "../records.ts";
import { oneLine } from "../text.ts";
import { type OpenExecutions, openExecutions } from "./store.ts";

/** Keeps runs from every pruning. */
export async function pinExecutions(context: Context): Promise<void> {
  await setPins(context, "Pinned", (store, id) => store.pin(id));
}

/** Lets runs be pruned again. */
export async function unpinExecutions(context: Context): Promise<void> {
  await setPins(context, "Unpinned", (store, id) => store.unpin(id));
}

async function setPins(
  context: Context,
  done: string,
  set: (store: OpenExecutions, id: string) => Promise<void>,
): Promise<void> {
  using store = await openExecutions(context);
  for (const id of context.arguments("ID")) {
    await store.load(id, { nodeExecutions: "none" });
    await set(store, id);
    context.note(oneLine(`${done} execution "${id}"`));
  }
}

/** Puts labels on a run, takes them off, or lists them. */
export async function labelExecution(context: Context): Promise<void> {
  const id = context.argument("ID");
  const labels = context.arguments("LABEL");
  const remove = context.flag("remove");
  if (remove && labels.length === 0) throw new UsageError("Argument LABEL is missing");
  using store = await openExecutions(context);
  await store.load(id, { nodeExecutions: "none" });
  if (remove) await store.removeLabels(id, ...labels);
  else if (labels.length > 0) await store.addLabels(id, ...labels);
  const all = await store.getLabels(id);
  printRecord(context, { id, labels: all }, () => {
    for (const label of all) context.print(oneLine(label));
  });
}
