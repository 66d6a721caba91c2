/**
 * A keyring in memory, for tests and examples.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { itemAction, tooLarge } from "./failures.ts";

/** Options of {@linkcode MemoryKeyring}. */
export interface MemoryKeyringOptions {
  /**
   * Most bytes in one item.
   *
   * @default {Infinity}
   */
  limit?: number;
}

/**
 * Keyring that forgets everything with its process. Needs no permission.
 *
 * @example Try the credential store without touching the system's keyring
 * ```ts
 * import { KeyringCredentialStore, MemoryKeyring } from "@goflow/storage";
 *
 * const store = await KeyringCredentialStore.open({ keyring: new MemoryKeyring() });
 * await store.set("github:token", "example");
 * console.log(await store.list());
 * ```
 */
export class MemoryKeyring implements Keyring {
  /** Name in {@linkcode KeyringInfo}. */
  readonly name = "memory";
  /** No other process reaches the items. */
  readonly local = true;
  readonly #services = new Map<string, Map<string, string>>();
  readonly #limit: number;

  /**
   * Makes the keyring.
   *
   * @param options Limits to imitate.
   */
  constructor(options: MemoryKeyringOptions = {}) {
    this.#limit = options.limit ?? Infinity;
  }

  /** Returns the most bytes that fit into one item. */
  limit(): number {
    return this.#limit;
  }

  /** Stores or replaces the secret of an item. */
  set(service: string, account: string, secret: string): Promise<void> {
    const size = new TextEncoder().encode(secret).length;
    if (size > this.#limit) {
      const action = itemAction("set", service, account);
      return Promise.reject(tooLarge(action, size, this.#limit, "this keyring"));
    }
    const items = this.#services.get(service) ?? new Map<string, string>();
    this.#services.set(service, items.set(account, secret));
    return Promise.resolve();
  }

  /** Reads the secret of an item, `undefined` when there is no such item. */
  get(service: string, account: string): Promise<string | undefined> {
    return Promise.resolve(this.#services.get(service)?.get(account));
  }

  /** Deletes an item; `false` when there was none. */
  delete(service: string, account: string): Promise<boolean> {
    return Promise.resolve(this.#services.get(service)?.delete(account) ?? false);
  }

  /** Lists the accounts of a service. */
  list(service: string): Promise<string[]> {
    return Promise.resolve([...this.#services.get(service)?.keys() ?? []]);
  }
}
