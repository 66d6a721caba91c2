import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import { KeyringError } from "../../src/domain/errors.ts";
import { allItems } from "./cut_off.ts";
import { ago, ahead, DAY, openStore } from "./memory_store.ts";
import { UnreadableKeyring } from "./unreadable.ts";

Deno.test("KeyringCredentialStore replaces and deletes a value that cannot be read", async () => {
  const keyring = new UnreadableKeyring({ limit: 1000 });
  const store = await openStore(keyring, "split");
  const expiresAt = ahead(DAY);
  const changes = [
    () => store.set("key", "new"),
    () => store.set("key", "new", { expiresAt }),
    () => store.set("key", "new ".repeat(500)),
    () => store.delete("key"),
  ];
  for (const change of changes) {
    await store.set("key", "old ".repeat(500), { expiresAt });
    keyring.unreadable.add("goflow/key");
    await assertRejects(() => store.get("key"), KeyringError);
    await assertRejects(() => store.rotate("key", "new"), KeyringError);
    await change();
    if (change === changes.at(-1)) break;
    assertEquals((await store.get("key")).slice(0, 3), "new");
    await store.delete("key");
    assertEquals(await allItems(keyring), []);
  }
  keyring.unreadable.clear();
  assertEquals(await allItems(keyring), []);
});

Deno.test("KeyringCredentialStore.delete() leaves no old secret behind metadata that cannot be read", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  await store.set("key", "old");
  await store.rotate("key", "new");
  const get = keyring.get.bind(keyring);
  keyring.get = (service, account) =>
    service === "goflow.meta"
      ? Promise.reject(new KeyringError("Cannot read", { reason: "failed" }))
      : get(service, account);
  await store.delete("key");
  assertEquals(await allItems(keyring), []);
});

Deno.test("KeyringCredentialStore.set() has ended with all its parts when it fails", async () => {
  const keyring = new MemoryKeyring();
  const set = keyring.set.bind(keyring);
  const started = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<void>();
  keyring.get = () => Promise.reject(new KeyringError("Locked", { reason: "locked" }));
  keyring.set = async (...item) => {
    started.resolve();
    await stored.promise;
    await set(...item);
  };
  const store = await openStore(keyring);
  let failed = false;
  const failing = store.set("key", "value").catch((error) => {
    failed = true;
    throw error;
  });
  // The next change must not begin while this one still writes.
  let next = false;
  const waiting = store.delete("key").catch(() => {
    next = true;
  });
  await started.promise;
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert(!failed && !next);
  stored.resolve();
  await assertRejects(() => failing, KeyringError, "Locked");
  await waiting;
  assert(next);
});

Deno.test("KeyringCredentialStore.purgePrevious() looks only at credentials with metadata", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  for (let index = 0; index < 100; index++) await store.set(`key-${index}`, "value");
  await store.rotate("key-7", "new", { keepPrevious: 1 });
  let reads = 0;
  const get = keyring.get.bind(keyring);
  keyring.get = (...item) => {
    reads++;
    return get(...item);
  };
  while ((await store.describe("key-7")).previousUntil) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  reads = 0;
  assertEquals(await store.purgePrevious(), ["key-7"]);
  assertEquals(reads, 1);
});

Deno.test("KeyringCredentialStore.set() of the same value ends its expiry", async () => {
  const store = await openStore();
  await store.set("key", "value", { expiresAt: ago(1) });
  await store.set("key", "value");
  assertEquals(await store.get("key"), "value");
  assertEquals((await store.describe("key")).version, 2);
});
