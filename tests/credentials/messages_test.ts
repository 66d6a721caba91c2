import { assert, assertEquals, assertRejects } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import { systemKeyring } from "../../src/credentials/system.ts";
import { KeyringError, PermissionDeniedError } from "../../src/domain/errors.ts";
import { TempFolder } from "../helpers/temp_folder.ts";

/** Every operation on one credential, by the verb of its message. */
function operations(store: KeyringCredentialStore): [verb: string, () => Promise<unknown>][] {
  const key = "erp:token";
  return [
    ["set", () => store.set(key, "value")],
    ["set", () => store.set(key, "value", { rotateAfter: 1 })],
    ["set", () => store.setStructured(key, {})],
    ["set", () => store.tenant("acme").set(key, "value")],
    ["read", () => store.get(key)],
    ["describe", () => store.describe(key)],
    ["delete", () => store.delete(key)],
    ["rotate", () => store.rotate(key, "next")],
    ["rotate", () => store.rotateWith(key, () => "next")],
    ["read", () => store.getPrevious(key)],
    ["roll back", () => store.rollBack(key)],
  ];
}

Deno.test("KeyringCredentialStore names the operation when the keyring fails, not an item", async () => {
  await using temporary = await TempFolder.make();
  const root = temporary.path;
  const keyring = systemKeyring({ program: "/nonexistent/program" }, "linux");
  const store = await KeyringCredentialStore.open({ root, keyring });
  for (const [verb, operation] of operations(store)) {
    const error = await assertRejects(operation, KeyringError);
    const start = `Cannot ${verb} credential "erp:token": the program`;
    assert(error.message.startsWith(start), error.message);
    assertEquals(error.reason, "unavailable");
  }
});

Deno.test("KeyringCredentialStore names the operation that was refused", async () => {
  const inner = new MemoryKeyring();
  const refuse = (_: string, account: string) =>
    Promise.reject(
      new PermissionDeniedError(`Cannot read credential "${account}" of service "x": refused`, {
        resource: "somebody",
      }),
    );
  const keyring = Object.assign(Object.create(inner), { get: refuse, local: true });
  const store = await KeyringCredentialStore.open({ keyring });
  const error = await assertRejects(() => store.get("a"), PermissionDeniedError);
  assertEquals([error.message, error.resource], [
    'Cannot read credential "a": refused',
    "somebody",
  ]);
});

Deno.test("KeyringCredentialStore says of a large value which credential it is", async () => {
  const keyring = new MemoryKeyring({ limit: 10 });
  const store = await KeyringCredentialStore.open({ keyring });
  const error = await assertRejects(() => store.set("key", "x".repeat(11)), KeyringError);
  assert(error.message.startsWith('Cannot set credential "key": the value takes 11 bytes'));
});

Deno.test("KeyringCredentialStore says of a key that leaves no room for a value that it is too long", async () => {
  const keychain = systemKeyring({ program: "/nonexistent" }, "darwin");
  const key = "k".repeat(5_000);
  await assertRejects(() => keychain.set("goflow", key, "x"), KeyringError, "key is too long");
  const store = await KeyringCredentialStore.open({ keyring: new MemoryKeyring({ limit: 0 }) });
  await assertRejects(() => store.set(key, "x"), KeyringError, "key is too long");
});

Deno.test("KeyringCredentialStore leaves no index behind with the last credential", async () => {
  const keyring = new MemoryKeyring();
  const store = await KeyringCredentialStore.open({ keyring });
  await store.set("a", "1");
  await store.set("b", "2");
  await store.delete("a");
  assertEquals(await keyring.get("goflow", "__goflow_index__"), '["b"]');
  await store.delete("b");
  assertEquals(await keyring.list("goflow"), []);
  assertEquals((await store.info()).index, "missing");
  // What Go leaves when it deletes its last credential.
  for (const empty of ["[]", "null"]) {
    await keyring.set("goflow", "__goflow_index__", empty);
    assertEquals(await store.list(), []);
    await store.set("a", "1");
    await store.delete("a");
    assertEquals(await keyring.list("goflow"), []);
  }
  const tenant = store.tenant("acme");
  await tenant.set("key", "value");
  await store.deleteTenant("acme", { confirm: "acme" });
  for (const service of ["goflow.tenants", "goflow.tenant.acme"]) {
    assertEquals(await keyring.list(service), [], service);
  }
});
