/**
 * Reads several items.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { settled } from "./settled.ts";

/** How many programs run at once. */
const PARALLEL = 8;

/** Reads several items in the best way that the keyring has. */
export async function readMany(
  keyring: Keyring,
  service: string,
  accounts: readonly string[],
): Promise<Map<string, string>> {
  return keyring.getMany
    ? await keyring.getMany(service, accounts)
    : await readEach(accounts, (account) => keyring.get(service, account));
}

/** Reads several items one by one, some at the same time; none any more after an error. */
export async function readEach(
  accounts: readonly string[],
  read: (account: string) => Promise<string | undefined>,
): Promise<Map<string, string>> {
  const secrets = new Map<string, string>();
  const waiting = [...accounts];
  const work = async () => {
    try {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const secret = await read(name);
        if (secret !== undefined) secrets.set(name, secret);
      }
    } finally {
      waiting.length = 0;
    }
  };
  await settled(Array.from({ length: PARALLEL }, work));
  return secrets;
}
