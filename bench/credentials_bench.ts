/**
 * The credential store against `secret-tool` alone, on a gnome-keyring of its own.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { KeyringCredentialStore } from "../src/credentials/keyring_store.ts";
import { MemoryKeyring } from "../src/credentials/memory.ts";
import { systemKeyring } from "../src/credentials/system.ts";
import { VaultKeyring } from "../src/credentials/vault.ts";
import { GnomeKeyring, gnomeKeyring } from "../tests/credentials/gnome_keyring.ts";

const LOGIN = "--collection=/org/freedesktop/secrets/collection/login";
const MANY = Array.from({ length: 50 }, (_, index) => `key-${100 + index}`);
const THOUSAND = Array.from({ length: 1000 }, (_, index) => `key-${1000 + index}`);

const folder = await Deno.makeTempDir();
const missing = gnomeKeyring.some((requirement) => requirement.missing);
const gnome = missing ? undefined : await GnomeKeyring.start();
/** Another one for many items: with each change, the daemon writes all items of a keyring. */
const crowded = missing ? undefined : await GnomeKeyring.start();
addEventListener("unload", () => {
  gnome?.end();
  crowded?.end();
  Deno.removeSync(folder, { recursive: true });
});

/** One call of the tool as anybody would make it. */
async function tool(
  args: string[],
  stdin?: string,
  program = "secret-tool",
): Promise<string> {
  const child = new Deno.Command(program, {
    args,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { success, stdout } = await child.output();
  assertEquals(success, true);
  return new TextDecoder().decode(stdout);
}

if (gnome && crowded) {
  for (const [name, value] of Object.entries(gnome.env)) Deno.env.set(name, value);
  const root = `${folder}/goflow`;
  const store = await KeyringCredentialStore.open({ root });
  const { program } = crowded;
  const keyring = systemKeyring({ program });
  const many = await KeyringCredentialStore.open({ root, keyring, service: "goflow-many" });
  const thousand = await KeyringCredentialStore.open({ root, keyring, service: "goflow-thousand" });
  await store.set("key", "value");
  await store.set("expiring", "value", { expiresAt: new Date("2099-01-01") });
  for (const key of MANY) await many.set(key, `value of ${key}`);
  await Promise.all([0, 1, 2, 3].map(async (lane) => {
    for (const key of THOUSAND.filter((_, index) => index % 4 === lane)) {
      const item = ["--", "service", "goflow-thousand", "username", key];
      await tool(["store", LOGIN, "--label=x", ...item], "value", program);
    }
  }));
  const attributes = ["--", "service", "goflow", "username", "key"];
  let fresh = 0;

  Deno.bench("secret-tool lookup", { group: "get", baseline: true, n: 100 }, async () => {
    assertEquals(await tool(["lookup", ...attributes]), "value");
  });
  Deno.bench("get()", { group: "get", n: 100 }, async () => {
    assertEquals(await store.get("key"), "value");
  });
  Deno.bench("get() of a credential with an expiry", { group: "get", n: 100 }, async () => {
    assertEquals(await store.get("expiring"), "value");
  });
  Deno.bench("get() by a store that was just opened", { group: "get", n: 100 }, async () => {
    const opened = await KeyringCredentialStore.open({ root });
    assertEquals(await opened.get("key"), "value");
  });

  Deno.bench("secret-tool store", { group: "set", baseline: true, n: 100 }, async () => {
    await tool(["store", LOGIN, "--label=x", ...attributes], "value");
  });
  Deno.bench("set() of a known key", { group: "set", n: 100 }, async () => {
    await store.set("key", "value");
  });
  Deno.bench("set() of a new key", { group: "set", n: 100 }, async () => {
    await store.set(`new-${fresh++}`, "value");
  });

  Deno.bench("50 × get()", { group: "getMany", baseline: true, n: 3 }, async () => {
    for (const key of MANY) assertEquals(await many.get(key), `value of ${key}`);
  });
  Deno.bench("getMany() of 50", { group: "getMany", n: 10 }, async () => {
    assertEquals((await many.getMany(MANY)).size, 50);
  });

  Deno.bench("secret-tool search", { group: "list 1,000", baseline: true, n: 5 }, async () => {
    await tool(["search", "--all", "--", "service", "goflow-thousand"], undefined, program);
  });
  Deno.bench("list()", { group: "list 1,000", n: 5 }, async () => {
    assertEquals(await thousand.list(), THOUSAND);
  });
}

const memory = await KeyringCredentialStore.open({ keyring: new MemoryKeyring() });
await memory.set("key", "value");
Deno.bench("get() from memory", { group: "other keyrings" }, async () => {
  assertEquals(await memory.get("key"), "value");
});

const keyring = new VaultKeyring({ path: `${folder}/vault`, passphrase: () => "an example" });
const vault = await KeyringCredentialStore.open({ keyring, root: folder });
await vault.set("key", "value");
Deno.bench("get() from a vault", { group: "other keyrings" }, async () => {
  assertEquals(await vault.get("key"), "value");
});
Deno.bench("set() in a vault", { group: "other keyrings" }, async () => {
  await vault.set("key", "value");
});
