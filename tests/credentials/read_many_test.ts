import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Keyring } from "../../src/domain/credential.ts";
import { KeyringError } from "../../src/domain/errors.ts";
import { openStore } from "./memory_store.ts";

/** A keyring whose items take a moment to read, and one cannot be read at all. */
class SlowKeyring implements Keyring {
  readonly local = true;
  /** How many reads were started, and how many are going on. */
  started = 0;
  running = 0;

  async get(service: string, account: string): Promise<string | undefined> {
    this.started++;
    if (`${service}/${account}` === "goflow/bad") {
      throw new KeyringError("Cannot read", { reason: "failed" });
    }
    this.running++;
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.running--;
    return undefined;
  }

  set(): Promise<void> {
    return Promise.resolve();
  }

  delete(): Promise<boolean> {
    return Promise.resolve(false);
  }

  list(): Promise<string[]> {
    return Promise.reject(new KeyringError("Cannot list", { reason: "failed" }));
  }
}

Deno.test("KeyringCredentialStore reads nothing any more behind an error", async () => {
  const keyring = new SlowKeyring();
  const store = await openStore(keyring);
  const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`);
  // The values are the one half, the metadata the other.
  await assertRejects(() => store.getMany(["bad", ...keys]), KeyringError);
  assertEquals(keyring.running, 0);
  assert(keyring.started < 120, String(keyring.started));
  for (const read of [() => store.get("bad"), () => store.describe("bad"), () => store.info()]) {
    await assertRejects(read, KeyringError);
    assertEquals(keyring.running, 0);
  }
});
