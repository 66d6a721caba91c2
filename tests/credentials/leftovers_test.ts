import { assert, assertEquals, assertRejects } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import type { Keyring } from "../../src/domain/credential.ts";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { allItems, CutOff, CutOffKeyring } from "./cut_off.ts";

/** Changes that come after a rotation that was cut off, and the items that they leave. */
const CHANGES: Record<string, (store: KeyringCredentialStore) => Promise<unknown>> = {
  "set()": (store) => store.set("key", "next value"),
  "set() with an expiry": (store) =>
    store.set("key", "next value", { expiresAt: new Date("2099-01-01") }),
  "rotate()": (store) => store.rotate("key", "next value", { keepPrevious: 0 }),
  "rotate() with a check that fails": (store) =>
    assertRejects(
      () => store.rotate("key", "next value", { verify: () => false }),
      InvalidDataError,
    ),
  "delete()": (store) => store.delete("key"),
};

for (const [name, change] of Object.entries(CHANGES)) {
  for (const limit of [10_000, 1000]) {
    const size = limit < 3000 ? "split values" : "values";
    Deno.test(`KeyringCredentialStore.${name} removes what a rotation of ${size} left at any step`, async () => {
      let staged = 0;
      for (let steps = 0;; steps++) {
        const keyring = new MemoryKeyring({ limit });
        const open = (over: Keyring = keyring) =>
          KeyringCredentialStore.open({ keyring: over, largeValues: "split" });
        await (await open()).set("key", "old value ".repeat(300));
        let whole = true;
        try {
          const store = await open(new CutOffKeyring(keyring, steps));
          await store.rotate("key", "new value ".repeat(300), { verify: () => true });
        } catch (error) {
          assert(error instanceof CutOff, String(error));
          whole = false;
        }
        if ((await keyring.list("goflow.next")).length > 0) staged++;

        await change(await open());
        assertEquals(await keyring.list("goflow.next"), [], `step ${steps}`);
        // A previous value may stay, with the end of its time in the metadata.
        const metadata = await keyring.get("goflow.meta", "key") ?? "{}";
        const noted = JSON.parse(metadata).previous !== undefined;
        const kept = (await keyring.list("goflow.prev")).length > 0;
        assert(noted || !kept, `step ${steps} leaves a previous value that nobody knows of`);
        if (name === "delete()") assertEquals(await allItems(keyring), [], `step ${steps}`);
        if (whole) break;
      }
      assert(staged >= 2, `a staged value after ${staged} steps`);
    });
  }
}

Deno.test("KeyringCredentialStore.delete() removes other values whose metadata is damaged", async () => {
  const keyring = new MemoryKeyring();
  const store = await KeyringCredentialStore.open({ keyring });
  await store.set("key", "old value");
  await store.rotate("key", "new value");
  await keyring.set("goflow.meta", "key", "damaged");
  await store.delete("key");
  assertEquals(await allItems(keyring), []);
});
