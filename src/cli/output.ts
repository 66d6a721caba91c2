/**
 * What the commands share: how a step is told, how an error is told.
 *
 * @module
 */

import { resolve } from "@std/path";
import { InvalidDataError, StorageError } from "../domain/errors.ts";

/**
 * Writes one line to standard output.
 *
 * @param line The line, without its end.
 */
export function print(line: string): void {
  console.log(line);
}

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

/**
 * Returns an error as one line for people: the message of an error that this
 * module throws on purpose, name and message of any other.
 *
 * @param error What was caught.
 * @returns One line.
 */
export function errorLine(error: unknown): string {
  if (error instanceof StorageError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
