/**
 * What a folder tells of the files in it without reading them.
 *
 * @module
 */

/** How the names of all files end. */
export const EXTENSION = ".yaml";

/**
 * Returns the id of a file.
 *
 * @param name Its name.
 * @returns The id; `undefined` when it is a file of another kind, or hidden.
 */
export function idOf(name: string): string | undefined {
  return name.endsWith(EXTENSION) && !name.startsWith(".")
    ? name.slice(0, -EXTENSION.length)
    : undefined;
}

/**
 * Returns when a file was last written, at the latest. Whoever sets its time back cannot set that of
 * the last change, but Deno tells this one in whole seconds.
 *
 * @param info What the system knows of the file.
 * @returns The time.
 */
export function writtenBy({ mtime, ctime }: Deno.FileInfo): Date {
  if (mtime === null) return new Date();
  return ctime !== null && ctime > mtime ? new Date(ctime.getTime() + 1000) : mtime;
}

/**
 * Returns what changes whenever the content of a file may have changed.
 *
 * @param info What the system knows of the file.
 * @returns A text.
 */
export function stampOf(info: Deno.FileInfo): string {
  return [info.mtime?.getTime(), info.ctime?.getTime(), info.size, info.ino].join(":");
}
