/**
 * A keyring that stops working at a given change, as if the process had been killed.
 *
 * @module
 */

import type { Keyring } from "../../src/domain/credential.ts";

/** Thrown in place of every call after the cut. */
export class CutOff extends Error {}

/** Passes calls on until it has passed on so many changes. */
export class CutOffKeyring implements Keyring {
  readonly name: string;
  readonly local: boolean;
  readonly #inner: Keyring;
  readonly #onCut: () => never;
  #left: number;

  /**
   * @param inner The keyring that keeps the items.
   * @param left How many changes it lives to see.
   * @param onCut What happens at the next call.
   */
  constructor(
    inner: Keyring,
    left: number,
    onCut: () => never = () => {
      throw new CutOff();
    },
  ) {
    this.#inner = inner;
    this.#left = left;
    this.#onCut = onCut;
    this.name = inner.name ?? "";
    this.local = inner.local ?? false;
  }

  async set(service: string, account: string, secret: string): Promise<void> {
    this.#check();
    this.#left--;
    await this.#inner.set(service, account, secret);
  }

  async get(service: string, account: string): Promise<string | undefined> {
    return await this.#inner.get(service, account);
  }

  async delete(service: string, account: string): Promise<boolean> {
    this.#check();
    this.#left--;
    return await this.#inner.delete(service, account);
  }

  async list(service: string): Promise<string[]> {
    return await this.#inner.list?.(service) ?? [];
  }

  limit(service: string, account: string): number {
    return this.#inner.limit?.(service, account) ?? Infinity;
  }

  #check(): void {
    if (this.#left <= 0) this.#onCut();
  }
}

/** Services that one store uses, for counting what is left in them. */
const SERVICES = ["goflow", "goflow.meta", "goflow.prev", "goflow.next", "goflow.parts"];

/** Names every item of a store. */
export async function allItems(keyring: Keyring): Promise<string[]> {
  const items: string[] = [];
  for (const service of SERVICES) {
    for (const account of await keyring.list?.(service) ?? []) items.push(`${service}/${account}`);
  }
  return items.sort();
}
