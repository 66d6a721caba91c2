/**
 * Options of `watch()` and `follow()`, checked.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { WatchOptions } from "../domain/execution_monitoring.ts";
import { LONGEST_TIMER } from "../timers.ts";

/**
 * Checks options.
 *
 * @param options The options.
 * @param action What they are for, in the form `Cannot watch executions`.
 * @throws {InvalidDataError} If one is not valid.
 */
export function checkWatch(options: WatchOptions & { after?: number }, action: string): void {
  const { interval = 100, after = 0 } = options;
  if (!(interval >= 1 && interval <= LONGEST_TIMER)) {
    throw new InvalidDataError(
      `${action}: "interval" is ${interval}, wanted are milliseconds from 1 to ${LONGEST_TIMER}`,
    );
  }
  if (Number.isSafeInteger(after) && after >= 0) return;
  throw new InvalidDataError(
    `${action}: "after" is ${after}, wanted is the sequence of a change, or 0 for the oldest`,
  );
}
