/**
 * Remembers metadata for a moment, so that reading a credential again takes one
 * program and not two. What is remembered holds only for the very same value, so
 * the worst that can happen is that a new expiry of an old value is seen late.
 *
 * @module
 */

import { randomText } from "./metadata.ts";

/** Milliseconds for which metadata is remembered. */
const MOMENT = 5_000;
const MOST_KEYS = 1_000;

/** Metadata of a key as it was read. */
interface RememberedMetadata {
  /** Checksum of the value it was read with; not the value, which would stay in memory. */
  check: string;
  /** Text of the metadata item, if there was one. */
  text: string | undefined;
}

/** The memory of one store. */
export class MetadataMemory {
  /** Salt of the checksums. */
  readonly salt: string = randomText();
  readonly #entries = new Map<string, RememberedMetadata & { at: number }>();

  /** What was read under a key a moment ago. */
  recall(key: string): RememberedMetadata | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || performance.now() - entry.at < MOMENT) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  /** Remembers what was just read. */
  remember(key: string, metadata: RememberedMetadata): void {
    if (this.#entries.size >= MOST_KEYS) this.#entries.clear();
    this.#entries.set(key, { ...metadata, at: performance.now() });
  }

  /** Forgets a key that changes. */
  forget(key: string): void {
    this.#entries.delete(key);
  }
}
