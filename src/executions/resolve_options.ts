/**
 * Checks the options of the execution store.
 *
 * @module
 */

import { join } from "../paths.ts";
import { resolve } from "../resolve.ts";
import { InvalidDataError } from "../domain/errors.ts";
import { Redactor } from "../domain/redaction.ts";
import { resolveRoot } from "../root.ts";
import type { ResolvedOptions, SQLiteOptions } from "./options.ts";
import { checkAutoPrune } from "./auto_prune.ts";

/**
 * Checks options and fills in the defaults.
 *
 * @param options The options.
 * @returns The options with their defaults.
 * @throws {InvalidDataError} If an option is not valid.
 * @throws {PermissionDeniedError} If the root has to come from the environment and may not.
 */
export function resolveOptions(options: SQLiteOptions): ResolvedOptions {
  const { driver = "auto", durability = "full", migrate = "auto" } = options;
  const { timeout = 30_000, fileMode = 0o644, journalMode } = options;
  check("driver", driver, ["auto", "ffi", "builtin"]);
  check("durability", durability, ["full", "normal"]);
  check("migrate", migrate, ["auto", "never"]);
  check("journalMode", journalMode, [undefined, "wal", "delete"]);
  if (!(timeout >= 0)) {
    throw new InvalidDataError(
      `Cannot open the execution store: the option "timeout" is ${timeout}, wanted is a number of milliseconds from 0`,
    );
  }
  if (!Number.isInteger(fileMode) || fileMode < 0 || fileMode > 0o777) {
    throw new InvalidDataError(
      `Cannot open the execution store: the option "fileMode" is ${fileMode}, wanted is a mode from 0 to 0o777`,
    );
  }
  const { cacheSize = 0, reserve = 0, autoPrune } = options;
  for (const [option, value] of Object.entries({ cacheSize, reserve })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new InvalidDataError(
      `Cannot open the execution store: the option "${option}" is ${value}, wanted is a whole number from 0`,
    );
  }
  if (autoPrune !== undefined) checkAutoPrune(autoPrune);
  const redactor = Redactor.of(options.redaction);
  const path = options.path === undefined
    ? join(resolveRoot(options.root), "goflow.db")
    : resolve(options.path);
  return {
    path,
    driver,
    journalMode,
    durability,
    migrate,
    timeout,
    fileMode,
    redactor,
    cacheSize,
    reserve,
    autoPrune,
  };
}

function check(option: string, value: unknown, allowed: readonly unknown[]): void {
  if (allowed.includes(value)) return;
  const wanted = allowed.filter((one) => one !== undefined).map((one) => `"${one}"`).join(", ");
  throw new InvalidDataError(
    `Cannot open the execution store: the option "${option}" is "${value}", wanted is one of ${wanted}`,
  );
}
