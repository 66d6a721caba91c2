/**
 * The items behind one credential: its value, parts, metadata, previous and staged
 * value; how they are found and read.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { NotFoundError } from "../domain/errors.ts";
import { isNotText, named } from "./failures.ts";
import { CredentialIndex } from "./index_item.ts";
import { keyAction } from "./keys.ts";
import { LargeValues } from "./large_values.ts";
import { readEach, readMany } from "./read_many.ts";
import { withKeyringLock } from "./lock.ts";
import { MetadataMemory } from "./metadata_memory.ts";
import {
  checksum,
  type Metadata,
  type MetadataRecord,
  parseMetadata,
  recordOf,
} from "./metadata.ts";
import { settled } from "./settled.ts";

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

/** Items of one service. What changes them runs under {@linkcode locked}. */
export class CredentialItems {
  readonly keyring: Keyring;
  readonly service: string;
  readonly index: CredentialIndex;
  readonly values: LargeValues;
  readonly memory = new MetadataMemory();
  readonly #options: ItemsOptions;

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

  /** Reads the text of the metadata item of a key; most keys have none. */
  async readMetadata(key: string): Promise<string | undefined> {
    return (await this.#readMetadata([key])).get(key);
  }

  /** An item that is no text is there, and is no metadata. */
  async #readMetadata(keys: readonly string[]): Promise<Map<string, string>> {
    try {
      return await readMany(this.keyring, this.metadataService, keys);
    } catch (error) {
      if (!isNotText(error)) throw error;
      if (keys.length === 1) return new Map([[keys[0]!, ""]]);
      return await readEach(keys, (key) => this.readMetadata(key));
    }
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
      const memory = recent ? this.memory.recall(key) : undefined;
      const [text, read] = await settled([
        this.keyring.get(this.service, key),
        memory ? undefined : this.readMetadata(key),
      ]);
      if (text === undefined) return undefined;
      const value = await this.values.assemble(key, text);
      // Without its parts, the value was replaced after its header was read, or is damaged.
      if (value === undefined && attempt < 3) continue;
      const check = await checksum(this.memory.salt, value ?? "");
      const known = memory === undefined
        ? read
        : memory.check === check
        ? memory.text
        : await this.readMetadata(key);
      if (memory?.check !== check) this.memory.remember(key, { check, text: known });
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
    const [texts, known] = await settled([
      readMany(this.keyring, this.service, keys),
      this.#readMetadata(keys),
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
}

/** The error of a key without a value. */
export function notFound(action: string, key: string): NotFoundError {
  return new NotFoundError(
    `${action}: there is no such credential, store one under this key first`,
    {
      kind: "credential",
      id: key,
    },
  );
}
