/**
 * The folder that `example` and `verify` work in.
 *
 * @module
 */

import { resolve } from "../resolve.ts";
import { InvalidDataError } from "../domain/errors.ts";

/**
 * Makes the folder that a command works in.
 *
 * @param path The folder, a new temporary one by default.
 * @returns Its absolute path.
 * @throws {InvalidDataError} If the folder is not empty.
 */
export async function freshFolder(path?: string): Promise<string> {
  if (path === undefined) return await Deno.makeTempDir({ prefix: "goflow-" });
  const folder = resolve(path);
  await Deno.mkdir(folder, { recursive: true });
  for await (const entry of Deno.readDir(folder)) {
    throw new InvalidDataError(
      `Cannot work in "${folder}": it contains "${entry.name}", an empty or missing folder is wanted`,
    );
  }
  return folder;
}
