/**
 * The database files that this process has open, and with which library. Two
 * libraries on one file in one process would drop each other's locks, which
 * belong to the process, and data would be lost.
 *
 * @module
 */

import { DatabaseError } from "../domain/errors.ts";
import type { DriverName } from "./driver.ts";

const open = new Map<string, { driver: DriverName; path: string; count: number }>();

/** The same for all links to a file; a system without file numbers has its path. */
function fileKey(path: string): string {
  const { dev, ino } = Deno.statSync(path);
  return ino === null ? Deno.realPathSync(path) : `${dev}:${ino}`;
}

/**
 * Whether two paths lead to one file.
 *
 * @param a Path of an existing file.
 * @param b Path of another one.
 * @returns Whether they do.
 */
export function isSameFile(a: string, b: string): boolean {
  return fileKey(a) === fileKey(b);
}

/**
 * Returns the databases that this process has open.
 *
 * @returns Their paths.
 */
export function openPaths(): string[] {
  return [...open.values()].map(({ path }) => path);
}

/**
 * Notes that a file is about to be opened.
 *
 * @param path Path of an existing file.
 * @param driver The library.
 * @param action What it is for, in the form `Cannot open "a.db"`.
 * @returns A function to call after the file was closed; further calls do nothing.
 * @throws {DatabaseError} If the other library has the file open.
 */
export function registerOpenFile(path: string, driver: DriverName, action: string): () => void {
  const key = fileKey(path);
  const entry = open.get(key) ?? { driver, path, count: 0 };
  if (entry.driver !== driver) {
    throw new DatabaseError(
      `${action}: this process has the file open with the driver "${entry.driver}", ` +
        `and a second driver "${driver}" would break its locks; use one driver per process`,
      { code: "io" },
    );
  }
  entry.count++;
  open.set(key, entry);
  let released = false;
  return () => {
    if (released) return;
    released = true;
    if (--entry.count === 0) open.delete(key);
  };
}
