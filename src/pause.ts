/**
 * Lets other tasks run during long work.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";

/** Longest time without a pause, in milliseconds. */
const SLICE = 10;

/** Returns a function to call between steps: it pauses when the last pause was long ago. */
export function pauser(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < SLICE) return undefined;
    return setImmediate().then(() => {
      last = performance.now();
    });
  };
}
