/**
 * The files of a database that nobody has open: copies while they are made.
 *
 * @module
 */

import { AlreadyExistsError, DatabaseError } from "../domain/errors.ts";
import { basename, dirname, join } from "../paths.ts";
import { databaseError } from "./database_error.ts";
import { isSameFile, openPaths } from "./open_files.ts";

/** What SQLite keeps beside a database while it is in use, or after a crash. */
const SIDE_FILES = ["-wal", "-shm", "-journal"] as const;

/**
 * Returns the files of a database, those included that it may have.
 *
 * @param path The database.
 * @returns Their paths.
 */
function databaseFiles(path: string): string[] {
  return ["", ...SIDE_FILES].map((suffix) => path + suffix);
}

/**
 * Tells whether there is a file, or anything else, of a name.
 *
 * @param path The name.
 * @returns Whether there is.
 */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Throws if a file belongs to a database that this process has open. Reading
 * it otherwise would drop its locks as soon as that ends.
 *
 * @param path Path of an existing file.
 * @param action What it is for, in the form `Cannot salvage "a.db"`.
 * @throws {DatabaseError} If it does.
 */
export function requireClosed(path: string, action: string): void {
  const isOpen = openPaths().flatMap(databaseFiles)
    .some((file) => exists(file) && isSameFile(file, path));
  if (!isOpen) return;
  throw new DatabaseError(`${action}: this process has "${path}" open as a database`, {
    code: "busy",
  });
}

/**
 * Throws if there is a file of a name.
 *
 * @param path The name.
 * @param kind What it would be, such as `"backup"`.
 * @param action What it is for, in the form `Cannot back up "a.db"`.
 * @throws {AlreadyExistsError} If there is one.
 * @throws {PermissionDeniedError} If the system does not tell.
 */
export function requireAbsent(path: string, kind: string, action: string): void {
  try {
    if (!exists(path)) return;
  } catch (cause) {
    throw databaseError(cause, action, path);
  }
  throw new AlreadyExistsError(`${action}: there is a file "${path}"`, { kind, id: path });
}

/**
 * Gives a finished file its name, unless a file of that name came meanwhile.
 *
 * @param partial The file, beside the other.
 * @param path Its name.
 * @param kind What it is, such as `"backup"`.
 * @param action What it is for, in the form `Cannot back up "a.db"`.
 * @throws {AlreadyExistsError} If there is one by now.
 */
export function giveName(partial: string, path: string, kind: string, action: string): void {
  try {
    // Unlike renaming, this replaces nothing.
    Deno.linkSync(partial, path);
  } catch {
    requireAbsent(path, kind, action);
    // A file system without links.
    Deno.renameSync(partial, path);
    return;
  }
  Deno.removeSync(partial);
}

/** The end of the name of a folder for the files of work that is under way. */
const WORK = ".work.tmp";
/** The file in it that its process has locked. */
const LOCK = "lock";

/**
 * Runs a function with a folder of its own beside a file, which is removed in
 * the end. Those of processes that died are removed first: the lock in a folder
 * dies with its process.
 *
 * @param path The file, which need not be there.
 * @param action What it is for, in the form `Cannot salvage "a.db"`.
 * @param use The function; it gets the folder.
 * @returns What it returned.
 * @throws {PermissionDeniedError} If there may be no such folder.
 */
export async function withWorkFolder<T>(
  path: string,
  action: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = makeFolder(dirname(path), `${basename(path)}.`, action);
  using _lock = makeLock(folder);
  try {
    return await use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function makeFolder(dir: string, prefix: string, action: string): string {
  try {
    Deno.mkdirSync(dir, { recursive: true, mode: 0o755 });
    for (const { name, isDirectory } of Deno.readDirSync(dir)) {
      if (!isDirectory || !name.startsWith(prefix) || !name.endsWith(WORK)) continue;
      removeUnlocked(join(dir, name));
    }
    return Deno.makeTempDirSync({ dir, prefix, suffix: WORK });
  } catch (cause) {
    throw databaseError(cause, action, dir);
  }
}

/** Gives the lock its name when it is held: until then others leave the folder alone. */
function makeLock(folder: string): Deno.FsFile {
  const path = join(folder, LOCK);
  const lock = Deno.openSync(`${path}.new`, { write: true, createNew: true });
  lock.lockSync(true);
  Deno.renameSync(`${path}.new`, path);
  return lock;
}

function removeUnlocked(folder: string): void {
  try {
    using lock = Deno.openSync(join(folder, LOCK), { write: true });
    if (lock.tryLockSync(true)) Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    // It belongs to another user, or its process is just making or removing it.
    const { PermissionDenied, NotFound } = Deno.errors;
    if (!(error instanceof PermissionDenied || error instanceof NotFound)) throw error;
  }
}

/**
 * Copies a database that nobody has open, and what a crash left beside it.
 *
 * @param from The database.
 * @param to The copy.
 */
export function copyDatabase(from: string, to: string): void {
  Deno.copyFileSync(from, to);
  for (const suffix of ["-wal", "-journal"]) {
    if (exists(from + suffix)) Deno.copyFileSync(from + suffix, to + suffix);
  }
}

const HEADER = 100;

/**
 * Gives a database the header of another one. See https://www.sqlite.org/fileformat.html#the_database_header.
 *
 * @param path The database, which nobody has open.
 * @param template The other one, which nobody has open either.
 */
export function replaceHeader(path: string, template: string): void {
  const header = Deno.readFileSync(template).subarray(0, HEADER);
  const view = new DataView(header.buffer);
  // Its pages are all that are there; none is known to be free.
  view.setUint32(28, Math.floor(Deno.statSync(path).size / view.getUint16(16)));
  header.fill(0, 32, 40);
  using file = Deno.openSync(path, { write: true });
  file.writeSync(header);
}

/** Bytes of a page, unless it was asked for others. */
const PAGE = 4096;

/**
 * Fills the end of a database that was cut off within a page: of a long text
 * some libraries do not read such a page, and report a broken disk.
 *
 * @param path The database, which nobody has open.
 */
export function fillLastPage(path: string): void {
  const { size } = Deno.statSync(path);
  Deno.truncateSync(path, Math.ceil(size / PAGE) * PAGE);
}

/**
 * Deletes what SQLite left beside a database that nobody has open.
 *
 * @param path The database.
 */
export function removeSideFiles(path: string): void {
  for (const suffix of SIDE_FILES) {
    if (exists(path + suffix)) Deno.removeSync(path + suffix);
  }
}

/**
 * Deletes a database that nobody has open, if it is there.
 *
 * @param path The database.
 */
export function removeDatabase(path: string): void {
  for (const file of databaseFiles(path)) {
    if (exists(file)) Deno.removeSync(file);
  }
}
