/**
 * Opens a database file with a driver. What is looked at and set first is up
 * to the caller: reading needs little of what writing does.
 *
 * @module
 */

import { resolve } from "../resolve.ts";
import { DatabaseError } from "../domain/errors.ts";
import { requirePermissions } from "../permissions.ts";
import { Connection, type ConnectionInfo, retryBusy } from "./connection.ts";
import { databaseError } from "./database_error.ts";
import type { Driver } from "./driver.ts";
import { chooseDriver, type DriverChoice } from "./driver_choice.ts";
import { registerOpenFile } from "./open_files.ts";
import type { ResolvedOptions } from "./options.ts";

/** Settings against files that were made to do harm, or were damaged. */
export const HARDENING = { trusted_schema: 0, cell_size_check: 1 } as const;

/** How a file is opened. */
export interface Opening<Info extends ConnectionInfo>
  extends Pick<ResolvedOptions, "path" | "driver" | "timeout"> {
  /** Makes the file where it is missing. */
  createFile?(): void;
  /** Looks at the file, and sets what is needed. */
  setUp(driver: Driver, choice: DriverChoice, action: string): Promise<Info>;
}

/**
 * Opens a database file.
 *
 * @param opening How.
 * @returns The connection.
 * @throws {PermissionDeniedError} If a permission is missing or the system refuses.
 * @throws {DatabaseError} If the path does not lead to a file, or the library refuses.
 */
export async function openFile<Info extends ConnectionInfo>(
  opening: Opening<Info>,
): Promise<Connection<Info>> {
  const { path, timeout } = opening;
  const action = `Cannot open the execution database "${path}"`;
  const folder = resolve(path, "..");
  requirePermissions(action, { name: "read", path: folder }, { name: "write", path: folder });
  const choice = await chooseDriver(opening.driver, action);
  const release = onFile(path, action, () => {
    opening.createFile?.();
    requireFile(path, action);
    return registerOpenFile(path, choice.name, action);
  });
  try {
    const driver = await retryBusy(action, path, timeout, () => choice.openDriver(path));
    try {
      const info = await opening.setUp(driver, choice, action);
      return new Connection(driver, info, timeout, release);
    } catch (error) {
      driver.close();
      throw error;
    }
  } catch (error) {
    release();
    throw error;
  }
}

/** Runs file operations; what the system throws becomes an error of this module. */
function onFile<T>(path: string, action: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const link = cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.FilesystemLoop;
    if (!link && !(cause instanceof Deno.errors.NotADirectory)) {
      throw databaseError(cause, action, path);
    }
    const found = link
      ? "it is a link to a file that does not exist"
      : "a part of its path is a file, wanted is a folder";
    throw new DatabaseError(`${action}: ${found}`, { code: "not-a-database", cause });
  }
}

function requireFile(path: string, action: string): void {
  if (Deno.statSync(path).isFile) return;
  throw new DatabaseError(`${action}: the path is that of a folder or device, wanted is a file`, {
    code: "not-a-database",
  });
}

/**
 * Reads a setting.
 *
 * @param driver The connection.
 * @param pragma Its name, also with a value to set.
 * @returns Its value.
 */
export function getPragma(driver: Driver, pragma: string): unknown {
  return driver.prepare(`PRAGMA ${pragma}`).get()?.[0];
}

/**
 * Changes settings and reads them back.
 *
 * @param driver The connection.
 * @param action What it is for, in the form `Cannot open "a.db"`.
 * @param settings Names and values.
 * @throws {DatabaseError} If one stays another.
 */
export function setPragmas(
  driver: Driver,
  action: string,
  settings: Record<string, number>,
): void {
  for (const [pragma, value] of Object.entries(settings)) {
    driver.exec(`PRAGMA ${pragma} = ${value}`);
    const actual = getPragma(driver, pragma);
    // A library may lack a setting that only hardens it, and then returns nothing.
    if (actual === value || actual === undefined) continue;
    throw new DatabaseError(`${action}: the setting "${pragma}" is ${actual}, wanted is ${value}`, {
      code: "io",
    });
  }
}
