/**
 * Turns what a SQLite library throws into the module's errors.
 *
 * @module
 */

import { DatabaseError, type DatabaseErrorCode, StorageError } from "../domain/errors.ts";
import { asPermissionDenied } from "../permissions.ts";

/** Primary result codes of SQLite. A file that exists and cannot be opened lacks a permission. */
const CODES: Record<number, DatabaseErrorCode> = {
  5: "busy",
  6: "busy",
  8: "read-only",
  11: "corrupt",
  13: "full",
  14: "read-only",
  19: "constraint",
  26: "not-a-database",
};

/** The library's texts, for the calls that do not tell the code. */
const MESSAGES: [RegExp, DatabaseErrorCode][] = [
  [/(database|table|schema) is locked/, "busy"],
  [/attempt to write a readonly database|unable to open database file/, "read-only"],
  [/malformed|no such (?:table|column)|has no column named/, "corrupt"],
  [/disk is full/, "full"],
  [/constraint failed/, "constraint"],
  [/file is not a database|file is encrypted/, "not-a-database"],
];

const CURES: Partial<Record<DatabaseErrorCode, string>> = {
  busy: "another connection holds a lock on the database",
  full: "free some space on the disk and try again",
  corrupt: "restore a backup, or salvage what is readable",
  "not-a-database": "the file is not a SQLite database",
  "read-only": "check the owner and the mode of the file and of its folder, " +
    "where SQLite keeps files, in WAL mode also to read; a copy elsewhere can be read",
};

/**
 * Tells why a SQLite library threw.
 *
 * @param cause What it threw.
 * @returns The code, or `undefined` when the error is not one of SQLite.
 */
export function databaseErrorCode(cause: unknown): DatabaseErrorCode | undefined {
  if (!(cause instanceof Error)) return undefined;
  if (cause instanceof DatabaseError) return cause.code;
  if ("errcode" in cause && typeof cause.errcode === "number") {
    return CODES[cause.errcode & 0xff] ?? codeOf(cause) ?? "io";
  }
  if (isFullDisk(cause)) return "full";
  return codeOf(cause);
}

function codeOf({ message }: Error): DatabaseErrorCode | undefined {
  return MESSAGES.find(([pattern]) => pattern.test(message))?.[1];
}

/**
 * Wraps what was thrown while SQLite was used.
 *
 * @param cause What was thrown; an error of this module is returned as it is.
 * @param action What failed, in the form `Cannot save execution "a"`.
 * @param path Path of the database.
 * @returns The error to throw.
 */
export function databaseError(cause: unknown, action: string, path: string): StorageError {
  if (cause instanceof StorageError) return cause;
  const denied = asPermissionDenied(cause, action, path);
  if (denied !== undefined) return denied;
  const code = databaseErrorCode(cause) ?? "io";
  const found = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof TypeError || cause instanceof RangeError) {
    return new DatabaseError(`${action}: ${found}`, { code, cause });
  }
  const cure = /FOREIGN KEY constraint/.test(found)
    ? "save the run first, and the node execution that a snapshot names"
    : CURES[code];
  const advice = cure === undefined ? "" : `; ${cure}`;
  const reporter = isFileError(cause) ? "the system" : "SQLite";
  return new DatabaseError(`${action}: ${reporter} reports "${found}"${advice}`, { code, cause });
}

/** Whether a file operation failed, and not the library, whose errors have a code of another form. */
function isFileError(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && /^E[A-Z]+$/.test(String(cause.code));
}

function isFullDisk(cause: Error): boolean {
  return "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT");
}
