/**
 * What a check finds.
 *
 * @module
 */

import {
  DatabaseError,
  KeyringError,
  PermissionDeniedError,
  StorageError,
} from "../../domain/errors.ts";
import { errorLine } from "../failure.ts";

/** One finding. */
export interface Finding {
  /** How bad it is. */
  status: "ok" | "warning" | "failed";
  /** What it is about. */
  area: "machine" | "folder" | "workflows" | "templates" | "executions" | "credentials";
  /** What was found. */
  finding: string;
  /** What to do about it. */
  cure?: string;
}

/** Checks one area. */
export type Check = (root: string) => Promise<Finding[]>;

/**
 * Runs a check; its error becomes a finding.
 *
 * @param area What it is about.
 * @param check The check.
 * @returns What it found.
 */
export async function findingsOf(
  area: Finding["area"],
  check: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return [{ status: "failed", area, finding: errorLine(error), cure: cureOf(error) }];
  }
}

function cureOf(error: StorageError): string {
  if (error instanceof PermissionDeniedError) {
    return error.flag ? `add ${error.flag}` : "check owner and mode, or ask who may change them";
  }
  if (error instanceof KeyringError) return KEYRING_CURES[error.reason] ?? "try again";
  if (error instanceof DatabaseError) return DATABASE_CURES[error.code] ?? "check the disk";
  return "check the path, or pass the right --root";
}

/** Cure of a damaged database. */
export const SALVAGE = "goflow-storage db salvage saved.db";

const KEYRING_CURES: Partial<Record<KeyringError["reason"], string>> = {
  locked: "unlock the keyring: log in to the desktop, or unlock it as the message says",
  unavailable: "use --keyring vault on a machine without a keyring",
  timeout: "answer the prompt of the keyring, then try again",
};

const DATABASE_CURES: Partial<Record<DatabaseError["code"], string>> = {
  busy: "end the program that holds the database, then try again",
  full: "free space on the disk",
  corrupt: SALVAGE,
  "not-a-database": "pass the right --root, or move the file away",
  "newer-schema": "use a newer goflow-storage",
  "read-only": "check owner and mode of the file and its folder",
};
