/**
 * `db info`.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { openExecutions } from "../execution/store.ts";
import { snakeCase } from "../json.ts";
import { printFields } from "../records.ts";
import { formatSize } from "../values.ts";

/** Shows what is known of the database. */
export async function showInfo(context: Context): Promise<void> {
  using store = await openExecutions(context, { migrate: "never" });
  const info = await store.info();
  const { total } = await store.list({ limit: 1, total: "exact" });
  // Not opened: that would drop the locks of this process.
  const { size } = await Deno.stat(info.path);
  const executions = total?.count ?? 0;
  context.record(snakeCase({ ...info, size, executions }), () => {
    const schema = `${info.schemaVersion}` +
      (info.schemaVersion === info.latestSchemaVersion ? "" : ` of ${info.latestSchemaVersion}`);
    printFields(context, [
      ["File", info.path],
      ["Size", formatSize(size)],
      ["Executions", String(executions)],
      ["Driver", `${info.driver}, ${info.driverReason}`],
      ["SQLite", info.sqliteVersion],
      ["Journal", `${info.journalMode}, ${info.journalReason}`],
      ["Durability", info.durability],
      ["Schema", schema],
      ["Space", info.incrementalVacuum ? "given back step by step" : "given back by compacting"],
      ["Access", info.readOnly ? "read only" : "read and write"],
    ]);
  });
}
