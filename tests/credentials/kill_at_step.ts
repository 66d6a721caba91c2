/**
 * Changes a credential in the Secret Service and kills itself at a given step.
 *
 * @module
 */

import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { systemKeyring } from "../../src/credentials/system.ts";
import { CutOffKeyring } from "./cut_off.ts";

const [root = "", change, steps] = Deno.args;
const keyring = new CutOffKeyring(systemKeyring(), Number(steps), () => {
  Deno.kill(Deno.pid, "SIGKILL");
  throw new Error("unreachable");
});
const store = await KeyringCredentialStore.open({ root, keyring, largeValues: "split" });
const value = "n".repeat(change === "split" ? 9_000 : 20);
if (change === "rotate") await store.rotate("key", value, { verify: () => true });
else await store.set("key", value);
