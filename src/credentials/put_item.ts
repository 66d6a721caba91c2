/**
 * Stores one item.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";

/** Stores an item and checks, where the system may do otherwise, that it was stored as it is. */
export async function putItem(
  keyring: Keyring,
  service: string,
  account: string,
  secret: string,
): Promise<void> {
  await keyring.set(service, account, secret);
  await keyring.verify?.(service, account, secret);
}
