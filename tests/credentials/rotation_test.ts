import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import { ConflictError, InvalidDataError, NotFoundError } from "../../src/domain/errors.ts";
import { allItems } from "./cut_off.ts";
import { ahead, DAY, openStore } from "./memory_store.ts";

Deno.test("KeyringCredentialStore.rotate() switches after the check and keeps the old value", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  await store.set("key", "old");
  const seen: string[] = [];
  const expiresAt = ahead(DAY);
  await store.rotate("key", "new", {
    expiresAt,
    keepPrevious: 1000,
    verify: async (value) => {
      seen.push(value, await store.get("key"));
      assert((await store.describe("key")).rotationPending);
      assertEquals(await store.getPrevious("key"), undefined);
    },
  });
  assertEquals(seen, ["new", "old"]);
  assertEquals(await store.get("key"), "new");
  assertEquals(await store.getPrevious("key"), "old");
  const description = await store.describe("key");
  assertEquals([description.expiresAt, description.rotationPending], [expiresAt, false]);
  assert(description.previousUntil && description.previousUntil > new Date());
  assertEquals(await store.list(), ["key"]);
  assertEquals(await keyring.get("goflow.next", "key"), undefined);
});

Deno.test("KeyringCredentialStore.rotate() stays with the old value when the check fails", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  await store.set("key", "old", { expiresAt: ahead(DAY) });
  const checks: (() => boolean)[] = [() => false, () => {
    throw new TypeError("refused");
  }];
  for (const verify of checks) {
    await assertRejects(
      () => store.rotate("key", "new", { verify }),
      InvalidDataError,
      "old one stays",
    );
    assertEquals(await store.get("key"), "old");
    assertEquals((await store.describe("key")).version, 1);
    assertEquals((await store.describe("key")).rotationPending, false);
    assertEquals(await keyring.get("goflow.next", "key"), undefined);
  }
});

Deno.test("KeyringCredentialStore.rotate() passes the error of the check on, without a secret", async () => {
  const store = await openStore();
  await store.set("key", "old");
  const next = "-----BEGIN KEY-----\ns3cr3t 'with' \"quotes\" \\ and ü\n-----END KEY-----\n";
  const rotate = (cause: unknown) =>
    assertRejects(() =>
      store.rotate("key", next, {
        verify: () => {
          throw cause;
        },
      }), InvalidDataError);
  const plain = await rotate(new Error("status 401"));
  assertEquals((plain.cause as Error).message, "status 401");
  const telling = [
    new Error(`bad token ${next}`),
    Object.assign(new Error("refused"), { request: { headers: [["token", next]] } }),
    new Error("refused", { cause: { cause: { cause: next } } }),
    new Error(`GET /?token=${encodeURIComponent(next)}`),
    new Error(`authorization: ${new TextEncoder().encode(next).toBase64()}`),
    ...["user:", "u:", "me:"].map((user) =>
      new Error(`Authorization: Basic ${new TextEncoder().encode(user + next).toBase64()}`)
    ),
    Object.defineProperty(new Error("refused"), "token", { get: () => next, enumerable: true }),
    new Error(JSON.stringify({ token: next })),
    next,
  ];
  for (const cause of telling) {
    const error = await rotate(cause);
    assertEquals(error.cause, undefined, Deno.inspect(cause));
    assert(!Deno.inspect(error).includes("s3cr3t"));
  }
});

Deno.test("KeyringCredentialStore.rotate() refuses when somebody changed the value meanwhile", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  await store.set("key", "old");
  await assertRejects(
    () => store.rotate("key", "new", { verify: () => store.set("key", "third") }),
    ConflictError,
  );
  assertEquals(await store.get("key"), "third");
  await assertRejects(
    () => store.rotate("key", "new", { verify: () => store.rotate("key", "fourth") }),
    ConflictError,
  );
  assertEquals(await store.get("key"), "fourth");
  await store.delete("key");
  assertEquals(await allItems(keyring), []);
});

Deno.test("KeyringCredentialStore.rotate() needs a credential and valid options", async () => {
  const store = await openStore();
  await assertRejects(() => store.rotate("key", "new"), NotFoundError);
  await store.set("key", "old");
  await assertRejects(() => store.rotate("key", "new", { keepPrevious: -1 }), InvalidDataError);
  await assertRejects(() => store.rotate("key", "\ud800"), InvalidDataError);
  assertEquals(await store.get("key"), "old");
});

Deno.test("KeyringCredentialStore.getPrevious() ends with the grace time", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  await store.set("key", "old");
  await store.rotate("key", "new", { keepPrevious: 0 });
  assertEquals(await store.getPrevious("key"), undefined);
  assertEquals(await keyring.get("goflow.prev", "key"), undefined);
  await store.rotate("key", "newer", { keepPrevious: 5 });
  assertEquals(await keyring.get("goflow.prev", "key"), "new");
  while ((await store.describe("key")).previousUntil) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assertEquals(await store.getPrevious("key"), undefined);
  await store.set("other", "old");
  await store.rotate("other", "new");
  assertEquals(await store.purgePrevious(), ["key"]);
  assertEquals(await keyring.get("goflow.prev", "key"), undefined);
  assertEquals(await store.getPrevious("other"), "old");
  assertEquals(await store.get("key"), "newer");
});

Deno.test("KeyringCredentialStore.rollBack() exchanges the value and the previous one", async () => {
  const store = await openStore();
  const expiresAt = ahead(DAY);
  await store.set("key", "old", { expiresAt });
  await assertRejects(() => store.rollBack("key"), NotFoundError, "no previous value");
  await store.rotate("key", "new");
  await store.rollBack("key");
  assertEquals([await store.get("key"), await store.getPrevious("key")], ["old", "new"]);
  const { version, expiresAt: kept } = await store.describe("key");
  assertEquals([version, kept], [3, expiresAt]);
  await store.rollBack("key");
  assertEquals([await store.get("key"), await store.getPrevious("key")], ["new", "old"]);
});

Deno.test("KeyringCredentialStore.rotateWith() takes the value of a provider", async () => {
  const store = await openStore();
  await store.set("key", "1");
  const increment = (value: string) => Promise.resolve(String(Number(value) + 1));
  await store.rotateWith("key", increment, { verify: (value) => value === "2" });
  assertEquals(await store.get("key"), "2");
  await assertRejects(() => store.rotateWith("other", increment), NotFoundError);
});

Deno.test("KeyringCredentialStore.rotateWith() goes on with a rotation that was cut off", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  await store.set("key", "old");
  const stuck = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const rotation = store.rotate("key", "minted", {
    verify: () => {
      started.resolve();
      return stuck.promise;
    },
  });
  await started.promise;
  const other = await openStore(keyring);
  assert((await other.describe("key")).rotationPending);
  let minted = 0;
  await other.rotateWith("key", () => `unwanted ${++minted}`, { verify: () => true });
  assertEquals([await other.get("key"), minted], ["minted", 0]);
  stuck.resolve();
  await assertRejects(() => rotation, ConflictError);
  assertEquals(await other.get("key"), "minted");
});
