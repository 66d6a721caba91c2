/**
 * Waiting for several operations on a keyring.
 *
 * @module
 */

/** Waits for all, so that nothing goes on behind an error, and throws the first error. */
export async function settled<T extends readonly unknown[] | []>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}
