/**
 * Files that the user names, beside the data of the stores.
 *
 * @module
 */

import { NotFoundError, type StorageError } from "../domain/errors.ts";
import { asFileError } from "../file_errors.ts";
import { basename, dirname, join, resolve } from "../paths.ts";
import { requirePermissions } from "../permissions.ts";
import { resolveRoot } from "../root.ts";
import { UsageError } from "./command.ts";
import { decodeFile } from "../text_decoding.ts";
import type { Context } from "./context.ts";

/**
 * Reads a text file, or standard input for `-`.
 *
 * @param context The call.
 * @param path The file.
 * @returns The text.
 * @throws {NotFoundError} If there is no such file.
 * @throws {PermissionDeniedError} If it may not be read.
 * @throws {InvalidDataError} If it is not UTF-8.
 */
export async function readInput(context: Context, path: string): Promise<string> {
  if (path === "-") {
    const { readAll } = await import("./prompt.ts");
    return await readAll(context.io.stdin);
  }
  const action = `Cannot read "${path}"`;
  requirePermissions(action, { name: "read", path });
  try {
    return decodeFile(await Deno.readFile(path), action, path);
  } catch (cause) {
    throw fileError(cause, action, path);
  }
}

/**
 * Checks a file that a command is about to write, which may be there already.
 *
 * @param context The call.
 * @param action What failed otherwise, in the form `Cannot write "a"`.
 * @param path The file.
 * @throws {UsageError} If it holds data of the folder that the call works on, which would be lost.
 * @throws {PermissionDeniedError} If it may not be written.
 */
export function checkOutput(context: Context, action: string, path: string): void {
  requirePermissions(action, { name: "write", path });
  if (context.url !== undefined) return;
  const root = realPath(resolveRoot(context.root));
  const file = realPath(path);
  const folder = dirname(file);
  const own = folder === root
    ? OWN_FILES.test(basename(file))
    : OWN_FOLDERS.some((name) => folder === join(root, name)) && exists(file);
  if (own) throw new UsageError(`${action}: it is data of GoFlow itself, name another file`);
}

const OWN_FILES = /^(?:goflow\.db(?:-wal|-shm|-journal)?|credentials\.vault)$/;
const OWN_FOLDERS = ["workflows", "templates", "history"];

/** The path behind all links, as far as that may be looked at. */
function realPath(path: string): string {
  if (!exists(path)) return resolve(path);
  return Deno.realPathSync(path);
}

function exists(path: string): boolean {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return false;
  try {
    Deno.statSync(path);
    return true;
  } catch {
    // Whoever opens it says why.
    return false;
  }
}

/**
 * Returns the error to throw for a failed file operation.
 *
 * @param cause What was caught.
 * @param action What failed, in the form `Cannot read "a"`.
 * @param path The file.
 * @returns The error.
 */
export function fileError(cause: unknown, action: string, path: string): StorageError {
  if (cause instanceof Deno.errors.NotFound) {
    return new NotFoundError(`${action}: there is no such file`, { kind: "file", id: path, cause });
  }
  return asFileError(cause, action, path);
}

/**
 * Returns the id that the name of a YAML file suggests.
 *
 * @param path The file.
 * @returns Its name without folder and extension, `undefined` for standard input.
 */
export function idOfFile(path: string): string | undefined {
  if (path === "-") return undefined;
  return path.slice(path.search(/[^/\\]*$/)).replace(/\.ya?ml$/, "");
}
