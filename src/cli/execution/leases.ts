/**
 * `execution claim` and `execution interrupt`.
 *
 * @module
 */

import { ConflictError } from "../../domain/errors.ts";
import { isLive } from "../../executions/leases.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { printRecord } from "../records.ts";
import { confirmed } from "../prompt.ts";
import { oneLine } from "../text.ts";
import { toDuration } from "../values.ts";
import { openExecutions } from "./store.ts";

/** Takes over a run whose owner is gone. */
export async function claimExecution(context: Context): Promise<void> {
  const id = context.argument("ID");
  const owner = context.text("owner");
  if (owner === undefined) throw new UsageError('Option "--owner" is missing');
  const duration = context.value("for", toDuration);
  using store = await openExecutions(context);
  if (!await store.claim(id, owner, duration)) {
    const { status } = await store.load(id, { nodeExecutions: "none" });
    const lease = await store.getLease(id);
    const owned = lease === undefined ? "without an owner" : `owned by "${lease.owner}"`;
    const actual = isLive(status) ? owned : status;
    throw new ConflictError(
      `Cannot claim execution "${id}": it is ${actual}, wanted is a live run whose owner is gone`,
      { expected: "abandoned", actual },
    );
  }
  const lease = await store.getLease(id);
  printRecord(context, { id, owner, expires_at: lease?.expiresAt }, () => {
    context.note(oneLine(`Execution "${id}" belongs to "${owner}" now`));
  });
}

/** Ends runs whose owner is gone. */
export async function interruptExecutions(context: Context): Promise<void> {
  let ids = context.arguments("ID");
  using store = await openExecutions(context);
  // All must be there before the first is ended.
  for (const id of ids) await store.load(id, { nodeExecutions: "none" });
  if (ids.length === 0) ids = (await store.listAbandoned()).map(({ id }) => id);
  if (ids.length === 0) {
    context.note("No abandoned executions found");
    return;
  }
  const names = ids.map((id) => `"${id}"`).join(", ");
  if (!await confirmed(context, `End as failed: ${names}`)) return;
  for (const id of ids) {
    await store.interrupt(id);
    context.note(oneLine(`Interrupted execution "${id}"`));
  }
}
