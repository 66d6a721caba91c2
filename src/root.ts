/**
 * Where the data lies when no option says so.
 *
 * @module
 */

import { resolve } from "./resolve.ts";
import { InvalidDataError } from "./domain/errors.ts";
import { readVariable, requirePermissions } from "./permissions.ts";

/**
 * Returns the folder of all GoFlow data as an absolute path.
 *
 * Requires `--allow-env=HOME,GOFLOW_CONFIG_DIR` (`USERPROFILE` in place of
 * `HOME` on Windows) unless `root` is given.
 *
 * @param root The folder; by default `GOFLOW_CONFIG_DIR`, else `.goflow` in the home folder.
 * @returns The absolute path; nothing is created.
 * @throws {PermissionDeniedError} If the environment may not be read.
 * @throws {InvalidDataError} If neither an option nor the environment names a folder, or not in UTF-8.
 */
export function resolveRoot(root?: string): string {
  if (root !== undefined) return absolute(root);
  const home = Deno.build.os === "windows" ? "USERPROFILE" : "HOME";
  const action = "Cannot find the GoFlow folder";
  const configDir: Deno.EnvPermissionDescriptor = { name: "env", variable: "GOFLOW_CONFIG_DIR" };
  const homeFolder: Deno.EnvPermissionDescriptor = { name: "env", variable: home };
  // Whoever may not read the first is told about both, since the second may be needed as well.
  if (Deno.permissions.querySync(configDir).state !== "granted") {
    requirePermissions(action, homeFolder, configDir);
  }
  const configured = readVariable("GOFLOW_CONFIG_DIR");
  if (configured) return absolute(configured);
  requirePermissions(action, homeFolder);
  const folder = readVariable(home);
  if (folder) return absolute(resolve(folder, ".goflow"));
  throw new InvalidDataError(
    `${action}: neither GOFLOW_CONFIG_DIR nor ${home} is set, set one or pass the "root" option`,
  );
}

function absolute(path: string): string {
  // Deno's own functions take URLs.
  if (typeof path !== "string") {
    throw new InvalidDataError(`Cannot use ${String(path)} as a path: give text`);
  }
  if (path === "") {
    throw new InvalidDataError(
      'Cannot use an empty path as the GoFlow folder: give a folder, such as "."',
    );
  }
  return resolve(path);
}
