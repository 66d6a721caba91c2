import { assertEquals, assertRejects } from "@std/assert";
import { InvalidDataError, NotFoundError } from "../../src/domain/errors.ts";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { GnomeKeyring, gnomeKeyring } from "../credentials/gnome_keyring.ts";
import { testNeeding } from "../helpers/skip.ts";
import { go, goProgram } from "./go_program.ts";

const VALUES: Record<string, string> = {
  "server:token": "plain",
  "server:empty": "",
  "server:lines": "line 1\nline 2\r\n\n  line 4\n",
  "server:unicode": "пароль 日本語 😀 e\u0301 \u2028",
  "server:json": JSON.stringify({ user: "a", password: "<&>\"'\\" }),
  "server:hex": "deadbeef",
  "server:prefix": "go-keyring-base64:YQ==",
  "server:8k": "0123456789abcdef".repeat(512).slice(0, 8_191),
  "-leading dash": "x",
  'ключ "quoted" it\'s $HOME `a` <b>&c': "y",
};
const KEYS = Object.keys(VALUES);

/** Registers a test with a keyring of its own and our store over it. */
function keyringTest(
  name: string,
  run: (keyring: GnomeKeyring, store: KeyringCredentialStore) => Promise<void>,
): void {
  testNeeding([goProgram, ...gnomeKeyring], name, async () => {
    await using keyring = await GnomeKeyring.start();
    const options = { root: keyring.home, keyring: keyring.keyring() };
    await run(keyring, await KeyringCredentialStore.open(options));
  });
}

async function goKeyring(keyring: GnomeKeyring, args: string[], input = ""): Promise<string> {
  return await go(["keyring", ...args], { input, env: keyring.env });
}

async function goIndex(keyring: GnomeKeyring): Promise<string[]> {
  return JSON.parse(await goKeyring(keyring, ["index"]));
}

keyringTest(
  "KeyringCredentialStore.get() and list() read what go-keyring wrote",
  async (keyring, store) => {
    // secret-tool reads more than the 8,191 bytes that it can write.
    const values = { ...VALUES, "server:100k": "é".repeat(50_000) };
    for (const [key, value] of Object.entries(values)) {
      await goKeyring(keyring, ["set", key], value);
    }
    assertEquals(await store.list(), Object.keys(values).toSorted());
    for (const [key, value] of Object.entries(values)) {
      assertEquals(await store.get(key) === value, true, key);
    }
  },
);

keyringTest("KeyringCredentialStore.set() writes what go-keyring reads", async (keyring, store) => {
  for (const [key, value] of Object.entries(VALUES)) await store.set(key, value);
  for (const [key, value] of Object.entries(VALUES)) {
    assertEquals(await goKeyring(keyring, ["get", key]), value, key);
  }
  assertEquals(await goIndex(keyring), KEYS);
});

keyringTest(
  "KeyringCredentialStore.setStructured() and getStructured() share JSON with Go",
  async (keyring, store) => {
    const value = { user: "<a&b>", list: [1, "1", null], text: "日本\u2028" };
    await store.setStructured("ours", value);
    assertEquals(JSON.parse(await goKeyring(keyring, ["get", "ours"])), value);
    // Go's encoder escapes these characters.
    await goKeyring(keyring, ["set", "theirs"], '{"user":"\\u003ca\\u0026b\\u003e"}');
    assertEquals(await store.getStructured("theirs"), { user: "<a&b>" });
  },
);

keyringTest(
  "KeyringCredentialStore and go-keyring replace each other's items",
  async (keyring, store) => {
    await goKeyring(keyring, ["set", "a"], "of Go");
    await store.set("a", "ours");
    assertEquals(await goKeyring(keyring, ["get", "a"]), "ours");
    await goKeyring(keyring, ["set", "a"], "of Go again");
    assertEquals(await store.get("a"), "of Go again");
    assertEquals(await store.list(), ["a"]);
    assertEquals(await goIndex(keyring), ["a"]);
  },
);

keyringTest(
  "KeyringCredentialStore and go-keyring delete each other's items",
  async (keyring, store) => {
    for (const key of ["go 1", "go 2"]) await goKeyring(keyring, ["set", key], key);
    for (const key of ["our 1", "our 2"]) await store.set(key, key);
    assertEquals(await goIndex(keyring), ["go 1", "go 2", "our 1", "our 2"]);

    await goKeyring(keyring, ["delete", "our 1"]);
    await assertRejects(() => store.get("our 1"), NotFoundError);
    await assertRejects(() => store.delete("our 1"), NotFoundError);
    await store.delete("go 1");
    await assertRejects(() => goKeyring(keyring, ["get", "go 1"]), Error, "secret not found");
    await assertRejects(() => goKeyring(keyring, ["delete", "go 1"]), Error, "secret not found");
    assertEquals(await store.list(), ["go 2", "our 2"]);
    assertEquals(await goIndex(keyring), ["go 2", "our 2"]);
  },
);

keyringTest(
  "KeyringCredentialStore keeps the index of Go apart from the keys",
  async (keyring, store) => {
    await goKeyring(keyring, ["set", "a"], "1");
    const index = "__goflow_index__";
    assertEquals(await store.list(), ["a"]);
    await assertRejects(() => store.get(index), InvalidDataError);
    await assertRejects(() => store.set(index, "[]"), InvalidDataError);
    await assertRejects(() => store.delete(index), InvalidDataError);
    assertEquals(await goIndex(keyring), ["a"]);
  },
);

keyringTest(
  "KeyringCredentialStore.set() by two stores at once keeps the index of Go whole",
  async (keyring, store) => {
    await goKeyring(keyring, ["set", "go"], "1");
    const other = await KeyringCredentialStore.open({
      root: keyring.home,
      keyring: keyring.keyring(),
    });
    const keys = Array.from({ length: 10 }, (_, i) => `key ${i}`);
    await Promise.all(keys.map((key, i) => (i % 2 === 0 ? store : other).set(key, key)));
    assertEquals((await goIndex(keyring)).toSorted(), ["go", ...keys].toSorted());
  },
);
