/**
 * What `doctor` says about the database of executions.
 *
 * @module
 */

import { SQLiteExecutionRepository } from "../../executions/repository.ts";
import { join } from "../../paths.ts";
import { operand } from "../text.ts";
import { formatSize } from "../values.ts";
import { statOf } from "./check_folder.ts";
import { type Check, type Finding, SALVAGE } from "./finding.ts";

/** The database. */
export const checkExecutions: Check = async (root) => {
  const area = "executions";
  const path = join(root, "goflow.db");
  const file = await statOf(path);
  if (file === undefined) {
    return [{ status: "ok", area, finding: "No database yet, the first run creates it" }];
  }
  using store = await SQLiteExecutionRepository.open({ path, driver: "builtin", migrate: "never" });
  const info = await store.info();
  const findings: Finding[] = [{
    status: "ok",
    area,
    finding: `${formatSize(file.size)}, driver ${info.driver}, SQLite ${info.sqliteVersion}, ` +
      `journal mode ${info.journalMode}, schema version ${info.schemaVersion}`,
  }];
  const { damage, orphans } = await store.check();
  for (const finding of damage) {
    findings.push({
      status: "failed",
      area,
      finding,
      cure: SALVAGE,
    });
  }
  for (const [table, count] of Object.entries(orphans)) {
    findings.push({
      status: "warning",
      area,
      finding: `${count} rows of ${table} refer to nothing, as Go leaves them on delete`,
      cure: "goflow-storage db check --repair",
    });
  }
  if (info.schemaVersion === info.latestSchemaVersion) {
    for (const { id } of await store.listAbandoned()) {
      findings.push({
        status: "warning",
        area,
        finding: `The owner of run "${id}" is gone`,
        cure: `goflow-storage execution interrupt ${operand(id)}`,
      });
    }
  }
  if (info.readOnly) {
    findings.push({
      status: "warning",
      area,
      finding: `${path} can only be read`,
      cure: "check owner and mode of the file and its folder",
    });
  }
  if (info.schemaVersion < info.latestSchemaVersion) {
    findings.push({
      status: "warning",
      area,
      finding: `The schema is version ${info.schemaVersion} of ${info.latestSchemaVersion}`,
      cure: "goflow-storage db migrate",
    });
  }
  return findings;
};
