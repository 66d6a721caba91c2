import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import type { Keyring } from "../../src/domain/credential.ts";
import {
  AlreadyExistsError,
  ConflictError,
  CredentialExpiredError,
  InvalidDataError,
  KeyringError,
  NotFoundError,
} from "../../src/domain/errors.ts";
import { allItems } from "./cut_off.ts";

const DAY = 86_400_000;
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds);
const ahead = (milliseconds: number) => new Date(Date.now() + milliseconds);

async function openStore(
  keyring: Keyring = new MemoryKeyring(),
  largeValues: "refuse" | "split" = "refuse",
): Promise<KeyringCredentialStore> {
  return await KeyringCredentialStore.open({ keyring, largeValues });
}

Deno.test("KeyringCredentialStore.open() refuses a service that could reach another", async () => {
  for (const service of ["", "a:b", "a\nb"]) {
    await assertRejects(() => KeyringCredentialStore.open({ service }), InvalidDataError);
  }
});

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
  const rotate = (message: string) =>
    assertRejects(() =>
      store.rotate("key", "s3cr3t-next", {
        verify: () => {
          throw new Error(message);
        },
      }), InvalidDataError);
  assertEquals(((await rotate("status 401")).cause as Error).message, "status 401");
  assert(!Deno.inspect(await rotate("bad token s3cr3t-next")).includes("s3cr3t"));
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

Deno.test("KeyringCredentialStore splits large values only when asked", async () => {
  const keyring = new MemoryKeyring({ limit: 1000 });
  const value = "ä🔑x".repeat(1000);
  const error = await assertRejects(
    async () => await (await openStore(keyring)).set("key", value),
    KeyringError,
    "at most 1000",
  );
  assertEquals(error.reason, "too-large");
  const store = await openStore(keyring, "split");
  await store.set("key", value);
  await store.set("short", "verbatim");
  assertEquals(await store.get("key"), value);
  assertEquals(await keyring.get("goflow", "short"), "verbatim");
  assertEquals(await store.list(), ["key", "short"]);
  assertEquals((await store.describe("key")).size, 7000);
  // Reading needs no option.
  assertEquals(await (await openStore(keyring)).get("key"), value);
  assertEquals((await store.getMany(["key", "short"])).get("key"), value);
  await store.set("key", "short again");
  assertEquals(await keyring.list("goflow.parts"), []);
  await assertRejects(
    () => store.set("key", "x".repeat(300_000)),
    KeyringError,
    "too-large".slice(9) || "bytes",
  );
});

Deno.test("KeyringCredentialStore reports a split value with a part missing or changed", async () => {
  const keyring = new MemoryKeyring({ limit: 1000 });
  const store = await openStore(keyring, "split");
  await store.set("key", "x".repeat(3000));
  const [first = ""] = await keyring.list("goflow.parts");
  const part = await keyring.get("goflow.parts", first) ?? "";
  await keyring.set("goflow.parts", first, part.replace("x", "y"));
  await assertRejects(() => store.get("key"), KeyringError, "missing or damaged");
  await keyring.delete("goflow.parts", first);
  const error = await assertRejects(() => store.get("key"), KeyringError, "missing or damaged");
  assert(!Deno.inspect(error).includes("xxx"));
  await assertRejects(() => store.getMany(["key"]), KeyringError);
  await keyring.set("goflow", "key", "goflow-split:v1:{}");
  await assertRejects(() => store.get("key"), KeyringError, "header");
  await store.set("key", "mended");
  assertEquals(await store.get("key"), "mended");
});

Deno.test("KeyringCredentialStore keeps a value that looks like a split header", async () => {
  const store = await openStore();
  const value = 'goflow-split:v1:{"id":"a","count":1,"length":1,"sha256":""}';
  await store.set("key", value);
  assertEquals(await store.get("key"), value);
});

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

Deno.test("KeyringCredentialStore.tenant() opens a store of its own", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  const acme = store.tenant("acme");
  const other = store.tenant("acme-2");
  await store.set("key", "ours");
  await acme.set("key", "theirs", { expiresAt: ahead(DAY) });
  await other.set("other", "x");
  assertEquals([await store.get("key"), await acme.get("key")], ["ours", "theirs"]);
  assertEquals([await acme.list(), await other.list(), await store.list()], [
    ["key"],
    ["other"],
    ["key"],
  ]);
  await assertRejects(() => other.get("key"), NotFoundError);
  assertEquals(await keyring.get("goflow.tenant.acme", "key"), "theirs");
  assertEquals(await keyring.get("goflow.tenant.acme", "__goflow_index__"), '["key"]');
  assertEquals((await acme.info()).tenant, "acme");
  assertEquals(await store.listTenants(), ["acme", "acme-2"]);
  await acme.delete("key");
  assertEquals(await store.get("key"), "ours");
});

Deno.test("KeyringCredentialStore.tenant() refuses names that could reach another store", async () => {
  const store = await openStore();
  const names = ["", "A", "a.meta", "a/b", "a:b", "-a", "a_b", "ä", "a\n", "a".repeat(64), "a b"];
  for (const name of names) {
    assertThrows(() => store.tenant(name), InvalidDataError, "lower-case", name);
    await assertRejects(() => store.deleteTenant(name, { confirm: name }), InvalidDataError);
  }
  store.tenant("a".repeat(63));
  store.tenant("0-a");
  assertThrows(() => store.tenant("a").tenant("b"), InvalidDataError, "has tenants");
});

Deno.test("KeyringCredentialStore.deleteTenant() deletes everything of one tenant", async () => {
  const keyring = new MemoryKeyring({ limit: 1000 });
  const store = await openStore(keyring, "split");
  for (const name of ["acme", "acme-2"]) {
    const tenant = store.tenant(name);
    await tenant.set("key", "x".repeat(3000), { expiresAt: ahead(DAY) });
    await tenant.rotate("key", "y".repeat(3000));
  }
  await keyring.set("goflow.tenant.acme.prev", "stray", "left behind");
  const error = await assertRejects(
    () => store.deleteTenant("acme", { confirm: "yes" }),
    InvalidDataError,
  );
  assert(error.message.includes("confirm"));
  assertEquals(await store.listTenants(), ["acme", "acme-2"]);
  await store.deleteTenant("acme", { confirm: "acme" });
  assertEquals(await store.listTenants(), ["acme-2"]);
  for (const suffix of ["", ".meta", ".prev", ".next", ".parts"]) {
    assertEquals(await keyring.list(`goflow.tenant.acme${suffix}`), [], suffix);
  }
  assertEquals(await store.tenant("acme-2").get("key"), "y".repeat(3000));
  await assertRejects(() => store.deleteTenant("acme", { confirm: "acme" }), NotFoundError);
});

Deno.test("KeyringCredentialStore.copyTo() copies values and what is known of them", async () => {
  const source = await openStore(new MemoryKeyring({ limit: 1000 }), "split");
  const target = await openStore();
  const expiresAt = ahead(DAY);
  await source.set("a", "old");
  await source.rotate("a", "value", { expiresAt, rotateAfter: DAY });
  await source.set("b", "x".repeat(3000));
  await source.set("c", "expired", { expiresAt: ago(1) });
  await source.set("d", "same");
  await target.set("d", "same");
  const progress: [string, number, number][] = [];
  const result = await source.copyTo(target, {
    onProgress: ({ key, done, total }) => progress.push([key, done, total]),
  });
  assertEquals(result, { copied: ["a", "b", "c"], unchanged: ["d"] });
  assertEquals(progress, [["a", 1, 4], ["b", 2, 4], ["c", 3, 4], ["d", 4, 4]]);
  assertEquals(await target.get("b"), "x".repeat(3000));
  await assertRejects(() => target.get("c"), CredentialExpiredError);
  const [from, to] = [await source.describe("a"), await target.describe("a")];
  assertEquals([to.version, to.createdAt, to.expiresAt], [from.version, from.createdAt, expiresAt]);
  assertEquals(await source.copyTo(target), { copied: [], unchanged: ["a", "b", "c", "d"] });
});

Deno.test("KeyringCredentialStore.copyTo() replaces nothing unless asked", async () => {
  const source = await openStore();
  const target = await openStore();
  await source.set("a", "1");
  await source.set("b", "2");
  await target.set("b", "other");
  await assertRejects(() => source.copyTo(target), AlreadyExistsError, '"b"');
  assertEquals(await target.list(), ["b"]);
  assertEquals(await source.copyTo(target, { keys: ["a"] }), { copied: ["a"], unchanged: [] });
  await source.copyTo(target, { overwrite: true });
  assertEquals(await target.get("b"), "2");
  await assertRejects(() => source.copyTo(target, { keys: ["missing"] }), NotFoundError);
});

Deno.test("KeyringCredentialStore.copyTo() notices a target that stores something else", async () => {
  const source = await openStore();
  await source.set("a", "value");
  const inner = new MemoryKeyring();
  const set = inner.set.bind(inner);
  inner.set = (service, account, secret) => set(service, account, secret.slice(0, 3));
  const target = await openStore(inner);
  const error = await assertRejects(() => source.copyTo(target), KeyringError, "another value");
  assert(!Deno.inspect(error).includes('value"'));
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

Deno.test("KeyringCredentialStore.setStructured() refuses what JSON cannot represent", async () => {
  const store = await openStore();
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  for (const value of [undefined, () => 1, circular, NaN]) {
    await assertRejects(() => store.setStructured("key", value), InvalidDataError, "JSON");
  }
  assertEquals(await store.list(), []);
});

Deno.test("KeyringCredentialStore shows nothing when it is inspected", async () => {
  const keyring = new MemoryKeyring();
  const store = await openStore(keyring);
  await store.set("key", "s3cr3t", { expiresAt: ahead(DAY) });
  await store.get("key");
  for (const object of [store, keyring, store.tenant("acme"), await store.info()]) {
    const shown = Deno.inspect(object, { depth: 20, showHidden: true });
    assert(!shown.includes("s3cr3t") && !JSON.stringify(object).includes("s3cr3t"), shown);
  }
});
