/**
 * What every keyring and the store over it must do, whatever the system.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import type { Keyring } from "../../src/domain/credential.ts";
import { InvalidDataError, KeyringError, NotFoundError } from "../../src/domain/errors.ts";
import { type Requirement, testNeeding } from "../helpers/skip.ts";
import { TempFolder } from "../helpers/temp_folder.ts";

/** A keyring under test. */
export interface KeyringUnderTest extends AsyncDisposable {
  keyring: Keyring;
}

/** Secrets by account, all of the service "goflow". */
export type Secrets = ReadonlyMap<string, string>;

/** How to test reading from a keyring. */
export interface ReadingSuiteOptions {
  /** Name of the keyring in the names of the tests. */
  name: string;
  /** Makes one with these items. */
  openWith: (secrets: Secrets) => Promise<KeyringUnderTest>;
  /** What the tests need. */
  requirements?: Requirement[];
}

/** How to test a keyring. */
export interface SuiteOptions {
  /** Name of the keyring in the names of the tests. */
  name: string;
  /** Makes an empty one. */
  open: () => Promise<KeyringUnderTest>;
  /** What the tests need. */
  requirements?: Requirement[];
  /** Most bytes in one item under a short key. */
  limit?: number;
}

const KEYS: Record<string, string> = {
  "plain": "github:token",
  "blanks": " two  blanks ",
  "quotes": `it's "quoted"`,
  "a backslash": "a\\b\\\\",
  "a leading dash": "-U",
  "a long option": "--label=x",
  "two dashes": "--",
  "an equals sign": "a=b",
  "a slash": "a/b/../c",
  "shell characters": "$(id) `id` %s $HOME ; & | > *",
  "emoji": "clé 🔑 鍵",
  "500 characters": "k".repeat(500),
};

const VALUES: Record<string, string> = {
  "empty": "",
  "a line end": "value\n",
  "only line ends": "\n\n",
  "blanks around": "  value ",
  "NUL": "a\0b",
  "non-ASCII text": "Grüße 🔑",
  "a byte order mark": "\uFEFFvalue",
  "hexadecimal digits": "0xdeadbeef",
  "digits only": "deadbeef",
  "a go-keyring prefix": "go-keyring-base64:aGVsbG8=",
  "a split header": 'goflow-split:v1:{"id":"x","count":1,"length":1,"sha256":"x"}',
  "the output of a search": "x\ncreated = 2026\nmodified = 2026\n[/9]\nlabel = x\nsecret = y",
  "quotes and backslashes": `"'\\"'`,
};

/** Registers the tests of a keyring that need not take changes. */
export function testReading({ name, openWith, requirements = [] }: ReadingSuiteOptions): void {
  const testWith = (
    secrets: Secrets,
    sentence: string,
    run: (store: KeyringCredentialStore, keyring: Keyring) => Promise<void>,
  ) =>
    testNeeding(requirements, `${name} ${sentence}`, async () => {
      await using opened = await openWith(secrets);
      const { keyring } = opened;
      // Reading takes no lock, so no folder is touched.
      await run(await KeyringCredentialStore.open({ keyring, root: "/nonexistent" }), keyring);
    });

  const byKey = new Map(Object.entries(KEYS).map(([kind, key]) => [key, kind]));
  testWith(byKey, "reads what is stored under unusual keys", async (store, keyring) => {
    for (const [key, kind] of byKey) {
      assertEquals(await keyring.get("goflow", key), kind);
      assertEquals(await store.get(key), kind);
    }
    assertEquals(await store.list(), [...byKey.keys()].sort());
    const values = await store.getMany([...byKey.keys(), "missing"]);
    assertEquals(values, byKey);
    assertEquals(await keyring.list?.("goflow.meta"), []);
    assertEquals(await keyring.get("goflow.meta", "github:token"), undefined);
  });

  // No variable of an environment holds a NUL.
  const byKind = new Map(Object.entries(VALUES).filter(([, value]) => !value.includes("\0")));
  byKind.delete("a split header");
  testWith(byKind, "reads all kinds of values as they are", async (store) => {
    for (const [kind, value] of byKind) assertEquals(await store.get(kind), value, kind);
    assertEquals(await store.getMany([...byKind.keys()]), byKind);
    assertEquals((await store.describe("empty")).size, 0);
    assertEquals((await store.describe("non-ASCII text")).metadata, "unknown");
  });

  testWith(
    new Map([["empty", ""]]),
    "tells a missing credential from an empty one",
    async (store) => {
      assertEquals(await store.get("empty"), "");
      for (const operation of [() => store.get("missing"), () => store.describe("missing")]) {
        const error = await assertRejects(operation, NotFoundError, 'credential "missing"');
        assertEquals([error.kind, error.id], ["credential", "missing"]);
      }
      assertEquals(await store.getMany(["missing"]), new Map());
    },
  );

  testWith(new Map(), "lists nothing when it is empty", async (store) => {
    assertEquals(await store.list(), []);
    assertEquals(await store.listExpiring(Infinity), []);
    assertEquals(await store.listTenants(), []);
    const { index, credentials } = await store.info();
    assertEquals([index, credentials], ["missing", 0]);
  });
}

/** Registers the tests of one keyring. */
export function testKeyring({ name, open, requirements = [], limit }: SuiteOptions): void {
  testReading({
    name,
    requirements,
    openWith: async (secrets) => {
      const opened = await open();
      for (const [key, secret] of secrets) await opened.keyring.set("goflow", key, secret);
      return opened;
    },
  });
  const test = (sentence: string, run: (keyring: Keyring) => Promise<void>) =>
    testNeeding(requirements, `${name} ${sentence}`, async () => {
      await using opened = await open();
      await run(opened.keyring);
    });
  const testStore = (
    sentence: string,
    run: (store: KeyringCredentialStore, keyring: Keyring, root: string) => Promise<void>,
  ) =>
    test(sentence, async (keyring) => {
      await using temporary = await TempFolder.make();
      const root = temporary.path;
      await run(await KeyringCredentialStore.open({ keyring, root }), keyring, root);
    });

  test("returns values as they were stored", async (keyring) => {
    for (const [kind, value] of Object.entries(VALUES)) {
      await keyring.set("goflow", "key", value);
      assertEquals(await keyring.get("goflow", "key"), value, kind);
    }
  });

  test("keeps the items of unusual keys apart", async (keyring) => {
    for (const [kind, key] of Object.entries(KEYS)) await keyring.set("goflow", key, kind);
    for (const [kind, key] of Object.entries(KEYS)) {
      assertEquals(await keyring.get("goflow", key), kind);
    }
    assertEquals((await keyring.list?.("goflow"))?.sort(), Object.values(KEYS).sort());
    for (const key of Object.values(KEYS)) assert(await keyring.delete("goflow", key), key);
    assertEquals(await keyring.list?.("goflow"), []);
  });

  test("tells a missing item from an empty one", async (keyring) => {
    assertEquals(await keyring.get("goflow", "key"), undefined);
    assertEquals(await keyring.delete("goflow", "key"), false);
    await keyring.set("goflow", "key", "");
    assertEquals(await keyring.get("goflow", "key"), "");
    assertEquals(await keyring.delete("goflow", "key"), true);
    assertEquals(await keyring.delete("goflow", "key"), false);
  });

  test("keeps services apart", async (keyring) => {
    await keyring.set("goflow", "key", "one");
    await keyring.set("goflow.meta", "key", "two");
    await keyring.set("goflow.tenant.a", "other", "three");
    assertEquals(await keyring.list?.("goflow"), ["key"]);
    assertEquals(await keyring.get("goflow.meta", "key"), "two");
    await keyring.delete("goflow", "key");
    assertEquals(await keyring.get("goflow.meta", "key"), "two");
    assertEquals(await keyring.get("goflow.tenant.a", "key"), undefined);
  });

  if (limit !== undefined) {
    test("takes a value as large as an item and refuses a larger one", async (keyring) => {
      const most = keyring.limit?.("goflow", "key");
      assertEquals(most, limit);
      const value = "é".repeat(Math.floor(limit / 2)) + (limit % 2 === 1 ? "x" : "");
      await keyring.set("goflow", "key", value);
      assertEquals(await keyring.get("goflow", "key"), value);
      const error = await assertRejects(
        () => keyring.set("goflow", "key", value + "y"),
        KeyringError,
        `at most ${limit}`,
      );
      assertEquals(error.reason, "too-large");
      assert(!error.message.includes("é"));
      assertEquals(await keyring.get("goflow", "key"), value);
    });
  }

  testStore("holds the credentials of a store", async (store) => {
    await store.set("b", "first");
    await store.set("a", "second");
    await store.set("b", "third");
    assertEquals(await store.get("a"), "second");
    assertEquals(await store.get("b"), "third");
    assertEquals(await store.list(), ["a", "b"]);
    await store.delete("a");
    assertEquals(await store.list(), ["b"]);
    const error = await assertRejects(() => store.get("a"), NotFoundError, 'credential "a"');
    assertEquals([error.kind, error.id], ["credential", "a"]);
    await assertRejects(() => store.delete("a"), NotFoundError);
  });

  testStore("holds structured credentials", async (store) => {
    const value = { host: "example.com", port: 5432, tags: ["ä", "<b>"], none: null };
    await store.setStructured("server", value);
    assertEquals(await store.getStructured("server"), value);
    await store.set("text", "top-secret");
    const error = await assertRejects(() => store.getStructured("text"), InvalidDataError);
    assert(!Deno.inspect(error).includes("top-secret"));
  });

  testStore("keeps the index as Go reads it", async (store, keyring) => {
    await store.set("b", "1");
    await store.set("a", "2");
    assertEquals(await keyring.get("goflow", "__goflow_index__"), '["b","a"]');
    await store.delete("b");
    assertEquals(await keyring.get("goflow", "__goflow_index__"), '["a"]');
    assertEquals((await store.info()).index, "complete");
  });

  testStore("lists what others stored and mends the index", async (store, keyring) => {
    await store.set("ours", "1");
    await keyring.set("goflow", "theirs", "2");
    assertEquals(await store.list(), ["ours", "theirs"]);
    assertEquals((await store.info()).index, "stale");
    await keyring.set("goflow", "__goflow_index__", "{damaged");
    assertEquals((await store.info()).index, "damaged");
    assertEquals(await store.list(), ["ours", "theirs"]);
    await store.set("third", "3");
    assertEquals(await keyring.get("goflow", "__goflow_index__"), '["ours","theirs","third"]');
    await keyring.delete("goflow", "__goflow_index__");
    await store.set("fourth", "4");
    assertEquals((await store.info()).index, "complete");
  });

  testStore("refuses keys and values that no item can have", async (store) => {
    for (const key of ["", "a\nb", "a\0b", "a\x7fb", "a\ud800", "__goflow_index__"]) {
      await assertRejects(() => store.set(key, "value"), InvalidDataError, "key is not valid");
      await assertRejects(() => store.get(key), InvalidDataError);
      await assertRejects(() => store.delete(key), InvalidDataError);
    }
    await assertRejects(() => store.set("key", "a\udc00b"), InvalidDataError, "surrogate");
    assertEquals(await store.list(), []);
  });

  testStore("takes changes that go on at the same time", async (store) => {
    const keys = Array.from({ length: 8 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => store.set(key, `value of ${key}`)));
    assertEquals(await store.list(), keys);
    assertEquals((await store.info()).index, "complete");
    const values = await store.getMany([...keys, "missing"]);
    assertEquals([...values], keys.map((key) => [key, `value of ${key}`]));
    await Promise.all(keys.slice(1).map((key) => store.delete(key)));
    assertEquals(await store.list(), ["key-0"]);
    assertEquals((await store.info()).index, "complete");
  });
}
