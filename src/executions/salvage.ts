/**
 * Saves what is readable of a damaged database into a new one.
 *
 * @module
 */

import { dirname } from "@std/path";
import { AlreadyExistsError, DatabaseError } from "../domain/errors.ts";
import { requirePermissions } from "../permissions.ts";
import { databaseError, databaseErrorCode } from "./database_error.ts";
import type { Driver, DriverName, Row, SqlValue } from "./driver.ts";
import { chooseDriver } from "./driver_choice.ts";
import { registerOpenFile } from "./open_files.ts";

/** What was saved. */
export interface SalvageResult {
  /** Rows that were copied, by table. */
  copied: Record<string, number>;
  /** Places where rows could not be read. */
  damage: string[];
}

const TABLES: Record<string, string[]> = {
  executions: [
    "id",
    "workflow_id",
    "workflow_version",
    "status",
    "started_at",
    "completed_at",
    "error_type",
    "error_message",
    "error_node_id",
    "error_context",
    "return_value",
    "created_at",
  ],
  node_executions: [
    "id",
    "execution_id",
    "node_id",
    "node_type",
    "status",
    "started_at",
    "completed_at",
    "inputs",
    "outputs",
    "error_type",
    "error_message",
    "error_context",
    "retry_count",
  ],
  variable_snapshots: [
    "id",
    "execution_id",
    "node_execution_id",
    "variable_name",
    "old_value",
    "new_value",
    "timestamp",
  ],
};

const BATCH = 100;

/**
 * Throws if there is a file.
 *
 * @param path Its path.
 * @param action What it is for.
 * @throws {AlreadyExistsError} If there is one.
 */
export function requireAbsent(path: string, action: string): void {
  try {
    Deno.statSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    throw databaseError(cause, action, path);
  }
  throw new AlreadyExistsError(`${action}: there is a file "${path}"`, {
    kind: "database",
    id: path,
  });
}

/**
 * Copies what is readable.
 *
 * @param damaged The damaged database.
 * @param path A new one of the newest schema.
 * @param name The library.
 * @param action What it is for.
 * @returns What was copied.
 * @throws {DatabaseError} If nothing can be read.
 */
export async function salvage(
  damaged: string,
  path: string,
  name: DriverName,
  action: string,
): Promise<SalvageResult> {
  requirePermissions(action, { name: "read", path: dirname(damaged) }, {
    name: "write",
    path: dirname(damaged),
  });
  const { openDriver } = await chooseDriver(name, action);
  const releases: (() => void)[] = [];
  const drivers: Driver[] = [];
  const open = (file: string): Driver => {
    releases.push(registerOpenFile(file, name, action));
    const driver = openDriver(file);
    drivers.push(driver);
    return driver;
  };
  try {
    const [source, target] = [open(damaged), open(path)];
    target.exec("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE");
    const result = salvageRows(source, target);
    requireSalvaged(result, action);
    target.exec("COMMIT");
    return result;
  } catch (cause) {
    throw databaseError(cause, action, damaged);
  } finally {
    for (const driver of drivers) driver.close();
    for (const release of releases) release();
  }
}

/**
 * Copies all rows that can be read, walking each table from both ends and
 * around the places that cannot.
 *
 * @param source The damaged database.
 * @param target A new one of the newest schema, with foreign keys off.
 * @returns What was copied.
 */
function salvageRows(source: Driver, target: Driver): SalvageResult {
  const result: SalvageResult = { copied: {}, damage: [] };
  for (const [table, columns] of Object.entries(TABLES)) {
    const insert = target.prepare(
      `INSERT OR IGNORE INTO ${table} (${columns.join(", ")}) ` +
        `VALUES (${columns.map(() => "?").join(", ")})`,
    );
    let copied = 0;
    const copy = (rows: readonly Row[]) => {
      for (const row of rows) copied += insert.run(...row.slice(1));
    };
    const select = (where: string, order: string) =>
      `SELECT rowid, ${columns.join(", ")} FROM ${table} NOT INDEXED WHERE ${where} ` +
      `ORDER BY rowid ${order} LIMIT ?`;
    const last = walk(source, select("rowid > ?", "ASC"), -(2n ** 63n), result, table, copy);
    if (last !== undefined) {
      walk(source, select("rowid < ?", "DESC"), 2n ** 63n - 1n, result, table, copy);
    }
    result.copied[table] = copied;
  }
  return result;
}

/** Reads on until the end or a row that cannot be read; returns the place before that row. */
function walk(
  source: Driver,
  sql: string,
  start: bigint,
  result: SalvageResult,
  table: string,
  copy: (rows: readonly Row[]) => void,
): SqlValue | undefined {
  let place: SqlValue = start;
  let size = BATCH;
  for (;;) {
    try {
      const rows = source.prepare(sql).all(place, size);
      copy(rows);
      if (rows.length < size) return undefined;
      place = rows.at(-1)?.[0] ?? place;
      size = Math.min(size * 2, BATCH);
    } catch (error) {
      if (databaseErrorCode(error) !== "corrupt") throw error;
      if (size > 1) {
        size = size >> 1;
        continue;
      }
      const found = error instanceof Error ? error.message : String(error);
      result.damage.push(`table "${table}" cannot be read beyond row ${place}: ${found}`);
      return place;
    }
  }
}

/**
 * Throws if nothing could be saved.
 *
 * @param result What was saved.
 * @param action What it is for.
 * @throws {DatabaseError} If no row was copied although there is damage.
 */
function requireSalvaged(result: SalvageResult, action: string): void {
  const total = Object.values(result.copied).reduce((sum, count) => sum + count, 0);
  if (total > 0 || result.damage.length === 0) return;
  throw new DatabaseError(`${action}: nothing can be read: ${result.damage[0]}`, {
    code: "corrupt",
  });
}
