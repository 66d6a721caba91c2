/**
 * Saves what is readable of a damaged database into a new one.
 *
 * @module
 */

import { dirname, join } from "../paths.ts";
import { DatabaseError } from "../domain/errors.ts";
import { requirePermissions } from "../permissions.ts";
import {
  copyDatabase,
  exists,
  fillLastPage,
  giveName,
  replaceHeader,
  requireAbsent,
  requireClosed,
  withWorkFolder,
} from "./database_files.ts";
import { databaseError, databaseErrorCode } from "./database_error.ts";
import type { Driver } from "./driver.ts";
import { chooseDriver } from "./driver_choice.ts";
import { openConnection } from "./open.ts";
import { registerOpenFile } from "./open_files.ts";
import type { SQLiteOptions } from "./options.ts";
import { resolveOptions } from "./resolve_options.ts";
import { countLostCommits } from "./salvage_log.ts";
import { copyRows, refusedRows } from "./salvage_rows.ts";
import { columnsOf, FEATURES } from "./schema_version.ts";
import { addSumsSql } from "./statistics_schema.ts";
import { insertSql } from "./stored_run.ts";

/** What was saved. */
export interface SalvageResult {
  /** Rows that were copied, by table. */
  copied: Record<string, number>;
  /** Places where rows could not be read, and rows that could not be stored. */
  damage: string[];
}

/** Tables with a rowid, parents first. */
const TABLES = ["executions", "node_executions", "variable_snapshots"];
/** Tables of few rows for each run. */
const PARTS = ["labels", "leases"];
/** Statistics, which count what is gone as well: all of them or none. */
const STATISTICS = ["run_statistics", "node_statistics", "uncounted"];

/**
 * Copies what is readable.
 *
 * @param damaged The damaged database, which stays as it is.
 * @param path The new one.
 * @param options Driver and file mode of the new one.
 * @param action What it is for.
 * @returns What was copied.
 * @throws {AlreadyExistsError} If there is a file at the new path.
 * @throws {DatabaseError} If nothing can be read, or somebody here has the database open.
 */
export async function salvage(
  damaged: string,
  path: string,
  options: Pick<SQLiteOptions, "driver" | "fileMode">,
  action: string,
): Promise<SalvageResult> {
  const folder = dirname(path);
  requirePermissions(
    action,
    { name: "read", path: dirname(damaged) },
    { name: "read", path: folder },
    { name: "write", path: folder },
  );
  requireAbsent(path, "database", action);
  try {
    return await withWorkFolder(path, action, async (folder) => {
      // SQLite writes to what it opens, if only to clean up after a crash.
      const [copy, partial] = [join(folder, "damaged.db"), join(folder, "saved.db")];
      const connection = await openConnection(resolveOptions({ ...options, path: partial }));
      const { driver } = connection.info;
      connection.close();
      requireClosed(damaged, action);
      copyDatabase(damaged, copy);
      fillLastPage(copy);
      const result = await copyContent(copy, partial, driver, action)
        .catch((error) => withNewHeader(error, copy, partial, driver, action));
      giveName(partial, path, "database", action);
      return result;
    });
  } catch (cause) {
    throw databaseError(cause, action, damaged);
  }
}

/** Tries once more with the header of the new database, which says the same as that of most others. */
async function withNewHeader(
  error: unknown,
  from: string,
  to: string,
  name: Driver["name"],
  action: string,
): Promise<SalvageResult> {
  if (!isUnreadable(error)) throw error;
  replaceHeader(from, to);
  try {
    const { copied, damage } = await copyContent(from, to, name, action);
    return { copied, damage: ["the header of the file was damaged and is replaced", ...damage] };
  } catch (again) {
    throw isUnreadable(again) ? error : again;
  }
}

function isUnreadable(error: unknown): boolean {
  const code = databaseErrorCode(error);
  return code === "corrupt" || code === "not-a-database";
}

async function copyContent(
  from: string,
  to: string,
  name: Driver["name"],
  action: string,
): Promise<SalvageResult> {
  const { openDriver } = await chooseDriver(name, action);
  const closers: (() => void)[] = [];
  const open = (file: string): Driver => {
    closers.unshift(registerOpenFile(file, name, action));
    const driver = openDriver(file);
    closers.unshift(() => driver.close());
    return driver;
  };
  try {
    const [source, target] = [open(from), open(to)];
    target.exec("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE");
    const result: SalvageResult = { copied: {}, damage: [] };
    noteLostCommits(source, `${from}-wal`, result);
    copyTables(source, target, result, action);
    target.exec("COMMIT");
    return result;
  } finally {
    for (const close of closers) close();
  }
}

/** A second try finds no log: the first one took it into the database. */
function noteLostCommits(source: Driver, log: string, result: SalvageResult): void {
  if (!exists(log)) return;
  const lost = tryRead(() => countLostCommits(log, source), "sqlite_master", result) ?? 0;
  if (lost === 0) return;
  result.damage.push(
    `${lost} transactions of the write-ahead log cannot be read, since it is damaged`,
  );
}

function copyTables(source: Driver, target: Driver, result: SalvageResult, action: string): void {
  const readSchema = () => source.prepare("SELECT 1 FROM sqlite_master").all();
  // The tables may be whole where a trigger or an index is not.
  if (tryRead(readSchema, "sqlite_master", result) === undefined) source.skipDamagedSchema();
  for (const table of TABLES) {
    const columns = storedColumns(source, target, table, result);
    if (columns.length > 0) {
      const { copied, damage } = copyRows(source, target, table, columns);
      result.copied[table] = copied;
      result.damage.push(...damage);
    } else if (table === "executions") {
      const found = result.damage[0] ?? 'it has no table "executions"';
      throw new DatabaseError(`${action}: nothing can be read: ${found}`, {
        code: result.damage.length > 0 ? "corrupt" : "not-a-database",
      });
    }
  }
  const total = Object.values(result.copied).reduce((sum, count) => sum + count, 0);
  if (total === 0 && result.damage.length > 0) {
    throw new DatabaseError(`${action}: nothing can be read: ${result.damage[0]}`, {
      code: "corrupt",
    });
  }
  for (const table of PARTS) copyParts(source, target, table, result);
  copyStatistics(source, target, result);
  noteMissing(source, result);
}

/** Tells of tables that a database of its version has. */
function noteMissing(source: Driver, result: SalvageResult): void {
  const read = () => source.prepare("SELECT max(version) FROM migrations").get();
  const version = Number(tryRead(read, "migrations", result)?.[0] ?? 1);
  const expected = [
    ...TABLES,
    ...(version >= FEATURES.labels ? PARTS : []),
    ...(version >= FEATURES.statistics ? STATISTICS : []),
  ];
  for (const table of expected) {
    if (tryRead(() => columnsOf(source, table), table, result)?.length === 0) {
      result.damage.push(`the table "${table}" is missing`);
    }
  }
}

/** The columns that both databases have; an older one lacks some, another program's has others. */
function storedColumns(
  source: Driver,
  target: Driver,
  table: string,
  result: SalvageResult,
): string[] {
  const known = columnsOf(target, table);
  const found = tryRead(() => columnsOf(source, table), table, result) ?? [];
  return found.filter((name) => known.includes(name));
}

/** Copies the rows of each run that was saved. */
function copyParts(source: Driver, target: Driver, table: string, result: SalvageResult): void {
  const columns = storedColumns(source, target, table, result);
  if (columns.length === 0) return;
  const read = source.prepare(`SELECT ${columns.join(", ")} FROM ${table} WHERE execution_id = ?`);
  const insert = target.prepare(insertSql(table, columns, "INSERT OR IGNORE"));
  let [copied, found] = [0, 0];
  for (const [id = null] of target.prepare("SELECT id FROM executions").all()) {
    const rows = tryRead(() => read.all(id), table, result) ?? [];
    found += rows.length;
    for (const row of rows) copied += insert.run(...row);
  }
  result.copied[table] = copied;
  if (found > copied) result.damage.push(refusedRows(found - copied, table));
}

/** Where they cannot all be read or stored, those of the saved runs stay, which were counted on the way. */
function copyStatistics(source: Driver, target: Driver, result: SalvageResult): void {
  const tables = STATISTICS.map((table) => {
    const columns = storedColumns(source, target, table, result);
    const sql = `SELECT ${columns.join(", ")} FROM ${table}`;
    return {
      table,
      columns,
      rows: columns.length === 0
        ? undefined
        : tryRead(() => source.prepare(sql).all(), table, result),
    };
  });
  if (tables.some(({ rows }) => rows === undefined)) return;
  target.exec("SAVEPOINT statistics");
  try {
    for (const { table, columns, rows = [] } of tables) {
      target.prepare(`DELETE FROM ${table}`).run();
      const insert = target.prepare(insertSql(table, columns));
      for (const row of rows) insert.run(...row);
    }
    // Versions 5 and 6 had no roll-ups without bins.
    if (!columnsOf(source, "run_spans").includes("bins")) target.exec(addSumsSql("run_statistics"));
  } catch (error) {
    if (databaseErrorCode(error) !== "constraint") throw error;
    target.exec("ROLLBACK TO statistics");
    const found = error instanceof Error ? error.message : String(error);
    result.damage.push(`the statistics cannot be stored: ${found}`);
  }
  target.exec("RELEASE statistics");
}

/** Reads, or notes that it cannot be. */
function tryRead<T>(read: () => T, table: string, result: SalvageResult): T | undefined {
  try {
    return read();
  } catch (error) {
    if (databaseErrorCode(error) !== "corrupt") throw error;
    const found = error instanceof Error ? error.message : String(error);
    const damage = `the table "${table}" cannot be read whole: ${found}`;
    if (!result.damage.includes(damage)) result.damage.push(damage);
    return undefined;
  }
}
