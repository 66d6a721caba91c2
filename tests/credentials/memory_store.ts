/**
 * Stores over a keyring in memory, and times around now.
 *
 * @module
 */

import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import type { Keyring } from "../../src/domain/credential.ts";

/** Milliseconds. */
export const DAY = 86_400_000;

/** A time in the past. */
export const ago = (milliseconds: number): Date => new Date(Date.now() - milliseconds);

/** A time in the future. */
export const ahead = (milliseconds: number): Date => new Date(Date.now() + milliseconds);

/** Opens a store. */
export async function openStore(
  keyring: Keyring = new MemoryKeyring(),
  largeValues: "refuse" | "split" = "refuse",
): Promise<KeyringCredentialStore> {
  return await KeyringCredentialStore.open({ keyring, largeValues });
}
