/**
 * Does everything that a credential store can do, also wrongly, with a secret from
 * standard input, and prints all results and errors.
 *
 * @module
 */

import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { systemKeyring } from "../../src/credentials/system.ts";
import { VaultKeyring } from "../../src/credentials/vault.ts";

const [root = "", program = ""] = Deno.args;
const secret = (await new Response(Deno.stdin.readable).text()).trim();
const expiresAt = new Date("2099-01-01");

/** Shows an outcome as a careless program would. */
async function show(name: string, run: () => Promise<unknown>): Promise<void> {
  try {
    const result = await run();
    console.log(name, typeof result === "string" ? `${result.length} characters` : result);
  } catch (error) {
    console.log(name, error, JSON.stringify(error), String(error));
    console.error(Deno.inspect(error, { depth: 20, showHidden: true }));
  }
}

const keyring = systemKeyring({ program });
const vault = new VaultKeyring({ path: `${root}/vault`, passphrase: () => `${secret}-passphrase` });
const wrong = new VaultKeyring({ path: `${root}/vault`, passphrase: () => `${secret}-wrong` });
const copy = await KeyringCredentialStore.open({
  root,
  keyring: new VaultKeyring({ path: `${root}/copy`, passphrase: () => `${secret}-passphrase` }),
});
for (const kind of [keyring, vault]) {
  const store = await KeyringCredentialStore.open({ root, keyring: kind, largeValues: "split" });
  const strict = await KeyringCredentialStore.open({ root, keyring: kind });
  await show("set", () => store.set("key", secret));
  await show("set with expiry", () => store.set("key", secret, { expiresAt, rotateAfter: 1 }));
  await show("set large", () => store.set("large", secret.repeat(500)));
  await show("set too large", () => strict.set("other", secret.repeat(500)));
  await show("set bad text", () => store.set("other", `${secret}\ud800`));
  await show("set expired", () => store.set("expired", secret, { expiresAt: new Date(0) }));
  await show("setStructured", () => store.setStructured("other", { secret, big: 1n }));
  await show("setStructured of a symbol", () => store.setStructured("other", Symbol(secret)));
  await show("setStructured that throws", () =>
    store.setStructured("other", {
      toJSON: () => {
        throw new Error(secret);
      },
    }));
  await show("get", () => store.get("key"));
  await show("get large", () => store.get("large"));
  await show("get expired", () => store.get("expired"));
  await show("getStructured", () => store.getStructured("key"));
  await show("rotate", () =>
    store.rotate("key", `${secret}-next`, {
      verify: () => {
        throw new Error(`status 401 for ${secret}-next`, { cause: { token: `${secret}-next` } });
      },
    }));
  await show("rotate", () => store.rotate("key", `${secret}-next`, { verify: () => true }));
  await show("describe", () => store.describe("key"));
  await show("rollBack", () => store.rollBack("key"));
  await show("rotateWith", () =>
    store.rotateWith("key", (current) => {
      throw new TypeError(`${current.length} characters do not suffice`);
    }));
  await show("rotateWith", () => store.rotateWith("key", (current) => `${current}-more`));
  await show("getPrevious", () => store.getPrevious("key"));
  await show("getMany", async () => (await store.getMany(["key", "large"])).size);
  await show("getMany expired", () => store.getMany(["key", "expired"]));
  await show("listExpiring", () => store.listExpiring(Infinity));
  await show("purgePrevious", () => store.purgePrevious());
  await show("copyTo", () => store.copyTo(copy, { onProgress: console.log }));
  await show("copyTo another value", async () => {
    await copy.set("key", `${secret}-other`);
    await store.copyTo(copy, { keys: ["key"] });
  });
  await show("tenant", () => store.tenant("acme").set("key", secret));
  await show("listTenants", () => store.listTenants());
  await show("deleteTenant", () => store.deleteTenant("acme", { confirm: "acme" }));
  await show("list", () => store.list());
  await show("info", () => store.info());
  console.log(Deno.inspect([store, kind], { depth: 20, showHidden: true }));
  for (const key of ["key", "large", "expired"]) await show("delete", () => store.delete(key));
}
const store = await KeyringCredentialStore.open({ root, keyring: wrong });
await show("get", () => store.get("key"));
await show("changePassphrase", () => vault.changePassphrase(`${secret}-changed`));
await show("changePassphrase", () => vault.changePassphrase(`${secret}\ud800`));
console.log("end of the run");
