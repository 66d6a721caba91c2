import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import { InvalidDataError, NotFoundError } from "../../src/domain/errors.ts";
import { ahead, DAY, openStore } from "./memory_store.ts";

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
  // JavaScript would make texts of these, and those of one tenant for all who have none.
  for (const name of [undefined, null, 5, ["acme"]] as unknown[] as string[]) {
    assertThrows(() => store.tenant(name), InvalidDataError, "lower-case");
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
