import { assert, assertEquals, assertRejects } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import type { Keyring } from "../../src/domain/credential.ts";
import { AlreadyExistsError, KeyringError } from "../../src/domain/errors.ts";
import { fakeProgram } from "./fakes.ts";
import { ago, openStore } from "./memory_store.ts";
import { UnreadableKeyring } from "./unreadable.ts";

Deno.test("KeyringCredentialStore keeps what fits of an index that is too large", async () => {
  const keyring = new MemoryKeyring({ limit: 400 });
  const store = await openStore(keyring);
  const keys = Array.from({ length: 30 }, (_, index) => `a-rather-long-key-${100 + index}`);
  for (const key of keys) await store.set(key, "value");
  assertEquals(await store.list(), keys);
  assertEquals((await store.info()).index, "partial");
  const text = await keyring.get("goflow", "__goflow_index__") ?? "";
  assertEquals(JSON.parse(text), keys.slice(0, 16));
  // Room again for keys that were left out.
  for (const key of keys.slice(0, 20)) {
    await store.delete(key);
    assert(["partial", "complete"].includes((await store.info()).index), key);
  }
  assertEquals(await keyring.get("goflow", "__goflow_index__"), JSON.stringify(keys.slice(20)));
  assertEquals((await store.info()).index, "complete");
});

Deno.test("KeyringCredentialStore relies on the index where the system does not list", async () => {
  const inner = new MemoryKeyring();
  const keyring: Keyring = {
    local: true,
    get: (service, account) => inner.get(service, account),
    set: (service, account, secret) => inner.set(service, account, secret),
    delete: (service, account) => inner.delete(service, account),
  };
  const store = await openStore(keyring);
  assertEquals(await store.list(), []);
  await store.set("b", "1");
  await store.set("a", "2", { expiresAt: ago(1) });
  await store.delete("b");
  assertEquals(await store.list(), ["a"]);
  assertEquals((await store.info()).listing, "index");
  assertEquals((await store.listExpiring()).map(({ key }) => key), ["a"]);
  const tenant = store.tenant("acme");
  await tenant.set("key", "value");
  assertEquals(await store.listTenants(), ["acme"]);
  await store.deleteTenant("acme", { confirm: "acme" });
  assertEquals(await store.listTenants(), []);
  assertEquals(await openStore(keyring).then((other) => other.list()), ["a"]);
});

Deno.test("KeyringCredentialStore refuses keys that differ in case alone where they are one", async () => {
  const keyring = Object.assign(new MemoryKeyring(), { caseInsensitive: true });
  const store = await openStore(keyring);
  await store.set("Token", "1");
  await store.set("Token", "2");
  const error = await assertRejects(() => store.set("TOKEN", "3"), AlreadyExistsError, '"Token"');
  assertEquals([error.kind, error.id], ["credential", "Token"]);
  assertEquals(await store.get("Token"), "2");
});

Deno.test("KeyringCredentialStore.delete() of a key in other case keeps the index right", async () => {
  await using fake = await fakeProgram("windows");
  const store = await KeyringCredentialStore.open({ keyring: fake.keyring, root: fake.folder });
  await store.set("Token", "1");
  await store.set("other", "2");
  await store.delete("TOKEN");
  assertEquals(await store.list(), ["other"]);
  assertEquals((await store.info()).index, "complete");
});

Deno.test("KeyringCredentialStore.copyTo() does not merge keys that differ in case", async () => {
  const source = await openStore();
  await source.set("TOKEN", "1");
  const target = await openStore(Object.assign(new MemoryKeyring(), { caseInsensitive: true }));
  await target.set("Token", "2");
  await assertRejects(() => source.copyTo(target), AlreadyExistsError, '"Token"');
  assertEquals(await target.list(), ["Token"]);
});

Deno.test("KeyringCredentialStore mends an index that names too few and too many keys", async () => {
  const changes = {
    set: (store: KeyringCredentialStore) => store.set("c", "3"),
    delete: (store: KeyringCredentialStore) => store.delete("b"),
  };
  for (const [name, change] of Object.entries(changes)) {
    const keyring = new MemoryKeyring();
    const store = await openStore(keyring);
    for (const key of ["b", "a", "gone"]) await store.set(key, key);
    // As by a process that was killed before it came to the index.
    await keyring.set("goflow", "theirs", "4");
    await keyring.delete("goflow", "gone");
    assertEquals((await store.info()).index, "stale");
    await change(await openStore(keyring));
    assertEquals((await store.info()).index, "complete", name);
    const expected = name === "set" ? '["b","a","theirs","c"]' : '["a","theirs"]';
    assertEquals(await keyring.get("goflow", "__goflow_index__"), expected);
  }
});

Deno.test("KeyringCredentialStore is not hindered by keys that cannot be listed", async () => {
  const keyring = new MemoryKeyring();
  await (await openStore(keyring)).set("a", "1");
  const locked = new KeyringError("Cannot list", { reason: "locked" });
  const store = await openStore(Object.assign(keyring, { list: () => Promise.reject(locked) }));
  await store.set("b", "2");
  assertEquals(await keyring.get("goflow", "__goflow_index__"), '["a","b"]');
  await store.delete("a");
  assertEquals(await keyring.get("goflow", "__goflow_index__"), '["b"]');
});

Deno.test("KeyringCredentialStore mends an index that cannot be read at all", async () => {
  const keyring = new UnreadableKeyring();
  const store = await openStore(keyring);
  await store.set("a", "1");
  await store.set("b", "2");
  keyring.unreadable.add("goflow/__goflow_index__");
  assertEquals(await store.list(), ["a", "b"]);
  assertEquals((await store.info()).index, "damaged");
  await store.set("c", "3");
  keyring.unreadable.clear();
  assertEquals(await keyring.get("goflow", "__goflow_index__"), '["a","b","c"]');
  keyring.unreadable.add("goflow/__goflow_index__");
  await store.delete("a");
  keyring.unreadable.clear();
  assertEquals(await keyring.get("goflow", "__goflow_index__"), '["b","c"]');
});
