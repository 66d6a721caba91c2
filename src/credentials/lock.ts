/**
 * Serialises the writers of a keyring.
 *
 * @module
 */

import { dirname, join } from "../paths.ts";
import type { Keyring } from "../domain/credential.ts";
import { InvalidDataError } from "../domain/errors.ts";
import { asFileError } from "../file_errors.ts";
import { withFileLock } from "../file_lock.ts";
import { requirePermissions } from "../permissions.ts";
import { resolveRoot } from "../root.ts";

/** Name of the lock file in the root folder. */
const LOCK_FILE = "credentials.lock";

/** Tail of the queue of each keyring that only this process reaches. */
const queues = new WeakMap<Keyring, Promise<unknown>>();

/**
 * Runs a function while nobody else writes to the keyring: under a lock file in
 * the root folder, or, for a keyring of this process alone, in a queue. Not reentrant.
 *
 * @param action What is being done, for the error.
 * @param keyring The keyring.
 * @param root The root folder; the default one when it is `undefined`.
 * @param timeout How long to wait for the lock, in milliseconds.
 * @param run What to do.
 * @throws {PermissionDeniedError} If Deno or the system refuses access to the root folder.
 * @throws {InvalidDataError} If the root is not a folder.
 * @throws {StorageError} If the lock is not free in time, or the disk is full.
 */
export async function withKeyringLock<T>(
  action: string,
  keyring: Keyring,
  root: string | undefined,
  timeout: number,
  run: () => Promise<T>,
): Promise<T> {
  if (keyring.local) {
    const mine = (queues.get(keyring) ?? Promise.resolve()).then(run);
    queues.set(keyring, mine.then(() => {}, () => {}));
    return await mine;
  }
  return await withLockFile(action, join(resolveRoot(root), LOCK_FILE), timeout, run);
}

/** Holds a lock file while a function runs; makes its folder. */
export async function withLockFile<T>(
  action: string,
  path: string,
  timeout: number,
  run: () => Promise<T>,
): Promise<T> {
  const folder = dirname(path);
  requirePermissions(action, { name: "read", path: folder }, { name: "write", path: folder });
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists || cause instanceof Deno.errors.NotADirectory) {
      throw new InvalidDataError(
        `${action}: "${folder}" is a file or inside of one, name another folder`,
        { path: folder, cause },
      );
    }
    throw asFileError(cause, action, folder);
  }
  let locked = false;
  try {
    return await withFileLock(path, () => {
      locked = true;
      return run();
    }, { timeout });
  } catch (cause) {
    // Under the lock, errors are those of the function.
    throw locked ? cause : asFileError(cause, action, path);
  }
}
