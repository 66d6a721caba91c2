/**
 * Copies of folders.
 *
 * @module
 */

import { join } from "@std/path";

/** What a fresh clone does not have. */
const NOT_IN_A_CLONE: readonly string[] = [".git", "node_modules", "coverage", "dist"];

/** Copies a folder, apart from what has one of some names. */
export async function copyFolder(
  from: string,
  to: string,
  leaveOut: readonly string[] = NOT_IN_A_CLONE,
): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    if (leaveOut.includes(name)) continue;
    if (isDirectory) await copyFolder(join(from, name), join(to, name), leaveOut);
    if (isFile) await Deno.copyFile(join(from, name), join(to, name));
  }
}
