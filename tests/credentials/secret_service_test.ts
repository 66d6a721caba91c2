import { assert, assertEquals, assertRejects } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { KeyringError, NotFoundError } from "../../src/domain/errors.ts";
import { type Requirement, testNeeding } from "../helpers/skip.ts";
import { fakeProgram } from "./fakes.ts";
import { GnomeKeyring, gnomeKeyring, secretStorage } from "./gnome_keyring.ts";

/** Registers a test with a store over a real keyring. */
function testGnome(
  name: string,
  requirements: Requirement[],
  run: (store: KeyringCredentialStore, gnome: GnomeKeyring) => Promise<void>,
  timeout?: number,
): void {
  testNeeding(requirements, name, async () => {
    await using gnome = await GnomeKeyring.start();
    const keyring = gnome.keyring(timeout);
    await run(await KeyringCredentialStore.open({ keyring, root: gnome.home }), gnome);
  });
}

testGnome(
  "KeyringCredentialStore shares items with secret-tool",
  gnomeKeyring,
  async (store, gnome) => {
    const attributes = ["--", "service", "goflow", "username", "key"];
    await store.set("key", "ours");
    assertEquals((await gnome.run("secret-tool", ["lookup", ...attributes])).stdout, "ours");
    const login = "--collection=/org/freedesktop/secrets/collection/login";
    await gnome.run("secret-tool", ["store", login, "--label=x", ...attributes], "theirs\n");
    assertEquals(await store.get("key"), "theirs\n");
    await gnome.run("secret-tool", ["clear", ...attributes]);
    await assertRejects(() => store.get("key"), NotFoundError);
    assertEquals(await store.list(), []);
    await store.set("key", "again");
    assertEquals((await store.info()).index, "complete");
  },
);

testGnome(
  "KeyringCredentialStore replaces what Python's keyring stored before",
  secretStorage,
  async (store, gnome) => {
    await gnome.pythonSet("goflow", "key", "python");
    assertEquals(await store.get("key"), "python");
    assertEquals(await store.list(), ["key"]);
    await store.set("key", "ours");
    assertEquals(await store.get("key"), "ours");
    assertEquals(
      (await gnome.python("print(len(list(collection.search_items({'username':'key'}))))")).trim(),
      "1",
    );
  },
);

testGnome(
  "KeyringCredentialStore replaces the duplicates that Python's keyring made in between",
  secretStorage,
  async (store, gnome) => {
    for (let round = 0; round < 3; round++) {
      await store.set("key", `ours ${round}`);
      await gnome.pythonSet("goflow", "key", "python");
      assertEquals(await store.list(), ["key"]);
      await store.set("key", `new ${round}`);
      assertEquals(await store.get("key"), `new ${round}`);
      const count = await gnome.python(
        "print(len(list(collection.search_items({'service':'goflow','username':'key'}))))",
      );
      assertEquals(count.trim(), "1");
    }
    await gnome.pythonSet("goflow", "key", "python");
    await store.delete("key");
    assertEquals(await store.list(), []);
  },
);

testGnome(
  "KeyringCredentialStore replaces duplicates with equal attributes",
  secretStorage,
  async (store, gnome) => {
    await gnome.python(`
a = {"service": "goflow", "username": "key"}
for n in range(3): collection.create_item("Password", a, b"old %d" % n, replace=False)
assert len(list(collection.search_items(a))) == 3`);
    await store.set("key", "new");
    assertEquals(await store.get("key"), "new");
    assertEquals(await store.getMany(["key", "a", "b", "c"]), new Map([["key", "new"]]));
    const count = await gnome.python(
      "print(len(list(collection.search_items({'service':'goflow','username':'key'}))))",
    );
    assertEquals(count.trim(), "1");
  },
);

/** A keyring whose default collection is "other", beside "login" where Go looks. */
async function otherDefault(): Promise<GnomeKeyring> {
  const gnome = await GnomeKeyring.start({ service: false });
  const folder = `${gnome.env["XDG_DATA_HOME"]}/keyrings`;
  await Deno.mkdir(folder, { mode: 0o700 });
  await Deno.writeTextFile(`${folder}/default`, "other");
  await Deno.writeTextFile(
    `${folder}/other.keyring`,
    "[keyring]\ndisplay-name=other\nctime=0\nmtime=0\nlock-on-idle=false\nlock-after=false\n",
    { mode: 0o600 },
  );
  await gnome.startService();
  return gnome;
}

testNeeding(
  secretStorage,
  "KeyringCredentialStore stores in the login collection where another is the default",
  async () => {
    await using gnome = await otherDefault();
    assertEquals((await gnome.python("print(collection.get_label())")).trim(), "other");
    const keyring = gnome.keyring();
    const store = await KeyringCredentialStore.open({ keyring, root: gnome.home });
    await store.set("key", "value");
    // Go looks into the login collection alone.
    const found = await gnome.python(`
login = s.Collection(c, "/org/freedesktop/secrets/collection/login")
print([i.get_secret() for i in login.search_items({"service": "goflow", "username": "key"})])`);
    assertEquals(found.trim(), "[b'value']");
    assertEquals(await store.get("key"), "value");
    // An item of the same name in the other collection does not hide the new value.
    await gnome.python(
      `collection.unlock()\ncollection.create_item("x", {"service": "goflow", "username": "key"}, b"other")`,
    );
    await store.set("key", "newer");
    assertEquals(await store.get("key"), "newer");
  },
);

testGnome(
  "KeyringCredentialStore reports a value that is not text, stored by another program",
  secretStorage,
  async (store, gnome) => {
    await gnome.python(
      `collection.create_item("x", {"service": "goflow", "username": "key"}, b"\\xff\\xfe")`,
    );
    const error = await assertRejects(() => store.get("key"), KeyringError, "not UTF-8");
    assertEquals(error.reason, "failed");
    await assertRejects(() => store.getMany(["key", "a", "b", "c"]), KeyringError, "not UTF-8");
  },
);

testGnome(
  "KeyringCredentialStore reads many items at once, whatever they hold",
  gnomeKeyring,
  async (store) => {
    const values = new Map([
      ["a", "plain"],
      ["b", "x\ncreated = 2026\nmodified = 2026\n[/9]\nlabel = x\nsecret = forged"],
      ["c", "attribute.username = d"],
      ["d", ""],
      ["e", "line\n\n"],
    ]);
    for (const [key, value] of values) await store.set(key, value);
    assertEquals(await store.getMany([...values.keys(), "missing"]), values);
    await store.delete("b");
    values.delete("b");
    assertEquals(await store.getMany([...values.keys(), "b"]), values);
  },
);

testGnome(
  "KeyringCredentialStore gives up on a prompt that nobody answers",
  secretStorage,
  async (store, gnome) => {
    await store.set("key", "value");
    await gnome.ignorePrompts();
    await gnome.lock();
    const start = performance.now();
    for (const operation of [() => store.get("key"), () => store.set("key", "new")]) {
      const error = await assertRejects(operation, KeyringError, "prompt");
      assertEquals(error.reason, "timeout");
    }
    assert(performance.now() - start < 10_000);
    assertEquals(await store.list(), ["key"]);
  },
  500,
);

Deno.test("SecretServiceKeyring.getMany() reads one by one when a search takes too long", async () => {
  await using fake = await fakeProgram("linux");
  for (const key of ["a", "b", "c", "d", "e"]) await fake.keyring.set("goflow", key, key);
  await fake.setMode("slow-list");
  const found = await fake.keyring.getMany?.("goflow", ["a", "b", "c", "d", "e"]);
  assertEquals([...found ?? []].sort(), ["a", "b", "c", "d", "e"].map((key) => [key, key]));
});

Deno.test("SecretServiceKeyring is not hindered by items that somebody else deletes meanwhile", async () => {
  await using fake = await fakeProgram("linux");
  const { keyring } = fake;
  await fake.setMode("vanishing");
  const operations: [operation: () => Promise<unknown>, wanted: unknown][] = [
    [() => keyring.list?.("goflow") ?? Promise.resolve(), ["other"]],
    [() => keyring.get("goflow", "key"), undefined],
    [() => keyring.getMany?.("goflow", ["key"]) ?? Promise.resolve(), new Map()],
    [
      () => keyring.getMany?.("goflow", ["key", "a", "b", "other"]) ?? Promise.resolve(),
      new Map([["other", "value"]]),
    ],
    [() => keyring.delete("goflow", "key"), false],
  ];
  for (const secret of ["vanishing", "vanishing unread"]) {
    for (const [operation, wanted] of operations) {
      await keyring.set("goflow", "other", "value");
      await keyring.set("goflow", "key", secret);
      assertEquals(await operation(), wanted);
    }
  }
});

testNeeding(
  secretStorage,
  "KeyringCredentialStore is not hindered by an item of the same name in a locked collection",
  async () => {
    await using gnome = await otherDefault();
    const keyring = gnome.keyring();
    const store = await KeyringCredentialStore.open({ keyring, root: gnome.home });
    await gnome.python(
      `collection.unlock()\ncollection.create_item("x", {"service": "goflow", "username": "key"}, b"other")\ncollection.lock()\nassert collection.is_locked()`,
    );
    for (const value of ["first", "second"]) {
      await store.set("key", value);
      assertEquals(await store.get("key"), value);
    }
  },
);
