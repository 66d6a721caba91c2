/**
 * `db info`.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { openDatabase, openServer } from "../execution/store.ts";
import { snakeCase } from "../json.ts";
import { printFields, printRecord } from "../records.ts";
import { formatSize } from "../values.ts";

/** Shows what is known of the database. */
export async function showInfo(context: Context): Promise<void> {
  if (context.url !== undefined) return await showServer(context);
  using store = await openDatabase(context, { migrate: "never" });
  const info = await store.info();
  const { total } = await store.list({ limit: 1, total: "exact" });
  // Not opened: that would drop the locks of this process.
  const { size } = await Deno.stat(info.path);
  const executions = total?.count ?? 0;
  const unfinished = info.unfinished.map(snakeCase);
  printRecord(context, snakeCase({ ...info, unfinished, size, executions }), () => {
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
      ...info.unfinished.map(({ operation, startedAt }): [string, string] => [
        "Unfinished",
        `${operation} since ${startedAt.toISOString()}`,
      ]),
    ]);
  });
}

async function showServer(context: Context): Promise<void> {
  const { info, executions, workflows } = await openServer(context);
  const { total } = await executions.list({ limit: 1, total: "exact" });
  const counts = {
    executions: total?.count ?? 0,
    workflows: (await workflows.summaries()).summaries.length,
  };
  printRecord(context, snakeCase({ ...info, ...counts }), () => {
    printFields(context, [
      ["Server", info.place],
      ["PostgreSQL", info.serverVersion],
      ["Schema", `${info.schema}, version ${info.schemaVersion}`],
      ["Executions", String(counts.executions)],
      ["Workflows", String(counts.workflows)],
      ["Access", info.readOnly ? "read only" : "read and write"],
    ]);
  });
}
