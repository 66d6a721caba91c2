/**
 * Which SQLite library is used, and in which journal mode, and why.
 *
 * @module
 */

import { DatabaseError, StorageError } from "../domain/errors.ts";
import { requirePermissions } from "../permissions.ts";
import type { Driver, DriverModule, DriverName } from "./driver.ts";

/** A loaded driver and why it was chosen. */
export interface DriverChoice extends DriverModule {
  /** Which driver. */
  name: DriverName;
  /** Why, for people. */
  reason: string;
}

/** What the FFI driver's package reads from the environment when it is loaded. */
const FFI_VARIABLES = ["DENO_SQLITE_PATH", "DENO_SQLITE_LOCAL"];

/**
 * Loads a driver.
 *
 * @param wanted Which; `"auto"` is FFI where that is permitted, loads, and its library is sound.
 * @param action What it is for, in the form `Cannot open "a.db"`.
 * @returns The driver.
 * @throws {PermissionDeniedError} If FFI is wanted and not permitted.
 * @throws {StorageError} If FFI is wanted and its library cannot be loaded.
 */
export async function chooseDriver(
  wanted: DriverName | "auto",
  action: string,
): Promise<DriverChoice> {
  if (wanted === "builtin") return await loadBuiltin("the option asks for it");
  if (wanted === "ffi") {
    requirePermissions(action, { name: "ffi" }, ...envDescriptors());
    requirePermissions(action, ...downloadDescriptors());
    return await loadFfi(action, "the option asks for it");
  }
  const missing = missingForFfi();
  if (missing !== undefined) return await loadBuiltin(`FFI would need ${missing} permission`);
  try {
    const ffi = await loadFfi(action, "FFI is permitted and its library is sound");
    if (!hasWalResetDefect(ffi.sqliteVersion)) return ffi;
    return await loadBuiltin(
      `the library for FFI, SQLite ${ffi.sqliteVersion}, can lose data in WAL mode`,
    );
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return await loadBuiltin(`the library for FFI cannot be loaded: ${error.message}`);
  }
}

async function loadBuiltin(reason: string): Promise<DriverChoice> {
  const { openDriver } = await import("./builtin.ts");
  return { name: "builtin", reason, openDriver };
}

async function loadFfi(
  action: string,
  reason: string,
): Promise<DriverChoice & Pick<Driver, "sqliteVersion">> {
  try {
    const { openDriver, sqliteVersion } = await import("./ffi.ts");
    return { name: "ffi", reason, openDriver, sqliteVersion };
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(
      `${action}: cannot load the SQLite library over FFI: ${found}; ` +
        `set DENO_SQLITE_PATH to one, or use the driver "builtin"`,
      { cause },
    );
  }
}

function envDescriptors(): Deno.PermissionDescriptor[] {
  return FFI_VARIABLES.map((variable) => ({ name: "env", variable }));
}

/** Without a local library it is looked for in a cache and downloaded. */
function downloadDescriptors(): Deno.PermissionDescriptor[] {
  if (Deno.env.get("DENO_SQLITE_PATH") || Deno.env.get("DENO_SQLITE_LOCAL") === "1") return [];
  return [{ name: "read" }, { name: "write" }, { name: "env" }, { name: "net" }];
}

/** The first permission that loading over FFI would have to ask for. */
function missingForFfi(): string | undefined {
  const missing = (descriptors: Deno.PermissionDescriptor[]) =>
    descriptors.find((descriptor) => Deno.permissions.querySync(descriptor).state !== "granted");
  const found = missing([{ name: "ffi" }, ...envDescriptors()]) ?? missing(downloadDescriptors());
  return found?.name;
}

/**
 * Whether a library can lose committed data in WAL mode, when a write and a
 * checkpoint of another connection race: SQLite 3.7.0 to 3.51.2 without the
 * fix in 3.50.7 and 3.44.6.
 *
 * @param version Version of the library, such as `"3.40.1"`.
 * @returns Whether it is affected; so is a version that cannot be read.
 *
 * @see {@link https://sqlite.org/wal.html#walresetbug}
 */
export function hasWalResetDefect(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  if (major !== 3) return !(major > 3);
  if (minor >= 52 || (minor === 51 && patch >= 3)) return false;
  if (minor === 50 && patch >= 7) return false;
  if (minor === 44 && patch >= 6) return false;
  return minor >= 7;
}

/** Journal modes that can be asked for. */
export type JournalMode = "wal" | "delete";

/** A journal mode and why it was chosen. */
export interface JournalChoice {
  /** The mode to set. */
  mode: JournalMode;
  /** Why, for people. */
  reason: string;
}

/**
 * Decides on the journal mode.
 *
 * @param wanted The option, if given.
 * @param current Mode of the file; of a new file, its default.
 * @param isNew Whether the file is new.
 * @param version Version of the library.
 * @param action What it is for, in the form `Cannot open "a.db"`.
 * @returns The mode.
 * @throws {DatabaseError} If the file is in WAL mode and the library is not safe for that.
 */
export function chooseJournal(
  wanted: JournalMode | undefined,
  current: string,
  isNew: boolean,
  version: string,
  action: string,
): JournalChoice {
  if (wanted !== undefined) return { mode: wanted, reason: "the option asks for it" };
  if (!hasWalResetDefect(version)) {
    return { mode: "wal", reason: "the default: readers and the writer do not block each other" };
  }
  if (!isNew) requireSafeJournal(current, version, action);
  return { mode: "delete", reason: `SQLite ${version} can lose data in WAL mode` };
}

/**
 * Throws if a file is in WAL mode and the library is not safe for that.
 *
 * @param current Mode of the file.
 * @param version Version of the library.
 * @param action What it is for, in the form `Cannot open "a.db"`.
 * @throws {DatabaseError} If it is.
 */
export function requireSafeJournal(current: unknown, version: string, action: string): void {
  if (current !== "wal" || !hasWalResetDefect(version)) return;
  throw new DatabaseError(
    `${action}: the file is in WAL mode, in which SQLite ${version} can lose data; ` +
      `use the driver "builtin" or a library from 3.51.3 on, ` +
      `or decide with the option "journalMode"`,
    { code: "io" },
  );
}
