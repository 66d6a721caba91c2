import { assert, assertEquals } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { VaultKeyring } from "../../src/credentials/vault.ts";
import type { Keyring } from "../../src/domain/credential.ts";
import { runCode } from "../helpers/child.ts";
import { soak, testNeeding } from "../helpers/skip.ts";
import { TempFolder } from "../helpers/temp_folder.ts";
import { writeCheapVault } from "./cheap_vault.ts";
import { GnomeKeyring, gnomeKeyring } from "./gnome_keyring.ts";

/** How many processes write at once. */
const PROCESSES = soak.missing ? 6 : 20;
/** How many keys each process sets. */
const COUNT = soak.missing ? 4 : 20;

/**
 * Sets keys, deletes every second one, and sets one that all processes share; in the
 * vault, if its path is given.
 */
const WRITER = `
import { KeyringCredentialStore } from "./src/credentials/keyring_store.ts";
import { VaultKeyring } from "./src/credentials/vault.ts";
const [root, name, count, path] = Deno.args;
const vault = path ? { keyring: new VaultKeyring({ path, passphrase: () => "open sesame" }) } : {};
const store = await KeyringCredentialStore.open({ root, timeout: 600_000, ...vault });
for (let index = 0; index < Number(count); index++) {
  await store.set(\`\${name}-\${index}\`, \`value \${index} of \${name}\`);
  if (index === 3) await store.set("shared", \`value of \${name}\`);
}
for (let index = 0; index < Number(count); index += 2) await store.delete(\`\${name}-\${index}\`);
`;

/** Lets all processes write, and checks that the keyring has what all of them stored. */
async function writeAtOnce(
  root: string,
  keyring: Keyring,
  env: Record<string, string>,
  ...args: string[]
): Promise<void> {
  const names = Array.from({ length: PROCESSES }, (_, index) => `process-${index}`);
  const results = await Promise.all(
    names.map((name) =>
      runCode(WRITER, { flags: ["-A"], args: [root, name, String(COUNT), ...args], env })
    ),
  );
  assertEquals(results.filter(({ code }) => code !== 0), []);

  const store = await KeyringCredentialStore.open({ keyring, root });
  const left = Array.from({ length: COUNT / 2 }, (_, index) => 2 * index + 1);
  const expected = names.flatMap((name) => left.map((index) => `${name}-${index}`));
  assertEquals(await store.list(), [...expected, "shared"].sort());
  const { index } = await store.info();
  assert(index === "complete", index);
  const values = await store.getMany(expected);
  for (const [key, value] of values) {
    const [, name, index] = /^(.*)-(\d+)$/.exec(key) ?? [];
    assertEquals(value, `value ${index} of ${name}`);
  }
  assertEquals(values.size, expected.length);
  assert((await store.get("shared")).startsWith("value of process-"));
}

const SUBJECT = `loses nothing when ${PROCESSES} processes set and delete ${COUNT} keys each`;

testNeeding(
  gnomeKeyring,
  `KeyringCredentialStore ${SUBJECT}`,
  async () => {
    await using gnome = await GnomeKeyring.start();
    const { DBUS_SESSION_BUS_ADDRESS = "" } = gnome.env;
    const root = `${gnome.home}/goflow`;
    await writeAtOnce(root, gnome.keyring(), { DBUS_SESSION_BUS_ADDRESS });
    const files = [...Deno.readDirSync(root)].map(({ name }) => name);
    assertEquals(files, ["credentials.lock"]);
  },
);

Deno.test(`VaultKeyring ${SUBJECT}`, async () => {
  await using temporary = await TempFolder.make();
  const root = temporary.path;
  const path = `${root}/vault`;
  await writeCheapVault(path, "open sesame");
  const keyring = new VaultKeyring({ path, passphrase: () => "open sesame" });
  await writeAtOnce(root, keyring, {}, path);
  const files = [...Deno.readDirSync(root)].map(({ name }) => name).sort();
  assertEquals(files, ["credentials.lock", "vault", "vault.lock"]);
});
