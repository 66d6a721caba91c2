/**
 * Tries to store a credential in a root folder and in a vault there, and prints the errors.
 *
 * @module
 */

import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { VaultKeyring } from "../../src/credentials/vault.ts";
import { StorageError } from "../../src/domain/errors.ts";

const [root = "", secret = ""] = Deno.args;
const keyring = {
  set: () => Promise.resolve(),
  get: () => Promise.resolve(undefined),
  delete: () => Promise.resolve(false),
};
const store = await KeyringCredentialStore.open({ root, keyring });
const vault = new VaultKeyring({ path: `${root}/vault`, passphrase: () => "open sesame" });
for (const write of [() => store.set("key", secret), () => vault.set("goflow", "key", secret)]) {
  try {
    await write();
    console.log("stored");
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    console.log(error.name, error.message);
  }
}
