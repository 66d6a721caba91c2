/**
 * Pruning while a store is open.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type {
  AutoPruneOptions,
  PruneOptions,
  RetentionPolicy,
} from "../domain/execution_retention.ts";
import { LONGEST_TIMER } from "../timers.ts";
import { checkPolicy } from "./policy.ts";

/**
 * Checks when and what is pruned while a store is open.
 *
 * @param options The options.
 * @throws {InvalidDataError} If they are not valid.
 */
export function checkAutoPrune({ policy, interval = 1 }: AutoPruneOptions): void {
  checkPolicy(policy);
  if (interval >= 1 && interval <= LONGEST_TIMER) return;
  throw new InvalidDataError(
    `Cannot open the execution store: the interval of "autoPrune" is ${interval}, ` +
      `wanted are milliseconds from 1 to ${LONGEST_TIMER}`,
  );
}

/**
 * Prunes now and then, one pruning at a time, until the store is closed.
 *
 * @param autoPrune When and what.
 * @param prune Prunes once.
 * @param closing Aborted when the store is closed.
 */
export function startAutoPrune(
  autoPrune: AutoPruneOptions,
  prune: (policy: RetentionPolicy, options: PruneOptions) => Promise<unknown>,
  closing: AbortSignal,
): void {
  const { policy, interval = 3_600_000, options = {}, onError } = autoPrune;
  let isPruning = false;
  const timer = setInterval(async () => {
    if (isPruning) return;
    isPruning = true;
    try {
      await prune(policy, { ...options, signal: closing });
    } catch (error) {
      if (!closing.aborted) onError?.(error);
    } finally {
      isPruning = false;
    }
  }, interval);
  // It does not keep the process alive.
  Deno.unrefTimer(timer);
  closing.addEventListener("abort", () => clearInterval(timer));
}
