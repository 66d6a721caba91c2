/**
 * Waiting, and what a timer can hold.
 *
 * @module
 */

/** Longest time of a timer, in milliseconds: one that is set to more ends at once. */
export const LONGEST_TIMER: number = 2 ** 31 - 1;

/**
 * Waits for some time.
 *
 * @param milliseconds How long; 0 lets timers and other tasks in.
 * @param signal Ends the waiting.
 */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
  });
}

/**
 * Waits for a promise, but not for ever.
 *
 * @param milliseconds How long.
 * @param promise The promise, which goes on.
 * @param late Called when the time is over: returns what takes the place of the result, or throws.
 * @returns What the promise became.
 */
export async function within<T, L>(
  milliseconds: number,
  promise: Promise<T>,
  late: () => L,
): Promise<T | L> {
  const expired = Promise.withResolvers<void>();
  const timer = setTimeout(expired.resolve, Math.min(milliseconds, LONGEST_TIMER));
  try {
    return await Promise.race([promise, expired.promise.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}
