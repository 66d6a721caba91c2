/**
 * The folder that `example` and `verify` work in.
 *
 * @module
 */

import { resolve } from "../resolve.ts";
import { InvalidDataError } from "../domain/errors.ts";
import { readGrantedVariable, requirePermissions } from "../permissions.ts";

/**
 * Makes the folder that a command works in.
 *
 * @param path The folder, a new temporary one by default.
 * @returns Its absolute path.
 * @throws {InvalidDataError} If the folder is not empty.
 * @throws {PermissionDeniedError} If it may not be read and written.
 */
export async function freshFolder(path?: string): Promise<string> {
  const folder = resolve(path ?? temporaryFolder());
  const action = `Cannot work in "${folder}"`;
  requirePermissions(action, { name: "read", path: folder }, { name: "write", path: folder });
  if (path === undefined) return await Deno.makeTempDir({ prefix: "goflow-" });
  await Deno.mkdir(folder, { recursive: true });
  for await (const entry of Deno.readDir(folder)) {
    throw new InvalidDataError(
      `${action}: it contains "${entry.name}", an empty or missing folder is wanted`,
    );
  }
  return folder;
}

/** Where Deno makes temporary folders, as far as the environment may be read. */
function temporaryFolder(): string {
  const [variable, usual] = Deno.build.os === "windows" ? ["TEMP", "."] : ["TMPDIR", "/tmp"];
  return readGrantedVariable(variable) || usual;
}
