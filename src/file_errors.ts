/**
 * Turns failures of file operations into the errors of this module.
 *
 * @module
 */

import { StorageError } from "./domain/errors.ts";
import { asPermissionDenied, requirePermissions } from "./permissions.ts";

/**
 * Throws unless access to a path is granted; the error names the flag for the
 * root folder, which permits every operation of the store.
 */
export function requireAccess(
  action: string,
  root: string,
  path: string,
  ...names: ("read" | "write")[]
): void {
  for (const name of names) {
    try {
      requirePermissions(action, { name, path });
    } catch (error) {
      requirePermissions(action, { name, path: root });
      throw error;
    }
  }
}

/** Returns the error to throw for a failed file operation. */
export function asFileError(cause: unknown, action: string, path: string): StorageError {
  if (cause instanceof StorageError) return cause;
  const denied = asPermissionDenied(cause, action, path);
  if (denied !== undefined) return denied;
  return new StorageError(`${action}: cannot access "${path}": ${systemReason(cause)}`, { cause });
}

/** Says why an operation of the system failed. */
export function systemReason(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOSPC" || code === "EDQUOT") return "the disk is full";
  return cause instanceof Error ? cause.message : String(cause);
}

/** Tells whether an error comes from the operating system or from Deno's sandbox. */
export function isSystemError(cause: unknown): boolean {
  return cause instanceof Error &&
    ("code" in cause || Object.values(Deno.errors).some((type) => cause instanceof type));
}
