/**
 * Files that the user names, beside the data of the stores.
 *
 * @module
 */

import { NotFoundError, type StorageError } from "../domain/errors.ts";
import { asFileError } from "../file_errors.ts";
import { requirePermissions } from "../permissions.ts";
import { resolve } from "../resolve.ts";
import { decodeFile } from "../text_decoding.ts";
import { UsageError } from "./command.ts";
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
 * Looks at a file or folder.
 *
 * @param path The file.
 * @param action What it is for, in the form `Cannot read "a"`.
 * @returns What is known of it.
 * @throws {NotFoundError} If nothing is there.
 * @throws {PermissionDeniedError} If it may not be looked at.
 */
export async function stat(path: string, action: string): Promise<Deno.FileInfo> {
  requirePermissions(action, { name: "read", path });
  return await Deno.stat(path).catch((cause) => {
    throw fileError(cause, action, path);
  });
}

/**
 * As {@linkcode stat}, where nothing need be there.
 *
 * @param path The file.
 * @param action What it is for, in the form `Cannot read "a"`.
 * @returns What is known of it, `undefined` when nothing is there.
 * @throws {PermissionDeniedError} If it may not be looked at.
 */
export async function statIfAny(path: string, action: string): Promise<Deno.FileInfo | undefined> {
  return await stat(path, action).catch((error) => {
    if (!(error instanceof NotFoundError)) throw error;
    return undefined;
  });
}

/**
 * Checks that a name is not empty, as a variable of a script may be: that would be this folder.
 *
 * @param path The name of an output.
 * @param kind What it is, such as `file`.
 * @throws {UsageError} If it is empty.
 */
export function requireName(path: string, kind: string): void {
  if (path === "") throw new UsageError(`The name of the ${kind} is empty`);
}

/**
 * Checks that there is a folder for a file.
 *
 * @param path The file, which need not be there.
 * @param action What it is for, in the form `Cannot write "a"`.
 * @throws {UsageError} If the name of the file is empty.
 * @throws {NotFoundError} If there is none.
 * @throws {PermissionDeniedError} If it may not be looked at.
 */
export async function requireFolderOf(path: string, action: string): Promise<void> {
  requireName(path, "file");
  const folder = resolve(path, "..");
  if (await statIfAny(folder, action) !== undefined) return;
  throw new NotFoundError(`${action}: there is no folder "${folder}"`, {
    kind: "folder",
    id: folder,
  });
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
