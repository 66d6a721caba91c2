import { assert, assertEquals, assertRejects } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import type { Keyring } from "../../src/domain/credential.ts";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import { codeUrl, denoCommand, runCode, runDeno } from "../helpers/child.ts";
import { soak, testNeeding } from "../helpers/skip.ts";
import { allItems, CutOff, CutOffKeyring } from "./cut_off.ts";
import { GnomeKeyring, gnomeKeyring } from "./gnome_keyring.ts";

const OLD = "old value ".repeat(300);
const NEW = "new value ".repeat(400);
const expiresAt = new Date("2099-01-01");
/** How often a writer is killed at a time that chance takes. */
const ROUNDS = soak.missing ? 8 : 100;

interface Case {
  name: string;
  /** Most bytes in one item; the values have 3,000 and 4,000. */
  limit: number;
  prepare: (store: KeyringCredentialStore) => Promise<void>;
  change: (store: KeyringCredentialStore) => Promise<void>;
}

const CASES: Case[] = [
  {
    name: "set() of a known key",
    limit: 10_000,
    prepare: (store) => store.set("key", OLD),
    change: (store) => store.set("key", NEW),
  },
  {
    name: "set() over a value with metadata",
    limit: 10_000,
    prepare: (store) => store.set("key", OLD, { expiresAt }),
    change: (store) => store.set("key", NEW),
  },
  {
    name: "set() with an expiry",
    limit: 10_000,
    prepare: (store) => store.set("key", OLD, { expiresAt }),
    change: (store) => store.set("key", NEW, { expiresAt }),
  },
  {
    name: "set() that splits a value over a split value",
    limit: 1200,
    prepare: (store) => store.set("key", OLD),
    change: (store) => store.set("key", NEW),
  },
  {
    name: "set() that splits a value over a whole value",
    limit: 3500,
    prepare: (store) => store.set("key", OLD),
    change: (store) => store.set("key", NEW),
  },
  {
    name: "set() of a whole value over a split value",
    limit: 3500,
    prepare: async (store) => {
      await store.set("key", OLD + OLD);
      await store.set("key", OLD);
      await store.set("key", OLD + OLD);
      await store.rotate("key", OLD);
    },
    change: (store) => store.set("key", NEW.slice(0, 3200)),
  },
  {
    name: "rotate()",
    limit: 10_000,
    prepare: (store) => store.set("key", OLD),
    change: (store) => store.rotate("key", NEW, { verify: () => true }),
  },
  {
    name: "rotate() of split values",
    limit: 1200,
    prepare: async (store) => {
      await store.set("key", "older value ".repeat(200));
      await store.rotate("key", OLD, { expiresAt });
    },
    change: (store) => store.rotate("key", NEW, { verify: () => true }),
  },
  {
    name: "rollBack()",
    limit: 1200,
    prepare: async (store) => {
      await store.set("key", NEW);
      await store.rotate("key", OLD);
    },
    change: (store) => store.rollBack("key"),
  },
];

for (const { name, limit, prepare, change } of CASES) {
  Deno.test(`KeyringCredentialStore.${name} leaves the old or the new value at every step`, async () => {
    let outcomes = "";
    for (let steps = 0;; steps++) {
      const keyring = new MemoryKeyring({ limit });
      const open = (over: Keyring = keyring) =>
        KeyringCredentialStore.open({ keyring: over, largeValues: "split" });
      const store = await open();
      await prepare(store);
      const before = await store.get("key");
      const cut = new CutOffKeyring(keyring, steps);
      let whole = true;
      try {
        await change(await open(cut));
      } catch (error) {
        assert(error instanceof CutOff, String(error));
        whole = false;
      }
      const value = await (await open()).get("key");
      outcomes += value === before ? "o" : "n";
      assert(value === before || value === NEW || value === NEW.slice(0, 3200), `step ${steps}`);
      assertEquals(await store.list(), ["key"]);

      // What was left behind goes with the next change or with the credential.
      const next = await open();
      await next.set("key", "short");
      await next.rotate("key", "shorter");
      assertEquals(await next.get("key"), "shorter");
      assertEquals(
        (await allItems(keyring)).filter((item) => item.startsWith("goflow.parts/")),
        [],
        `parts after step ${steps}`,
      );
      await next.delete("key");
      assertEquals(await allItems(keyring), [], `step ${steps}`);
      if (whole) break;
    }
    // First the old value, from one step on the new one.
    assert(/^o+n+$/.test(outcomes), outcomes);
  });
}

Deno.test("KeyringCredentialStore.delete() can be repeated at every step", async () => {
  for (let steps = 0;; steps++) {
    const keyring = new MemoryKeyring({ limit: 1200 });
    const open = (over: Keyring = keyring) =>
      KeyringCredentialStore.open({ keyring: over, largeValues: "split" });
    const store = await open();
    await store.set("key", OLD);
    await store.rotate("key", NEW);
    try {
      await (await open(new CutOffKeyring(keyring, steps))).delete("key");
      assertEquals(await allItems(keyring), []);
      break;
    } catch (error) {
      assert(error instanceof CutOff);
    }
    const again = await open();
    if ((await again.list()).includes("key")) await again.delete("key");
    else await assertRejects(() => again.delete("key"));
    assertEquals(await allItems(keyring), [], `step ${steps}`);
  }
});

for (const change of ["set", "rotate", "split"]) {
  testNeeding(
    gnomeKeyring,
    `KeyringCredentialStore over gnome-keyring survives SIGKILL in every step of ${change}`,
    async () => {
      await using gnome = await GnomeKeyring.start();
      const { DBUS_SESSION_BUS_ADDRESS = "" } = gnome.env;
      const root = `${gnome.home}/goflow`;
      const store = await KeyringCredentialStore.open({
        keyring: gnome.keyring(),
        root,
        largeValues: "split",
      });
      const size = change === "split" ? 9_000 : 20;
      const oldValue = "o".repeat(size);
      const newValue = "n".repeat(size);
      const script = new URL("./kill_at_step.ts", import.meta.url);
      let killed = 0;
      for (let steps = 0;; steps++) {
        await store.set("key", oldValue, { expiresAt });
        const { code } = await runDeno(script, {
          flags: ["-A"],
          args: [root, change, String(steps)],
          env: { DBUS_SESSION_BUS_ADDRESS },
        });
        const value = await store.get("key");
        assert(value === oldValue || value === newValue, `step ${steps}`);
        if (code === 0) {
          assertEquals(value, newValue);
          break;
        }
        assertEquals(code, 137);
        killed++;
      }
      assert(killed >= 2, `only ${killed} steps`);
    },
  );
}

testNeeding(
  gnomeKeyring,
  "SecretServiceKeyring.set() keeps the old value when it is killed before it hands over the new one",
  async () => {
    await using gnome = await GnomeKeyring.start();
    const { DBUS_SESSION_BUS_ADDRESS = "" } = gnome.env;
    const keyring = gnome.keyring();
    const key = `held-${crypto.randomUUID()}`;
    await keyring.set("goflow", key, "old");
    // The program is started when the call returns, and the value not yet written.
    const code = `
      import { systemKeyring } from "./src/credentials/system.ts";
      systemKeyring().set("goflow", Deno.args[0], "new");
      Deno.kill(Deno.pid, "SIGKILL");`;
    const options = { flags: ["-A"], args: [key], env: { DBUS_SESSION_BUS_ADDRESS } };
    assertEquals((await runCode(code, options)).code, 137);
    await endOfProcessesWith(key);
    assertEquals(await keyring.get("goflow", key), "old");
  },
);

testNeeding(
  gnomeKeyring,
  "KeyringCredentialStore over gnome-keyring survives SIGKILL at any time",
  async () => {
    await using gnome = await GnomeKeyring.start();
    const { DBUS_SESSION_BUS_ADDRESS = "" } = gnome.env;
    const key = `key-${crypto.randomUUID()}`;
    const store = await KeyringCredentialStore.open({ keyring: gnome.keyring(), root: gnome.home });
    await store.set(key, "value 0");
    const code = `
      import { KeyringCredentialStore } from "./src/credentials/keyring_store.ts";
      const [root, key] = Deno.args;
      const store = await KeyringCredentialStore.open({ root });
      console.log("ready");
      for (let count = 1;; count++) {
        await store.set(key, \`value \${count}\`);
        await store.rotate(key, \`value \${++count}\`, { verify: () => true });
      }`;
    for (let round = 0; round < ROUNDS; round++) {
      const options = { flags: ["-A"], args: [gnome.home, key], env: { DBUS_SESSION_BUS_ADDRESS } };
      const child = denoCommand(codeUrl(code), options).spawn();
      const reader = child.stdout.getReader();
      await reader.read();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await child.stderr.cancel();
      await endOfProcessesWith(key);
      assert(/^value \d+$/.test(await store.get(key)));
    }
  },
);

/** Waits until no process has a text in its command line. */
async function endOfProcessesWith(text: string): Promise<void> {
  const isRunning = () =>
    [...Deno.readDirSync("/proc")].some(({ name }) => {
      try {
        return Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(text);
      } catch {
        // No process, or one that has ended.
        return false;
      }
    });
  while (isRunning()) await new Promise((resolve) => setTimeout(resolve, 5));
}
