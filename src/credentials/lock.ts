/**
 * Serialises the writers of a keyring.
 *
 * @module
 */

import { join } from "@std/path";
import type { Keyring } from "../domain/credential.ts";
import { withFileLock } from "../file_lock.ts";
import { asPermissionDenied, requirePermissions } from "../permissions.ts";
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
  const folder = resolveRoot(root);
  requirePermissions(action, { name: "read", path: folder }, { name: "write", path: folder });
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (cause) {
    throw asPermissionDenied(cause, action, folder) ?? cause;
  }
  return await withFileLock(join(folder, LOCK_FILE), run, { timeout });
}
