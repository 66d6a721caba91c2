/**
 * What a check finds.
 *
 * @module
 */

import { KeyringError, PermissionDeniedError, StorageError } from "../../domain/errors.ts";
import { errorLine } from "../failure.ts";

/** One finding. */
export interface Finding {
  /** How bad it is. */
  status: "ok" | "warning" | "failed";
  /** What it is about. */
  area: "machine" | "folder" | "workflows" | "executions" | "credentials";
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
    return [{ status: "failed", area, finding: errorLine(error), ...cureOf(error) }];
  }
}

function cureOf(error: StorageError): { cure?: string } {
  if (error instanceof PermissionDeniedError && error.flag) return { cure: `add ${error.flag}` };
  if (error instanceof KeyringError && error.reason === "unavailable") {
    return { cure: "use --keyring vault on a machine without a keyring" };
  }
  return {};
}
