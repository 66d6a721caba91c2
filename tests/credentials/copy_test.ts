import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import {
  AlreadyExistsError,
  CredentialExpiredError,
  InvalidDataError,
  KeyringError,
  NotFoundError,
} from "../../src/domain/errors.ts";
import { ago, ahead, DAY, openStore } from "./memory_store.ts";

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

Deno.test("KeyringCredentialStore.copyTo() copies nothing when a key of another program is not valid", async () => {
  const keyring = new MemoryKeyring();
  const source = await openStore(keyring);
  const target = await openStore();
  await source.set("a", "1");
  await keyring.set("goflow", "b\x1b[31m", "2");
  await assertRejects(() => source.copyTo(target), InvalidDataError, "Cannot copy credential");
  assertEquals(await target.list(), []);
  const result = await source.copyTo(target, { keys: ["a", "a"] });
  assertEquals(result, { copied: ["a"], unchanged: [] });
});
