import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import { KeyringError } from "../../src/domain/errors.ts";
import { openStore } from "./memory_store.ts";

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
