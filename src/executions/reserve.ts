/**
 * Disk space set aside, so that pruning has room to work on a full disk: even
 * a deletion first writes to the log.
 *
 * @module
 */

/** How much is written at once; random bytes, which no file system makes smaller. */
const CHUNK = 65_536;

/**
 * Sets space aside, if there is enough; does nothing when it is there already.
 *
 * @param database Path of the database.
 * @param bytes How much.
 */
export function keepReserve(database: string, bytes: number): void {
  const path = reservePath(database);
  try {
    using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
    const chunk = crypto.getRandomValues(new Uint8Array(CHUNK));
    for (let left = bytes; left > 0;) {
      left -= file.writeSync(left < CHUNK ? chunk.subarray(0, left) : chunk);
    }
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    // Too little space to set any aside: what little there is shall be used.
    releaseReserve(database);
  }
}

/**
 * Gives the space back.
 *
 * @param database Path of the database.
 * @returns Whether there was some.
 */
export function releaseReserve(database: string): boolean {
  try {
    Deno.removeSync(reservePath(database));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function reservePath(database: string): string {
  return `${database}-reserve`;
}
