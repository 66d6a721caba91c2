/**
 * Counts up in a vault until it is killed, printing each number once it is stored.
 *
 * @module
 */

import { VaultKeyring } from "../../src/credentials/vault.ts";

const [path = ""] = Deno.args;
const keyring = new VaultKeyring({ path, passphrase: () => "open sesame" });
for (let count = 1;; count++) {
  await keyring.set("goflow", "key", `value ${count}`);
  console.log(count);
}
