/**
 * Brings a database to the newest version of the schema.
 *
 * @module
 */

import { dirname } from "../paths.ts";
import { DatabaseError } from "../domain/errors.ts";
import { exists, removeDatabase, removeSideFiles } from "./database_files.ts";
import type { Driver } from "./driver.ts";
import type { Migration } from "./migrations.ts";
import { columnsOf, readVersion, VERSIONS } from "./schema_version.ts";

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
      for (const step of migrations) update.run(step.checksum, step.version);
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

/**
 * Copies a file that is about to be migrated. The copy stays, for those who
 * want to go back; a failed migration leaves the file as it was.
 *
 * @param driver The connection.
 * @param path Path of the database.
 * @param version Version of its schema.
 * @param action What it is for, in the form `Cannot open "a.db"`.
 * @returns Path of the copy, `undefined` when another process was faster.
 */
export async function copyBeforeMigration(
  driver: Driver,
  path: string,
  version: number,
  action: string,
): Promise<string | undefined> {
  // A temporary file has mode 0600.
  const partial = Deno.makeTempFileSync({ dir: dirname(path), prefix: "goflow-", suffix: ".tmp" });
  try {
    await driver.copyTo(partial);
    removeSideFiles(partial);
    if (readVersion(driver, VERSIONS, action) !== version) return undefined;
    const copy = freePath(`${path}.v${version}`, ".backup");
    Deno.renameSync(partial, copy);
    return copy;
  } finally {
    removeDatabase(partial);
  }
}

/** An earlier copy stays too. */
function freePath(start: string, end: string): string {
  for (let i = 1;; i++) {
    const path = `${start}${i === 1 ? "" : `-${i}`}${end}`;
    if (!exists(path)) return path;
  }
}
