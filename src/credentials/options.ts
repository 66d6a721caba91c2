/**
 * Options of the credential store.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { InvalidDataError } from "../domain/errors.ts";
import { quoted, shown } from "./keys.ts";

/** Options of `KeyringCredentialStore.open()`. */
export interface KeyringOptions {
  /**
   * Folder of the lock file that serialises writers. Not used for reading.
   *
   * @default {GOFLOW_CONFIG_DIR, else ".goflow" in the home folder}
   */
  root?: string;
  /**
   * Name under which the keyring holds the credentials.
   *
   * @default {"goflow"}
   */
  service?: string;
  /**
   * Another keyring than that of the operating system.
   *
   * @default {systemKeyring()}
   */
  keyring?: Keyring;
  /**
   * Milliseconds after which a program of the operating system is killed, and after
   * which waiting for other writers ends.
   *
   * @default {30000}
   */
  timeout?: number;
  /**
   * What happens to values that do not fit into one item: a `KeyringError`, or
   * several items. Go cannot read a split value.
   *
   * @default {"refuse"}
   */
  largeValues?: "refuse" | "split";
}

/** Options of `set()` and `setStructured()`. */
export interface SetOptions {
  /**
   * When the value stops being valid.
   *
   * @default {never}
   */
  expiresAt?: Date;
  /**
   * When the value is due for rotation: a time, or milliseconds from each rotation
   * to the next.
   *
   * @default {the milliseconds given earlier}
   */
  rotateAfter?: Date | number;
}

/** Options of `get()`, `getMany()` and `getStructured()`. */
export interface GetOptions {
  /**
   * Return an expired value as well.
   *
   * @default {false}
   */
  allowExpired?: boolean;
}

/**
 * Checks the time limit of a keyring.
 *
 * @throws {InvalidDataError} If it is no time.
 */
export function checkTimeout(timeout: unknown): void {
  if (typeof timeout === "number" && timeout > 0) return;
  throw new InvalidDataError(
    `Cannot open the keyring: "timeout" must be milliseconds over 0, found ${shown(timeout)}`,
  );
}

/**
 * Checks what happens to large values.
 *
 * @throws {InvalidDataError} If it is nothing known.
 */
export function checkLargeValues(largeValues: unknown): "refuse" | "split" {
  if (largeValues === "refuse" || largeValues === "split") return largeValues;
  throw new InvalidDataError(
    `Cannot open the keyring: "largeValues" must be "refuse" or "split", found ${
      quoted(largeValues)
    }`,
  );
}
