/**
 * Opens a database to read and to write: file, settings, journal, schema.
 *
 * @module
 */

import { dirname } from "../paths.ts";
import { DatabaseError } from "../domain/errors.ts";
import { BUSY_TIMEOUT, type Connection, retryBusy } from "./connection.ts";
import { databaseErrorCode } from "./database_error.ts";
import { exists } from "./database_files.ts";
import type { Driver } from "./driver.ts";
import { chooseJournal, type DriverChoice } from "./driver_choice.ts";
import { getPragma, HARDENING, openFile, setPragmas } from "./open_file.ts";
import { readUnfinished } from "./operations.ts";
import type { ResolvedOptions, SQLiteInfo } from "./options.ts";
import { readVersion, VERSIONS } from "./schema_version.ts";

/**
 * Opens a database, which is created with its folder when it is missing.
 *
 * Requires `--allow-read` and `--allow-write` for its folder, where SQLite
 * keeps its journal; the FFI driver requires `--allow-ffi` and
 * `--allow-env=DENO_SQLITE_PATH,DENO_SQLITE_LOCAL` as well.
 *
 * @param options The options.
 * @returns The connection.
 * @throws {PermissionDeniedError} If a permission is missing or the system refuses.
 * @throws {DatabaseError} If the file is not such a database, or cannot be used as asked.
 */
export async function openConnection(options: ResolvedOptions): Promise<Connection> {
  return await openFile({
    ...options,
    createFile: () => createFile(options.path, options.fileMode),
    setUp: (driver, choice, action) => setUp(driver, choice, options, action),
  });
}

/**
 * Creates a missing file, empty, so that its mode is the wanted one from the
 * beginning. An existing file is not opened: closing it would drop the locks
 * of other connections in this process.
 */
function createFile(path: string, mode: number): void {
  if (exists(path)) return;
  try {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    Deno.openSync(path, { write: true, createNew: true, mode }).close();
  } catch (cause) {
    // Another process may have been faster, or a link leads nowhere.
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
  }
}

/** Each setting is tried until no lock is in its way, and read back. */
async function setUp(
  driver: Driver,
  choice: DriverChoice,
  options: ResolvedOptions,
  action: string,
): Promise<SQLiteInfo> {
  const { path, timeout, durability } = options;
  const locked = <T>(attempt: () => T | Promise<T>) => retryBusy(action, path, timeout, attempt);
  const set = (settings: Record<string, number>) =>
    locked(() => setPragmas(driver, action, settings));
  await set({ busy_timeout: BUSY_TIMEOUT });
  const found = await locked(() => readVersion(driver, VERSIONS, action));
  const isNew = found === 0;
  if (isNew) {
    // Both are ignored once a table exists, also one of a faster process.
    await locked(() => driver.exec("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL"));
  }
  const { sqliteVersion } = driver;
  const current = String(await locked(() => getPragma(driver, "journal_mode")));
  const journal = chooseJournal(
    options.journalMode,
    current,
    isNew,
    sqliteVersion,
    action,
  );
  const readOnly = !isNew && isReadOnly(driver);
  if (!readOnly && current !== journal.mode) {
    await locked(() => getPragma(driver, `journal_mode = ${journal.mode}`));
  }
  const journalMode = String(await locked(() => getPragma(driver, "journal_mode")));
  if (!readOnly && journalMode !== journal.mode && options.journalMode !== undefined) {
    throw new DatabaseError(
      `${action}: the journal mode stays "${journalMode}", wanted is "${journal.mode}"`,
      { code: "io" },
    );
  }
  await set({
    synchronous: durability === "full" ? 2 : 1,
    foreign_keys: 1,
    ...HARDENING,
    journal_size_limit: 67_108_864,
    cache_size: -16_000,
  });
  const keep = readOnly || options.migrate === "never" && !isNew || found === VERSIONS.length;
  const { schemaVersion, migration } = keep
    ? { schemaVersion: found }
    : await migrateFile(driver, path, found, action, locked);
  await set({
    // Pages that each run changes are copied into the database a quarter as often as by default.
    wal_autocheckpoint: 4000,
    // Rows that fire triggers are put aside first. Not before the migration, which sorts all rows.
    temp_store: 2,
  });
  return {
    path,
    driver: choice.name,
    driverReason: choice.reason,
    sqliteVersion,
    journalMode,
    journalReason: journalReason(journal, journalMode, readOnly),
    durability,
    schemaVersion,
    latestSchemaVersion: VERSIONS.length,
    readOnly,
    incrementalVacuum: await locked(() => getPragma(driver, "auto_vacuum")) === 2,
    unfinished: await locked(() => readUnfinished(driver, schemaVersion)),
    ...(migration === undefined ? {} : { migration }),
  };
}

/** Loads the steps, which few files need. A new file has nothing to be copied. */
async function migrateFile(
  driver: Driver,
  path: string,
  from: number,
  action: string,
  locked: <T>(attempt: () => T | Promise<T>) => Promise<T>,
): Promise<Pick<SQLiteInfo, "schemaVersion" | "migration">> {
  const [{ MIGRATIONS }, { copyBeforeMigration, migrate }] = await Promise.all([
    import("./migrations.ts"),
    import("./migrator.ts"),
  ]);
  const copy = from === 0
    ? undefined
    : await locked(() => copyBeforeMigration(driver, path, from, action));
  const schemaVersion = await locked(() => migrate(driver, MIGRATIONS, action));
  return { schemaVersion, ...(copy === undefined ? {} : { migration: { from, copy } }) };
}

function journalReason(
  { mode, reason }: { mode: string; reason: string },
  actual: string,
  readOnly: boolean,
): string {
  if (readOnly) return "the file cannot be written, so its mode stays";
  return actual === mode ? reason : `the file system does not allow "${mode}"`;
}

/**
 * SQLite opens a file that cannot be written for reading, without saying so.
 * A write that changes nothing tells; where it meets a lock, it got past that check.
 */
function isReadOnly(driver: Driver): boolean {
  try {
    driver.prepare("DELETE FROM migrations WHERE 0").run();
    return false;
  } catch (error) {
    const code = databaseErrorCode(error);
    if (code === "read-only") return true;
    if (code === "busy") return false;
    throw error;
  }
}
