/**
 * The items behind one credential — its value, parts, metadata, previous and
 * staged value — and the order in which they change: whatever step is cut off,
 * the credential has its old or its new value.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { NotFoundError } from "../domain/errors.ts";
import { named } from "./failures.ts";
import { CredentialIndex } from "./index_item.ts";
import { keyAction } from "./keys.ts";
import { LargeValues, type StoredValue } from "./large_values.ts";
import { readMany } from "./read_many.ts";
import { withKeyringLock } from "./lock.ts";
import { MetadataMemory } from "./metadata_memory.ts";
import {
  type Change,
  checksum,
  formatMetadata,
  type Metadata,
  type MetadataRecord,
  nextMetadata,
  parseMetadata,
  type PartsReference,
  recordOf,
  references,
  refersTo,
  uniqueParts,
} from "./metadata.ts";

/** How a store reaches its items. */
export interface ItemsOptions {
  keyring: Keyring;
  service: string;
  /** Folder of the lock file; the default root when it is `undefined`. */
  root: string | undefined;
  /** Milliseconds to wait for the lock. */
  lockTimeout: number;
  /** Whether values over the limit of one item are split. */
  split: boolean;
}

/** What was found under a key. */
export interface FoundItem {
  /** Text of the item: the value, or the header of a split value. */
  text: string;
  /** The value; `undefined` if parts of it are missing. */
  value: string | undefined;
  /** All that is known of the key. */
  metadata: Metadata | undefined;
  /** What is known of this value. */
  record: MetadataRecord | undefined;
}

/** Items of one service. Methods that change something are called under {@linkcode locked}. */
export class CredentialItems {
  readonly keyring: Keyring;
  readonly service: string;
  readonly index: CredentialIndex;
  readonly values: LargeValues;
  readonly #options: ItemsOptions;
  /** Keys that were seen in the index. */
  readonly #indexed = new Set<string>();
  readonly #memory = new MetadataMemory();

  constructor(options: ItemsOptions) {
    this.#options = options;
    this.keyring = options.keyring;
    this.service = options.service;
    this.index = new CredentialIndex(options.keyring, options.service);
    this.values = new LargeValues(options.keyring, options.service, options.split);
  }

  /** Whether values over the limit of one item are split. */
  get split(): boolean {
    return this.#options.split;
  }

  /** Keys with metadata, or all keys if the keyring does not list items. */
  async keysWithMetadata(): Promise<string[]> {
    return await this.keyring.list?.(this.metadataService) ?? await this.index.keys();
  }

  /** Service of the metadata. */
  get metadataService(): string {
    return `${this.service}.meta`;
  }

  /** Service of the values that rotations replaced. */
  get previousService(): string {
    return `${this.service}.prev`;
  }

  /** Service of the values that rotations are checking. */
  get stagedService(): string {
    return `${this.service}.next`;
  }

  /** The same keyring under another service. */
  withService(service: string): CredentialItems {
    return new CredentialItems({ ...this.#options, service });
  }

  /** Runs a function while nobody else changes items. Not reentrant. */
  locked<T>(action: string, run: () => Promise<T>): Promise<T> {
    const { keyring, root, lockTimeout } = this.#options;
    return named(action, () => withKeyringLock(action, keyring, root, lockTimeout, run));
  }

  /**
   * Reads what is under a key, also a damaged value.
   *
   * @param key Key of the credential.
   * @param recent Whether metadata that was read a moment ago is good enough.
   */
  async find(key: string, recent = false): Promise<FoundItem | undefined> {
    for (let attempt = 1;; attempt++) {
      const memory = recent ? this.#memory.recall(key) : undefined;
      const [text, read] = await Promise.all([
        this.keyring.get(this.service, key),
        memory ? undefined : this.keyring.get(this.metadataService, key),
      ]);
      if (text === undefined) return undefined;
      const value = await this.values.assemble(key, text);
      // Without its parts, the value was replaced after its header was read, or is damaged.
      if (value === undefined && attempt < 3) continue;
      const check = await checksum(this.#memory.salt, value ?? "");
      const known = memory === undefined
        ? read
        : memory.check === check
        ? memory.text
        : await this.keyring.get(this.metadataService, key);
      if (memory?.check !== check) this.#memory.remember(key, { check, text: known });
      const metadata = parseMetadata(known);
      return { text, value, metadata, record: await recordOf(metadata, value) };
    }
  }

  /**
   * Reads the value of a key.
   *
   * @throws {NotFoundError} If there is none.
   * @throws {KeyringError} If parts of it are missing.
   */
  async read(
    action: string,
    key: string,
    recent = false,
  ): Promise<FoundItem & { value: string }> {
    const found = await named(action, () => this.find(key, recent));
    if (found === undefined) throw notFound(action, key);
    const { value } = found;
    if (value === undefined) throw this.values.torn(key);
    return { ...found, value };
  }

  /** Reads several values; keys without one are left out. */
  async readMany(keys: readonly string[]): Promise<Map<string, FoundItem & { value: string }>> {
    const [texts, known] = await Promise.all([
      readMany(this.keyring, this.service, keys),
      readMany(this.keyring, this.metadataService, keys),
    ]);
    const found = new Map<string, FoundItem & { value: string }>();
    for (const [key, text] of texts) {
      const value = await this.values.assemble(key, text);
      const metadata = parseMetadata(known.get(key));
      found.set(
        key,
        value === undefined
          ? await this.read(keyAction("read", key), key)
          : { text, value, metadata, record: await recordOf(metadata, value) },
      );
    }
    return found;
  }

  /** Stores or replaces a value. */
  async set(key: string, value: string, change: Change): Promise<void> {
    const stored = await this.values.plan(key, value);
    const plain = Object.values(change).every((field) => field === undefined);
    if (!plain || stored.parts !== undefined) {
      const [found, index] = await Promise.all([this.find(key), this.index.read()]);
      await this.replace(key, value, stored, found, change);
      return await this.index.add(key, index);
    }
    this.#memory.forget(key);
    // Nothing has to be known before the value is there, so this goes on at once.
    const indexed = this.#indexed.has(key);
    const [known, index] = await Promise.all([
      this.keyring.get(this.metadataService, key),
      indexed ? undefined : this.index.read(),
      this.keyring.set(this.service, key, value),
    ]);
    const [existed] = await Promise.all([
      this.keyring.verify?.(this.service, key, value),
      indexed ? undefined : this.index.add(key, index),
    ]);
    // Somebody may have deleted it, with its entry, since it was indexed.
    if (indexed && existed !== true) await this.index.add(key, await this.index.read());
    this.#indexed.add(key);
    const metadata = parseMetadata(known);
    if (metadata === undefined) {
      const check = await checksum(this.#memory.salt, value);
      return this.#memory.remember(key, { check, text: known });
    }
    const next = await nextMetadata(value, stored.parts, metadata, metadata.current, change);
    await this.#clean(metadata, [next.previous?.parts]);
    if (metadata.staged) await this.keyring.delete(this.stagedService, key);
    await this.#write(key, next);
  }

  /** Stores a secret and checks that it was stored as it is. */
  async put(service: string, account: string, secret: string): Promise<void> {
    await this.keyring.set(service, account, secret);
    await this.keyring.verify?.(service, account, secret);
  }

  /**
   * Replaces a value together with its metadata. The metadata goes first and knows
   * both values, so that it is right before and after the value itself changes.
   */
  async replace(
    key: string,
    value: string,
    stored: StoredValue,
    found: FoundItem | undefined,
    change: Change,
  ): Promise<void> {
    const old = found?.metadata;
    const next = await nextMetadata(value, stored.parts, old, found?.record, change);
    const oldParts = this.values.partsOf(found?.text);
    const used = [oldParts, stored.parts, next.previous?.parts];
    await this.#clean(old, used);
    await this.#write(key, found?.record ? { ...next, before: found.record } : next);
    await this.values.writeParts(stored);
    await this.put(this.service, key, stored.text);
    if (old?.staged) await this.keyring.delete(this.stagedService, key);
    if (oldParts && !refersTo([stored.parts, next.previous?.parts], oldParts)) {
      await this.values.removeParts(oldParts);
    }
  }

  /** Notes or forgets the value that a rotation is checking. */
  async writeStaged(
    key: string,
    found: FoundItem,
    staged: Metadata["staged"],
    salt: string,
  ): Promise<void> {
    const { staged: _, ...metadata } = found.metadata ?? { salt };
    await this.#write(key, staged === undefined ? metadata : { ...metadata, staged });
  }

  /** Deletes everything under a key; `false` if there was no value. */
  async remove(key: string): Promise<boolean> {
    this.#memory.forget(key);
    this.#indexed.delete(key);
    const [text, known] = await Promise.all([
      this.keyring.get(this.service, key),
      this.keyring.get(this.metadataService, key),
    ]);
    const metadata = parseMetadata(known);
    if (metadata !== undefined) {
      // Other secrets first: what is left behind when this is cut off can be deleted again.
      await this.keyring.delete(this.previousService, key);
      await this.keyring.delete(this.stagedService, key);
    }
    const deleted = await this.keyring.delete(this.service, key);
    const parts = [this.values.partsOf(text), ...references(metadata)];
    for (const reference of uniqueParts(parts)) await this.values.removeParts(reference);
    if (known !== undefined) await this.keyring.delete(this.metadataService, key);
    await this.index.remove(key);
    return deleted;
  }

  /** Deletes the value that a rotation replaced, when its time is over. */
  async purgePrevious(key: string, now: Date): Promise<boolean> {
    const metadata = parseMetadata(await this.keyring.get(this.metadataService, key));
    if (metadata?.previous === undefined || metadata.previous.until > now) return false;
    const { previous, ...rest } = metadata;
    await this.keyring.delete(this.previousService, key);
    if (previous.parts && !refersTo([rest.current?.parts, rest.before?.parts], previous.parts)) {
      await this.values.removeParts(previous.parts);
    }
    await this.#write(key, rest);
    return true;
  }

  /** Deletes what earlier changes left behind when they were cut off. */
  async #clean(
    old: Metadata | undefined,
    used: readonly (PartsReference | undefined)[],
  ): Promise<void> {
    for (const parts of uniqueParts(references(old))) {
      if (!refersTo(used, parts)) await this.values.removeParts(parts);
    }
  }

  async #write(key: string, metadata: Metadata): Promise<void> {
    this.#memory.forget(key);
    await this.keyring.set(this.metadataService, key, formatMetadata(metadata));
  }
}

/** The error of a key without a value. */
export function notFound(action: string, key: string): NotFoundError {
  return new NotFoundError(`${action}: there is no such credential`, {
    kind: "credential",
    id: key,
  });
}
