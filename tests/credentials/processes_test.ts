import { assert, assertEquals } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { runCode } from "../helpers/child.ts";
import { soak, testNeeding } from "../helpers/skip.ts";
import { GnomeKeyring, gnomeKeyring } from "./gnome_keyring.ts";

/** How many keys each process sets. */
const COUNT = soak.missing ? 6 : 20;

/** Sets keys, deletes every second one, and sets one that all processes share. */
const WRITER = `
import { KeyringCredentialStore } from "./src/credentials/keyring_store.ts";
const [root, name, count] = Deno.args;
const store = await KeyringCredentialStore.open({ root, timeout: 600_000 });
for (let index = 0; index < Number(count); index++) {
  await store.set(\`\${name}-\${index}\`, \`value \${index} of \${name}\`);
  if (index === 3) await store.set("shared", \`value of \${name}\`);
}
for (let index = 0; index < Number(count); index += 2) await store.delete(\`\${name}-\${index}\`);
`;

testNeeding(
  gnomeKeyring,
  `KeyringCredentialStore loses nothing when 20 processes set and delete ${COUNT} keys each`,
  async () => {
    await using gnome = await GnomeKeyring.start();
    const { DBUS_SESSION_BUS_ADDRESS = "" } = gnome.env;
    const root = `${gnome.home}/goflow`;
    const names = Array.from({ length: 20 }, (_, index) => `process-${index}`);
    const results = await Promise.all(names.map((name) =>
      runCode(WRITER, {
        flags: ["-A"],
        args: [root, name, String(COUNT)],
        env: { DBUS_SESSION_BUS_ADDRESS },
      })
    ));
    assertEquals(results.filter(({ code }) => code !== 0), []);

    const store = await KeyringCredentialStore.open({ keyring: gnome.keyring(), root });
    const left = Array.from({ length: COUNT / 2 }, (_, index) => 2 * index + 1);
    const expected = names.flatMap((name) => left.map((index) => `${name}-${index}`));
    assertEquals(await store.list(), [...expected, "shared"].sort());
    const { index } = await store.info();
    assert(index === "complete", index);
    const values = await store.getMany(expected);
    assertEquals(values.get("process-7-5"), "value 5 of process-7");
    assertEquals(values.size, expected.length);
    assert((await store.get("shared")).startsWith("value of process-"));
    const files = [...Deno.readDirSync(root)].map(({ name }) => name);
    assertEquals(files, ["credentials.lock"]);
  },
);
