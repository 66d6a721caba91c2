/**
 * Brings a database to the newest version of the schema.
 *
 * @module
 */

import { DatabaseError } from "../domain/errors.ts";
import type { Driver, Row } from "./driver.ts";
import type { Migration } from "./migrations.ts";

/**
 * Reads and checks which versions were applied.
 *
 * @param driver The connection.
 * @param migrations All steps, oldest first.
 * @param action What it is for, in the form `Cannot open "a.db"`.
 * @returns The version of the schema; 0 for an empty file.
 * @throws {DatabaseError} If the history is newer than the steps, has a gap or another order, or the file belongs to another program.
 */
export function readVersion(
  driver: Driver,
  migrations: readonly Migration[],
  action: string,
): number {
  const tables = driver.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'",
  ).all().map(([name]) => String(name));
  if (tables.length === 0) return 0;
  const columns = columnsOf(driver, "migrations");
  if (!columns.includes("version")) {
    throw new DatabaseError(
      `${action}: it has no table "migrations" with a column "version" but "${
        tables[0]
      }", so it belongs to another program`,
      { code: "not-a-database" },
    );
  }
  const rows = driver.prepare(
    `SELECT version, ${columns.includes("checksum") ? "checksum" : "NULL"} FROM migrations ` +
      `ORDER BY id`,
  ).all();
  if (rows.length === 0 && tables.includes("executions")) {
    throw new DatabaseError(
      `${action}: it has the table "executions" but no row in "migrations", ` +
        `so it was not made to the end; let the program that makes it finish, or move it away`,
      { code: "corrupt" },
    );
  }
  return checkHistory(rows, migrations, action);
}

/**
 * Checks which steps were applied.
 *
 * @param rows Version and checksum of each, in the order they were applied.
 * @param migrations All steps, oldest first.
 * @param action What it is for, in the form `Cannot open "a.db"`.
 * @returns The version of the schema.
 * @throws {DatabaseError} If the history is newer than the steps, has a gap or another order, or was edited.
 */
export function checkHistory(
  rows: readonly Row[],
  migrations: readonly Migration[],
  action: string,
): number {
  const applied = rows.map(([version]) => Number(version));
  const newest = migrations.at(-1)?.version ?? 0;
  const newer = applied.find((version) => version > newest);
  if (newer !== undefined) {
    throw new DatabaseError(
      `${action}: its schema version is ${newer}, this module knows versions up to ${newest}; ` +
        `use a newer version of the module`,
      { code: "newer-schema" },
    );
  }
  applied.forEach((version, i) => {
    if (version === migrations[i]?.version) return;
    throw new DatabaseError(
      `${action}: its migrations were applied as ${applied.join(", ")}, ` +
        `wanted is ${migrations.slice(0, applied.length).map((step) => step.version).join(", ")}`,
      { code: "corrupt" },
    );
  });
  rows.forEach(([version, checksum], i) => {
    if (checksum === null || checksum === checksumOf(migrations[i]!)) return;
    throw new DatabaseError(
      `${action}: its migration ${version} is not the one that this module knows`,
      { code: "corrupt" },
    );
  });
  return applied.length;
}

/** Names of the columns of a table; none when there is no such table. */
function columnsOf(driver: Driver, table: string): unknown[] {
  return driver.prepare(`PRAGMA table_info(${table})`).all().map(([, name]) => name);
}

/**
 * Returns FNV-1a of the statements without their layout: it finds mistakes, it does not keep secrets.
 *
 * @param step The step.
 * @returns Eight hexadecimal digits.
 */
export function checksumOf({ sql, checksum }: Migration): string {
  if (checksum !== undefined) return checksum;
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(sql.replaceAll(/\s+/g, " ").trim())) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/**
 * Applies every missing step in one transaction, so that the file is of the
 * old version or of the new one, never between. The caller retries when
 * another process holds the lock.
 *
 * @param driver The connection.
 * @param migrations All steps, oldest first.
 * @param action What it is for, in the form `Cannot open "a.db"`.
 * @returns The version of the schema.
 * @throws {DatabaseError} If the history is refused or a step breaks a foreign key.
 */
export function migrate(driver: Driver, migrations: readonly Migration[], action: string): number {
  if (readVersion(driver, migrations, action) === migrations.length) return migrations.length;
  driver.prepare("BEGIN IMMEDIATE").run();
  try {
    // Another process may have been faster.
    const version = readVersion(driver, migrations, action);
    const missing = migrations.slice(version);
    const violations = version === 0 ? new Set<string>() : brokenForeignKeys(driver);
    const record = (step: Migration) =>
      driver.prepare("INSERT INTO migrations (version) VALUES (?)").run(step.version);
    for (const step of missing) {
      driver.exec(step.sql);
      record(step);
    }
    // They exist from version 3 on.
    if (columnsOf(driver, "migrations").includes("checksum")) {
      const update = driver.prepare(
        "UPDATE migrations SET checksum = ? WHERE version = ? AND checksum IS NULL",
      );
      for (const step of migrations) update.run(checksumOf(step), step.version);
    }
    const broken = [...brokenForeignKeys(driver)].find((key) => !violations.has(key));
    if (broken !== undefined) {
      throw new DatabaseError(`${action}: a migration would break a foreign key: ${broken}`, {
        code: "constraint",
      });
    }
    driver.prepare("COMMIT").run();
    return migrations.length;
  } catch (error) {
    // After some errors, a full disk for one, SQLite has rolled back by itself.
    if (driver.inTransaction) driver.prepare("ROLLBACK").run();
    throw error;
  }
}

/** Go switches foreign keys off, so its files hold some already. */
function brokenForeignKeys(driver: Driver): Set<string> {
  return new Set(
    driver.prepare("PRAGMA foreign_key_check").all().map((row) => row.join(" ")),
  );
}
