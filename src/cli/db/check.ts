/**
 * `db check`.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { proposal } from "../proposal.ts";
import { printRecord } from "../records.ts";
import { openDatabase } from "../execution/store.ts";
import { confirmed } from "../prompt.ts";
import { oneLine } from "../text.ts";

/** Checks the database; the exit code is 1 when something is wrong. */
export async function checkDatabase(context: Context): Promise<number> {
  const full = context.flag("full");
  using store = await openDatabase(context);
  let result = await store.check({ full });
  const orphans = Object.entries(result.orphans);
  const found = orphans.map(([table, count]) => `${count} in ${table}`).join(", ");
  const cure = orphans.length > 0
    ? `Delete or clear rows that refer to nothing: ${found}`
    : "Rebuild indexes that do not fit their tables";
  if (context.flag("repair") && !result.ok && await confirmed(context, cure)) {
    result = await store.check({ full, repair: true });
  }
  printRecord(context, result, () => {
    for (const damage of result.damage) context.print(oneLine(`Damaged: ${damage}`));
    if (result.repaired > 0) context.print(`Repaired: ${result.repaired} rows`);
    else if (orphans.length > 0) context.print(`Rows that refer to nothing: ${found}`);
    if (result.damage.length > 0) {
      context.note(`Save what is readable with: ${proposal(context, "db salvage saved.db")}`);
    } else if (!result.ok) {
      context.note(`Repair it with: ${proposal(context, "db check --repair")}`);
    } else context.print("Nothing is wrong");
  });
  return result.ok ? 0 : 1;
}
