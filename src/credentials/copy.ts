/**
 * Moves credentials from one store to another, in memory.
 *
 * @module
 */

import type { CredentialStore } from "../domain/credential.ts";
import { AlreadyExistsError } from "../domain/errors.ts";
import { failed } from "./failures.ts";
import { type CredentialItems, notFound } from "./items.ts";
import { checkKey, checkKeys, keyAction } from "./keys.ts";
import type { MetadataRecord } from "./metadata.ts";

/** Options of `copyTo()`. */
export interface CopyOptions {
  /**
   * Keys to copy.
   *
   * @default {all}
   */
  keys?: readonly string[];
  /**
   * Replace other values under the same keys in the target.
   *
   * @default {false}
   */
  overwrite?: boolean;
  /** Called after each credential. */
  onProgress?: (progress: CopyProgress) => void;
}

/** How far `copyTo()` has come. */
export interface CopyProgress {
  /** Key of the credential that was just copied. */
  key: string;
  /** Credentials done. */
  done: number;
  /** Credentials to do. */
  total: number;
}

/** Result of `copyTo()`. */
export interface CopyResult {
  /** Keys that were stored in the target, each read back and compared. */
  copied: string[];
  /** Keys that had the same value in the target before. */
  unchanged: string[];
}

/** Where the credentials go. */
export interface CopyTarget {
  store: CredentialStore;
  /** Reads a value in the target, also an expired one. */
  read(key: string): Promise<string>;
  /** Stores a value in the target with what is known of it. */
  write(key: string, value: string, record: MetadataRecord | undefined): Promise<void>;
}

/** Copies credentials and reads each back; nothing is written before all conflicts are known. */
export async function copyCredentials(
  source: CredentialItems,
  target: CopyTarget,
  options: CopyOptions,
): Promise<CopyResult> {
  if (options.keys !== undefined) checkKeys("Cannot copy credentials", options.keys);
  const keys = [...new Set(options.keys ?? (await source.index.keys()).sort())];
  // Other programs may have stored what no store of this module can hold.
  for (const key of keys) checkKey(keyAction("copy", key), key);
  const found = await source.readMany(keys);
  const present = new Set(await target.store.list());
  const result: CopyResult = { copied: [], unchanged: [] };
  for (const key of keys) {
    const value = found.get(key)?.value;
    if (value === undefined) {
      throw notFound(keyAction("copy", key), key);
    }
    if (!present.has(key)) continue;
    if (await target.read(key) === value) result.unchanged.push(key);
    else if (!options.overwrite) {
      throw new AlreadyExistsError(
        `${
          keyAction("copy", key)
        }: the target has another value under this key, delete it or pass overwrite: true (--overwrite)`,
        { kind: "credential", id: key },
      );
    }
  }
  const unchanged = new Set(result.unchanged);
  for (const [index, key] of keys.entries()) {
    const item = found.get(key);
    if (item !== undefined && !unchanged.has(key)) {
      await target.write(key, item.value, item.record);
      if (await target.read(key) !== item.value) {
        throw failed(keyAction("copy", key), "the target returned another value than was stored");
      }
      result.copied.push(key);
    }
    options.onProgress?.({ key, done: index + 1, total: keys.length });
  }
  return result;
}
