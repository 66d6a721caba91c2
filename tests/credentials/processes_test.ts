import { assert, assertEquals } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { runCode } from "../helpers/child.ts";
import { testNeeding } from "../helpers/skip.ts";
import { GnomeKeyring, gnomeKeyring } from "./gnome_keyring.ts";

/** Sets keys, deletes every second one, and sets one that all processes share. */
const WRITER = `
import { KeyringCredentialStore } from "./src/credentials/keyring_store.ts";
const [root, name, count] = Deno.args;
const store = await KeyringCredentialStore.open({ root, timeout: 120_000 });
for (let index = 0; index < Number(count); index++) {
  await store.set(\`\${name}-\${index}\`, \`value \${index} of \${name}\`);
  if (index === 10) await store.set("shared", \`value of \${name}\`);
}
for (let index = 0; index < Number(count); index += 2) await store.delete(\`\${name}-\${index}\`);
`;

testNeeding(
  gnomeKeyring,
  "KeyringCredentialStore loses nothing when 20 processes set and delete 20 keys each",
  async () => {
    await using gnome = await GnomeKeyring.start();
    const { DBUS_SESSION_BUS_ADDRESS = "" } = gnome.env;
    const root = `${gnome.home}/goflow`;
    const names = Array.from({ length: 20 }, (_, index) => `process-${index}`);
    const results = await Promise.all(names.map((name) =>
      runCode(WRITER, {
        flags: ["-A"],
        args: [root, name, "20"],
        env: { DBUS_SESSION_BUS_ADDRESS },
      })
    ));
    assertEquals(results.filter(({ code }) => code !== 0), []);

    const store = await KeyringCredentialStore.open({ keyring: gnome.keyring(), root });
    const left = [1, 3, 5, 7, 9, 11, 13, 15, 17, 19];
    const expected = names.flatMap((name) => left.map((index) => `${name}-${index}`));
    assertEquals(await store.list(), [...expected, "shared"].sort());
    const { index } = await store.info();
    assert(index === "complete", index);
    const values = await store.getMany(expected);
    assertEquals(values.get("process-7-13"), "value 13 of process-7");
    assertEquals(values.size, 200);
    assert((await store.get("shared")).startsWith("value of process-"));
    const files = [...Deno.readDirSync(root)].map(({ name }) => name);
    assertEquals(files, ["credentials.lock"]);
  },
);
