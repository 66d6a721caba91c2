import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import {
  CredentialExpiredError,
  InvalidDataError,
  NotFoundError,
} from "../../src/domain/errors.ts";
import { allItems } from "./cut_off.ts";
import { ago, ahead, DAY, openStore } from "./memory_store.ts";
import { UnreadableKeyring } from "./unreadable.ts";

Deno.test("KeyringCredentialStore.get() does not return an expired value unless asked", async () => {
  const store = await openStore();
  const expiresAt = ago(1);
  await store.set("key", "value", { expiresAt });
  const error = await assertRejects(() => store.get("key"), CredentialExpiredError, "allowExpired");
  assertEquals([error.key, error.expiresAt], ["key", expiresAt]);
  assertEquals(await store.get("key", { allowExpired: true }), "value");
  await assertRejects(() => store.getMany(["key"]), CredentialExpiredError);
  assertEquals((await store.getMany(["key"], { allowExpired: true })).get("key"), "value");
  await store.set("key", "value");
  assertEquals(await store.get("key"), "value");
  await store.setStructured("key", { a: 1 }, { expiresAt });
  await assertRejects(() => store.getStructured("key"), CredentialExpiredError);
});

Deno.test("KeyringCredentialStore.get() returns what Go stored over an expired value", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  await store.set("key", "value", { expiresAt: ago(1) });
  await keyring.set("goflow", "key", "value of Go");
  assertEquals(await store.get("key"), "value of Go");
  const description = await store.describe("key");
  assertEquals([description.metadata, description.expired], ["unknown", false]);
});

Deno.test("KeyringCredentialStore.get() sees an expiry that another store put off", async () => {
  const keyring = new MemoryKeyring();
  const one = await openStore(keyring);
  const other = await openStore(keyring);
  await one.set("key", "value", { expiresAt: ago(1) });
  await assertRejects(() => one.get("key"), CredentialExpiredError);
  await other.set("key", "value", { expiresAt: ahead(DAY) });
  assertEquals(await one.get("key"), "value");
});

Deno.test("KeyringCredentialStore.describe() tells times, version and size", async () => {
  const store = await openStore();
  const start = Date.now();
  const expiresAt = ahead(DAY);
  await store.set("key", "grün", { expiresAt, rotateAfter: DAY / 2 });
  const first = await store.describe("key");
  assertEquals(
    [first.key, first.metadata, first.size, first.version, first.expiresAt],
    ["key", "known", 5, 1, expiresAt],
  );
  assert(first.createdAt && first.createdAt.getTime() >= start, "created");
  assertEquals(first.rotatedAt, first.createdAt);
  assertEquals(first.rotateAfter?.getTime(), (first.rotatedAt?.getTime() ?? 0) + DAY / 2);
  assertEquals([first.expired, first.rotationDue, first.rotationPending], [false, false, false]);

  await store.set("key", "blau");
  const second = await store.describe("key");
  assertEquals([second.version, second.createdAt], [2, first.createdAt]);
  assertEquals(second.expiresAt, undefined);
  // The interval belongs to the key.
  assertEquals(second.rotateAfter?.getTime(), (second.rotatedAt?.getTime() ?? 0) + DAY / 2);
  assert(!Deno.inspect(second).includes("blau"));
  await assertRejects(() => store.describe("other"), NotFoundError);
});

Deno.test("KeyringCredentialStore.describe() says unknown for what Go stored", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  await keyring.set("goflow", "key", "value");
  assertEquals(await store.describe("key"), {
    key: "key",
    metadata: "unknown",
    size: 5,
    expired: false,
    rotationDue: false,
    rotationPending: false,
  });
  assertEquals(await store.get("key"), "value");
});

Deno.test("KeyringCredentialStore keeps no secret in the metadata", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  await store.set("key", "hunter2", { expiresAt: ahead(DAY) });
  await store.rotate("key", "hunter3", { verify: () => true });
  const metadata = await keyring.get("goflow.meta", "key") ?? "";
  assert(metadata.includes('"version":2'), metadata);
  assert(!metadata.includes("hunter"), metadata);
});

Deno.test("KeyringCredentialStore takes damaged metadata for none", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  for (
    const text of [
      "{",
      "null",
      '"x"',
      '{"v":2,"salt":"x"}',
      '{"v":1}',
      '{"v":1,"salt":"x","current":{"check":1}}',
    ]
  ) {
    await store.set("key", "value", { expiresAt: ago(1) });
    await keyring.set("goflow.meta", "key", text);
    assertEquals((await store.describe("key")).metadata, "unknown", text);
    await store.delete("key");
    assertEquals(await keyring.get("goflow.meta", "key"), undefined, text);
  }
});

Deno.test("KeyringCredentialStore takes metadata that is no text for none, and deletes it too", async () => {
  const keyring = new UnreadableKeyring();
  const store = await openStore(keyring);
  await store.set("other", "value", { expiresAt: ahead(DAY) });
  await store.set("key", "old", { expiresAt: ahead(DAY) });
  await store.rotate("key", "value");
  keyring.unreadable.add("goflow.meta/key");
  assertEquals(await store.get("key"), "value");
  assertEquals((await store.describe("key")).metadata, "unknown");
  assertEquals((await store.getMany(["key", "other"])).size, 2);
  assertEquals((await store.listExpiring(2 * DAY)).map(({ key }) => key), ["other"]);
  await store.delete("key");
  keyring.unreadable.clear();
  await store.delete("other");
  assertEquals(await allItems(keyring), []);
});

Deno.test("KeyringCredentialStore does not look for more parts than a value can have", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  const parts = { id: "x", count: 1e9 };
  const metadata = { v: 1, salt: "x", staged: { check: "x", replaces: "y", parts } };
  for (const change of [() => store.set("key", "new"), () => store.delete("key")]) {
    await store.set("key", "value");
    await keyring.set("goflow.meta", "key", JSON.stringify(metadata));
    await change();
  }
});

Deno.test("KeyringCredentialStore.set() refuses times that are none", async () => {
  const store = await openStore();
  const invalid = new Date(NaN);
  await assertRejects(() => store.set("key", "x", { expiresAt: invalid }), InvalidDataError);
  await assertRejects(() => store.set("key", "x", { rotateAfter: invalid }), InvalidDataError);
  await assertRejects(() => store.set("key", "x", { rotateAfter: -1 }), InvalidDataError);
  await assertRejects(() => store.set("key", "x", { rotateAfter: NaN }), InvalidDataError);
  assertEquals(await store.list(), []);
});

Deno.test("KeyringCredentialStore.listExpiring() lists what expires soon, first things first", async () => {
  const store = await openStore();
  await store.set("later", "x", { expiresAt: ahead(10 * DAY) });
  await store.set("soon", "x", { expiresAt: ahead(DAY) });
  await store.set("over", "x", { expiresAt: ago(DAY) });
  await store.set("never", "x");
  const keys = async (within?: number) => (await store.listExpiring(within)).map(({ key }) => key);
  assertEquals(await keys(), ["over"]);
  assertEquals(await keys(2 * DAY), ["over", "soon"]);
  assertEquals(await keys(20 * DAY), ["over", "soon", "later"]);
});

Deno.test("KeyringCredentialStore.listRotationDue() lists what is due for rotation", async () => {
  const store = await openStore();
  await store.set("overdue", "x", { rotateAfter: ago(DAY) });
  await store.set("due", "x", { rotateAfter: ago(1) });
  await store.set("later", "x", { rotateAfter: 10 * DAY });
  assertEquals((await store.listRotationDue()).map(({ key }) => key), ["overdue", "due"]);
  assertEquals((await store.listRotationDue(11 * DAY)).length, 3);
  await store.rotate("overdue", "y", { rotateAfter: DAY });
  assertEquals((await store.listRotationDue()).map(({ key }) => key), ["due"]);
});
