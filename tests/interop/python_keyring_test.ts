import { assert, assertEquals, assertRejects } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { NotFoundError } from "../../src/domain/errors.ts";
import { GnomeKeyring, gnomeKeyring } from "../credentials/gnome_keyring.ts";
import { pythonKeyring } from "../credentials/python_keyring.ts";
import { testNeeding } from "../helpers/skip.ts";
import { go, goProgram } from "./go_program.ts";

/** The three programs that share a keyring. */
interface Programs {
  store: KeyringCredentialStore;
  go: (action: string, key?: string, value?: string) => Promise<string>;
  python: (action: string, key: string, value?: string) => Promise<string>;
  /** How many items there are under a key. */
  count: (key: string) => Promise<number>;
}

/** Registers a test with a keyring of its own, which three programs share. */
function testPrograms(name: string, run: (programs: Programs) => Promise<void>): void {
  testNeeding([goProgram, pythonKeyring.requirement, ...gnomeKeyring], name, async () => {
    await using gnome = await GnomeKeyring.start();
    const keyring = gnome.keyring();
    await run({
      store: await KeyringCredentialStore.open({ root: gnome.home, keyring }),
      go: (action, key, value = "") =>
        go(["keyring", action, ...(key === undefined ? [] : [key])], {
          input: value,
          env: gnome.env,
        }),
      python: (action, key, value = "") => pythonKeyring.run(gnome, action, key, value),
      count: async (key) => {
        const attributes = ["--", "service", "goflow", "username", key];
        const { stderr } = await gnome.run("secret-tool", ["search", "--all", ...attributes]);
        return stderr.split(`attribute.username = ${key}\n`).length - 1;
      },
    });
  });
}

testPrograms(
  "KeyringCredentialStore, go-keyring and Python's keyring write the same item in turn",
  async ({ store, go, python, count }) => {
    const key = "server:token";

    // Before: the item is Python's, whose attributes are more than ours.
    await python("set", key, "Python 1 пароль");
    assertEquals(await store.get(key), "Python 1 пароль");
    assertEquals(await store.list(), [key]);

    // Over it: ours, which both others read.
    await store.set(key, "ours 1");
    assertEquals(await python("get", key), "ours 1");
    assertEquals(await go("get", key), "ours 1");
    assertEquals(await count(key), 1);
    assertEquals(await store.list(), [key]);

    // Between: Go, then Python, which makes a second item.
    await go("set", key, "Go 1");
    assertEquals(await store.get(key), "Go 1");
    assertEquals(await python("get", key), "Go 1");
    await python("set", key, "Python 2");
    assertEquals(await count(key), 2);
    assert(["Go 1", "Python 2"].includes(await store.get(key)));
    assertEquals(await store.list(), [key]);

    // After: our next value is the only one again.
    await store.set(key, "ours 2");
    assertEquals(await count(key), 1);
    assertEquals(await store.get(key), "ours 2");
    assertEquals(await python("get", key), "ours 2");
    assertEquals(await go("get", key), "ours 2");
    assertEquals(JSON.parse(await go("index")), [key]);
  },
);

testPrograms(
  "KeyringCredentialStore, go-keyring and Python's keyring delete each other's items",
  async ({ store, go, python, count }) => {
    const writers = {
      ours: (key: string) => store.set(key, "value"),
      go: (key: string) => go("set", key, "value"),
      python: (key: string) => python("set", key, "value"),
    };
    const deleters = {
      ours: (key: string) => store.delete(key),
      go: (key: string) => go("delete", key),
      python: (key: string) => python("delete", key),
    };
    const left = new Set(["other of python", "other of ours"]);
    await python("set", "other of python", "value");
    await store.set("other of ours", "value");
    for (const [writer, write] of Object.entries(writers)) {
      for (const [deleter, remove] of Object.entries(deleters)) {
        const key = `${writer} by ${deleter}`;
        await write(key);
        assertEquals(await store.list(), [...left, key].toSorted(), key);
        await remove(key);
        assertEquals(await store.list(), [...left].toSorted(), key);
        await assertRejects(() => store.get(key), NotFoundError);
        assertEquals(await python("get", key), "");
        await assertRejects(() => go("get", key), Error, "secret not found");
        assertEquals(await count(key), 0);
      }
    }
  },
);

testPrograms(
  "KeyringCredentialStore.delete() removes also the second item that Python's keyring made",
  async ({ store, go, python, count }) => {
    const key = "server:token";
    await store.set(key, "ours", { expiresAt: new Date("2099-01-01") });
    await python("set", key, "Python");
    await go("set", key, "Go");
    assertEquals(await count(key), 2);
    await store.delete(key);
    assertEquals(await count(key), 0);
    assertEquals(await store.list(), []);
    await assertRejects(() => go("get", key), Error, "secret not found");
    assertEquals(await python("get", key), "");
  },
);
