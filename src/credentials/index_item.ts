/**
 * The index item: a JSON array of keys in the order in which they were added.
 * Go's `List` depends on it; here it matters only where the system cannot
 * enumerate its items.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { AlreadyExistsError, KeyringError } from "../domain/errors.ts";
import { INDEX_ACCOUNT } from "./keys.ts";
import { settled } from "./settled.ts";

/**
 * State of the index item.
 *
 * - `missing`: there is none, as without a credential.
 * - `complete`: it names every credential.
 * - `partial`: it names only the credentials that fit into one item.
 * - `stale`: it names too few or too many; the next store that adds or deletes a key mends it.
 * - `damaged`: it is not a JSON array of strings; the next change mends it.
 */
export type IndexState = "missing" | "complete" | "partial" | "stale" | "damaged";

/** Stands for a text that cannot be read. */
const DAMAGED = "";

/** Part of the limit below which there is room for another key, in all likelihood. */
const ROOMY = 0.75;

/** Index of one service. The caller holds the lock while it changes. */
export class CredentialIndex {
  readonly #keyring: Keyring;
  readonly #service: string;
  /** Keys that were seen in the item, or could not be held by it. */
  readonly #seen = new Set<string>();
  /** Whether the item was compared with what the system enumerates. */
  #mended = false;

  constructor(keyring: Keyring, service: string) {
    this.#keyring = keyring;
    this.#service = service;
  }

  /** Reads the text of the item, for {@linkcode add}. */
  async read(): Promise<string | undefined> {
    try {
      return await this.#keyring.get(this.#service, INDEX_ACCOUNT);
    } catch (error) {
      const rebuilt = this.#keyring.list !== undefined;
      if (rebuilt && error instanceof KeyringError && error.reason === "failed") return DAMAGED;
      throw error;
    }
  }

  /** Whether {@linkcode add} has taken care of a key before. */
  seen(key: string): boolean {
    return this.#seen.has(key);
  }

  /**
   * Refuses a key that the keyring takes for another one.
   *
   * @throws {AlreadyExistsError} If there is a key that differs in nothing but case.
   */
  async refuseOtherCase(action: string, key: string): Promise<void> {
    if (!this.#keyring.caseInsensitive) return;
    const other = (await this.keys()).find((known) => known !== key && this.#same(known, key));
    if (other === undefined) return;
    throw new AlreadyExistsError(
      `${action}: this keyring ignores upper and lower case, and there is a credential ${
        JSON.stringify(other)
      }`,
      { kind: "credential", id: other },
    );
  }

  /** Lists all credentials, from the system's own enumeration where there is one. */
  async keys(): Promise<string[]> {
    const listed = await this.#enumerate();
    return listed ?? parseIndex(await this.read()) ?? [];
  }

  /** Adds a key that was just stored; `text` is what the index held before. */
  async add(key: string, text: string | undefined): Promise<void> {
    this.#seen.add(key);
    const keys = parseIndex(text);
    if (keys?.includes(key)) return;
    const known = await this.#mend(keys);
    await this.#write([...known.filter((other) => other !== key), key], text);
  }

  /** Removes a key that was just deleted. */
  async remove(key: string): Promise<void> {
    this.#seen.delete(key);
    const text = await this.read();
    if (text === undefined) return;
    const keys = parseIndex(text);
    const left = keys?.filter((other) => !this.#same(other, key));
    if (keys !== undefined && keys.length === left?.length) return;
    // Now and then there is room again for keys that did not fit in.
    if (!this.#fits(text, ROOMY) && this.#fits(JSON.stringify(left), ROOMY)) this.#mended = false;
    await this.#write(await this.#mend(left), text);
  }

  /**
   * Brings keys of the item in line with the system's own enumeration, which a process
   * that was killed, or a person with the system's tool, may have left them behind.
   * Once is enough: whoever changes keys takes care of the item.
   */
  async #mend(keys: string[] | undefined): Promise<string[]> {
    if (keys !== undefined && this.#mended) return keys;
    const listed = await this.#enumerate().catch((error) => {
      // The item is a courtesy: what is locked or broken elsewhere must not hinder a change.
      if (keys !== undefined && error instanceof KeyringError) return keys;
      throw error;
    });
    this.#mended = true;
    if (listed === undefined) return keys ?? [];
    const present = new Set(listed);
    return [...new Set([...(keys ?? []).filter((key) => present.has(key)), ...listed.sort()])];
  }

  /** Deletes the item. */
  async clear(): Promise<void> {
    await this.#keyring.delete(this.#service, INDEX_ACCOUNT);
  }

  /** Compares the item with what the system enumerates, and counts the credentials. */
  async inspect(): Promise<{ state: IndexState; credentials: number }> {
    const [text, listed] = await settled([this.read(), this.#enumerate()]);
    const keys = parseIndex(text);
    const state = text === undefined
      ? "missing"
      : keys === undefined
      ? "damaged"
      : this.#compare(keys, listed ?? keys);
    return { state, credentials: (listed ?? keys ?? []).length };
  }

  #compare(keys: string[], listed: string[]): IndexState {
    const present = new Set(listed);
    if (!keys.every((key) => present.has(key))) return "stale";
    if (keys.length === listed.length) return "complete";
    return this.#fits(JSON.stringify(keys), ROOMY) ? "stale" : "partial";
  }

  /** Whether the keyring takes two keys for one. */
  #same(a: string, b: string): boolean {
    return a === b ||
      (this.#keyring.caseInsensitive === true && a.toLowerCase() === b.toLowerCase());
  }

  async #enumerate(): Promise<string[] | undefined> {
    const accounts = await this.#keyring.list?.(this.#service);
    return accounts?.filter((account) => account !== INDEX_ACCOUNT);
  }

  /** Keeps the keys that fit into one item; nothing is left of an empty index. */
  async #write(keys: string[], before: string | undefined): Promise<void> {
    if (keys.length === 0) return await this.clear();
    let text = JSON.stringify(keys);
    if (!this.#fits(text)) {
      const kept: string[] = [];
      for (const key of keys) {
        if (this.#fits(JSON.stringify([...kept, key]))) kept.push(key);
      }
      text = JSON.stringify(kept);
    }
    if (text !== before) await this.#keyring.set(this.#service, INDEX_ACCOUNT, text);
  }

  #fits(text: string, part = 1): boolean {
    const limit = this.#keyring.limit?.(this.#service, INDEX_ACCOUNT) ?? Infinity;
    return new TextEncoder().encode(text).length <= limit * part;
  }
}

/** Keys in the text of the item, `undefined` if it is missing or damaged. */
function parseIndex(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const keys: unknown = JSON.parse(text);
    // Go writes an empty list as null.
    if (keys === null) return [];
    if (!Array.isArray(keys) || !keys.every((key) => typeof key === "string")) return undefined;
    return [...new Set(keys)];
  } catch {
    return undefined;
  }
}
