/**
 * Replaces files, atomically and durably.
 *
 * @module
 */

import { basename, dirname } from "../paths.ts";
import type { FileOperations } from "./file_operations.ts";

/** How a file is replaced. */
export interface ReplaceOptions {
  /** A new path in the same folder. */
  temporary: string;
  /** Mode of the file. */
  mode: number;
  /** Whether the mode is that of the file before, whatever the mask of the process. */
  keepMode: boolean;
  /** Looks at the content while the disk works; nothing is replaced when it returns `false` or throws. */
  check(): boolean;
  /**
   * Writes what belongs to the file, before it is replaced and whatever the check says; returns a
   * function that takes it back.
   */
  beside?(temporary: string): Promise<() => void>;
}

/** `.<id>.<uuid>.tmp`: hidden, and no workflow file for anybody. */
const TEMPORARY = /^\.(.+)\.[0-9a-f-]{36}\.tmp$/;

/** Returns a new name for a temporary file. */
export function temporaryName(id: string): string {
  return `.${id}.${crypto.randomUUID()}.tmp`;
}

/** Returns the id in the name of a temporary file; `undefined` when the name is another one. */
export function temporaryId(name: string): string | undefined {
  return TEMPORARY.exec(name)?.[1];
}

/**
 * Replaces a file: a crash at any point leaves the old content or the new one.
 *
 * @param files The file operations.
 * @param path The file.
 * @param bytes The new content.
 * @param options How.
 * @returns Whether the check passed; nothing is replaced when it did not.
 */
export async function replaceFile(
  files: FileOperations,
  path: string,
  bytes: Uint8Array,
  { temporary, mode, keepMode, check, beside }: ReplaceOptions,
): Promise<boolean> {
  const discard = () => attempt(() => files.remove(temporary));
  let undo: (() => void) | undefined;
  try {
    const file = files.createFile(temporary, mode);
    try {
      file.write(bytes);
      const [synced, written, checked] = await Promise.allSettled([
        file.sync(),
        beside?.(basename(temporary)),
        Promise.try(check),
      ]);
      if (written.status === "fulfilled") undo = written.value;
      const passed = valueOf(checked);
      valueOf(synced);
      valueOf(written);
      if (!passed) {
        undo?.();
        discard();
        return false;
      }
    } finally {
      file.close();
    }
    // The mask of the process applies to new files.
    if (keepMode) files.changeMode(temporary, mode);
    files.rename(temporary, path);
  } catch (error) {
    // In this order: as long as the temporary file is there, what is beside it does not count.
    if (attempt(() => undo?.())) discard();
    throw error;
  }
  await files.syncFolder(dirname(path));
  return true;
}

function valueOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

/** Tells whether it worked: for what is tried after a failure, which matters more. */
export function attempt(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}
