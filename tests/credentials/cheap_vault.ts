/**
 * Vaults that open fast: what scrypt costs is written in the file.
 *
 * @module
 */

import { newKey, seal } from "../../src/credentials/vault_file.ts";

/** Writes an empty vault whose passphrase is weakly protected. */
export async function writeCheapVault(path: string, passphrase: string): Promise<void> {
  const key = await newKey(passphrase, 2 ** 4);
  await Deno.writeTextFile(path, await seal(key, new Map()), { mode: 0o600 });
}
