/**
 * Copies of a database that is in use. Never by file operations on a live
 * database: those would drop its locks, or leave others on the old file.
 *
 * @module
 */

import { dirname } from "../paths.ts";
import { DatabaseError } from "../domain/errors.ts";
import { requirePermissions } from "../permissions.ts";
import { lastChange, moveFeedBehind } from "./changes.ts";
import type { Connection } from "./connection.ts";
import {
  exists,
  giveName,
  removeDatabase,
  removeSideFiles,
  requireAbsent,
} from "./database_files.ts";
import { databaseError } from "./database_error.ts";
import type { Driver, DriverModule, DriverName } from "./driver.ts";
import { isSameFile, registerOpenFile } from "./open_files.ts";
import { FEATURES, readVersion, VERSIONS } from "./schema_version.ts";

/** Told how far the copying of a database is; it is not to be stopped. */
export interface CopyProgressOptions {
  /** Called now and then with the pages that are copied and all there are. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

/**
 * Copies a database to a new file and checks the copy.
 *
 * @param connection The database.
 * @param module The library.
 * @param path The copy, made with mode 0600.
 * @param options Progress.
 * @param action What it is for, in the form `Cannot back up "a.db"`.
 * @throws {AlreadyExistsError} If there is a file of that name.
 * @throws {PermissionDeniedError} If the copy may not be written.
 * @throws {DatabaseError} If the database refuses, or the copy is damaged; then there is no copy.
 */
export async function backUp(
  connection: Connection,
  module: DriverModule,
  path: string,
  { onProgress }: CopyProgressOptions,
  action: string,
): Promise<void> {
  const folder = dirname(path);
  requirePermissions(action, { name: "read", path: folder }, { name: "write", path: folder });
  requireAbsent(path, "backup", action);
  // It has mode 0600.
  const partial = makeTempFile(folder, action);
  try {
    // A connection of its own: others would join its transaction.
    await withDatabase(
      module,
      connection.info,
      action,
      (source) =>
        connection.copyTo(action, source, partial, (done, total) => onProgress?.({ done, total })),
    );
    const copy = { path: partial, driver: connection.info.driver };
    await withDatabase(module, copy, action, (driver) => requireSound(driver, action));
    // The copy of a file in WAL mode is in that mode too.
    removeSideFiles(partial);
    giveName(partial, path, "backup", action);
  } catch (cause) {
    removeDatabase(partial);
    throw databaseError(cause, action, path);
  }
}

/**
 * Replaces the content of a live database by that of a copy, which is checked
 * first. It is one transaction: when it fails, the old content stays. What is to
 * differ from the copy is changed before, in one of its own: others would meet an
 * older version, or a feed that goes on where theirs did not end.
 *
 * @param connection The live database.
 * @param module The library.
 * @param path The copy.
 * @param options Progress, and whether to migrate.
 * @param action What it is for, in the form `Cannot restore "a.db"`.
 * @returns The version of the schema of the new content.
 * @throws {DatabaseError} If the copy is not such a database or is damaged, or the live one is locked.
 */
export async function restore(
  connection: Connection,
  module: DriverModule,
  path: string,
  { onProgress, migrate }: CopyProgressOptions & { migrate: boolean },
  action: string,
): Promise<number> {
  const folder = dirname(path);
  requirePermissions(action, { name: "read", path: folder }, { name: "write", path: folder });
  if (!exists(path)) {
    throw new DatabaseError(`${action}: there is no file "${path}"`, { code: "io" });
  }
  if (isSameFile(path, connection.info.path)) {
    throw new DatabaseError(`${action}: it is the database itself`, { code: "io" });
  }
  const { driver } = connection.info;
  try {
    return await withDatabase(module, { path, driver }, action, async (source) => {
      const found = readVersion(source, VERSIONS, action);
      requireSound(source, action);
      if (found === 0) {
        throw new DatabaseError(`${action}: "${path}" has no tables`, { code: "not-a-database" });
      }
      requireSamePages(connection, source, action);
      const partial = makeTempFile(dirname(connection.info.path), action);
      try {
        await source.copyTo(partial);
        return await withDatabase(module, { path: partial, driver }, action, async (copy) => {
          const version = migrate ? await migrateCopy(copy, found, action) : found;
          if (version >= FEATURES.changes) {
            const last = await connection.read(action, () => lastChange(connection));
            moveFeedBehind({ statement: (sql) => copy.prepare(sql) }, last);
          }
          await connection.replaceBy(
            action,
            copy,
            (done, total) => onProgress?.({ done, total }),
          );
          return version;
        });
      } finally {
        removeDatabase(partial);
      }
    });
  } catch (cause) {
    throw databaseError(cause, action, path);
  }
}

/** Loads the steps, which few copies need. */
async function migrateCopy(copy: Driver, version: number, action: string): Promise<number> {
  if (version === VERSIONS.length) return version;
  const [{ MIGRATIONS }, { migrate }] = await Promise.all([
    import("./migrations.ts"),
    import("./migrator.ts"),
  ]);
  return migrate(copy, MIGRATIONS, action);
}

function makeTempFile(dir: string, action: string): string {
  try {
    return Deno.makeTempFileSync({ dir, prefix: "goflow-", suffix: ".tmp" });
  } catch (cause) {
    throw databaseError(cause, action, dir);
  }
}

async function withDatabase<T>(
  module: DriverModule,
  { path, driver: name }: { path: string; driver: DriverName },
  action: string,
  use: (driver: Driver) => T | Promise<T>,
): Promise<T> {
  const release = registerOpenFile(path, name, action);
  try {
    const driver = module.openDriver(path);
    try {
      return await use(driver);
    } finally {
      driver.close();
    }
  } finally {
    release();
  }
}

/** SQLite cannot change the size in WAL mode, and says that the file is read-only. */
function requireSamePages(connection: Connection, source: Driver, action: string): void {
  const sql = "PRAGMA page_size";
  const wanted = connection.statement(sql).get()?.[0];
  const found = source.prepare(sql).get()?.[0];
  if (found === wanted || connection.info.journalMode !== "wal") return;
  throw new DatabaseError(
    `${action}: the pages of the copy have ${found} bytes, wanted are ${wanted} as in the database; ` +
      "salvage the copy into a new file, and restore that",
    { code: "io" },
  );
}

function requireSound(driver: Driver, action: string): void {
  const [text] = driver.prepare("PRAGMA quick_check").get() ?? [];
  if (text === "ok") return;
  throw new DatabaseError(`${action}: the copy is damaged: ${text}`, { code: "corrupt" });
}
