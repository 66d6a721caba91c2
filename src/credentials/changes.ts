/**
 * The order in which the items of a credential change: whatever step is cut off,
 * the credential has its old or its new value. The caller holds the lock.
 *
 * @module
 */

import { KeyringError } from "../domain/errors.ts";
import type { CredentialItems, FoundItem } from "./items.ts";
import type { StoredValue } from "./large_values.ts";
import {
  type Change,
  checksum,
  formatMetadata,
  type Metadata,
  nextMetadata,
  parseMetadata,
  type PartsReference,
  references,
  refersTo,
  uniqueParts,
} from "./metadata.ts";
import { putItem } from "./put_item.ts";
import { settled } from "./settled.ts";

/**
 * Stores or replaces a value.
 *
 * @throws {AlreadyExistsError} If the keyring takes the key for another one that exists.
 */
export async function setValue(
  items: CredentialItems,
  action: string,
  key: string,
  value: string,
  change: Change,
): Promise<void> {
  const { index, keyring, service } = items;
  const stored = await items.values.plan(key, value);
  await index.refuseOtherCase(action, key);
  const plain = Object.values(change).every((field) => field === undefined);
  if (!plain || stored.parts !== undefined) {
    const [found, text] = await settled([findOld(items, key), index.read()]);
    await replaceValue(items, key, value, stored, found, change);
    return await index.add(key, text);
  }
  items.memory.forget(key);
  // Nothing has to be known before the value is there, so this goes on at once.
  const indexed = index.seen(key);
  const [known, text] = await settled([
    unlessDamaged(items.readMetadata(key)),
    indexed ? undefined : index.read(),
    keyring.set(service, key, value),
  ]);
  const [existed] = await settled([
    keyring.verify?.(service, key, value),
    indexed ? undefined : index.add(key, text),
  ]);
  // Somebody may have deleted it, with its entry, since it was indexed.
  if (indexed && existed !== true) await index.add(key, await index.read());
  const metadata = parseMetadata(known);
  if (metadata === undefined) {
    const check = await checksum(items.memory.salt, value);
    return items.memory.remember(key, { check, text: known });
  }
  const next = await nextMetadata(value, stored.parts, metadata, metadata.current, change);
  await removeLeftovers(items, metadata, [next.previous?.parts]);
  if (metadata.staged) await deleteStaged(items, key, next);
  await writeMetadata(items, key, next);
}

/**
 * Replaces a value together with its metadata. The metadata goes first and knows
 * both values, so that it is right before and after the value itself changes.
 */
export async function replaceValue(
  items: CredentialItems,
  key: string,
  value: string,
  stored: StoredValue,
  found: FoundItem | undefined,
  change: Change,
): Promise<void> {
  const { keyring, values } = items;
  const old = found?.metadata;
  const next = await nextMetadata(value, stored.parts, old, found?.record, change);
  const oldParts = values.partsOf(found?.text);
  const used = [oldParts, stored.parts, next.previous?.parts];
  await removeLeftovers(items, old, used);
  const written = found?.record ? { ...next, before: found.record } : next;
  // Until it is deleted, a staged value stays noted.
  await writeMetadata(items, key, old?.staged ? { ...written, staged: old.staged } : written);
  await values.writeParts(stored);
  await putItem(keyring, items.service, key, stored.text);
  if (old?.staged) {
    await deleteStaged(items, key, next);
    await writeMetadata(items, key, written);
  }
  if (oldParts && !refersTo([stored.parts, next.previous?.parts], oldParts)) {
    await values.removeParts(oldParts);
  }
}

/** Notes the value that a rotation is going to check. */
export async function writeStaged(
  items: CredentialItems,
  key: string,
  found: FoundItem,
  staged: NonNullable<Metadata["staged"]>,
  salt: string,
): Promise<void> {
  await writeMetadata(items, key, { ...found.metadata, salt, staged });
}

/** Deletes and forgets the value that a rotation was checking. */
export async function removeStaged(items: CredentialItems, key: string): Promise<void> {
  const metadata = parseMetadata(await items.readMetadata(key));
  await deleteStaged(items, key, metadata);
  if (metadata === undefined) return;
  const { staged: _, ...rest } = metadata;
  await writeMetadata(items, key, rest);
}

/** Deletes everything under a key; `false` if there was no value. */
export async function removeValue(items: CredentialItems, key: string): Promise<boolean> {
  const { keyring, values } = items;
  items.memory.forget(key);
  const [text, known] = await settled([
    unlessDamaged(keyring.get(items.service, key)),
    // What cannot be read may be there, with other secrets beside it.
    unlessDamaged(items.readMetadata(key), ""),
  ]);
  const metadata = parseMetadata(known);
  if (known !== undefined) {
    // Other secrets first: what is left behind when this is cut off can be deleted again.
    await keyring.delete(items.previousService, key);
    await keyring.delete(items.stagedService, key);
  }
  const deleted = await keyring.delete(items.service, key);
  const parts = [values.partsOf(text), ...references(metadata)];
  for (const reference of uniqueParts(parts)) await values.removeParts(reference);
  if (known !== undefined) await keyring.delete(items.metadataService, key);
  await items.index.remove(key);
  return deleted;
}

/** Deletes the value that a rotation replaced, when its time is over. */
export async function purgePrevious(
  items: CredentialItems,
  key: string,
  now: Date,
): Promise<boolean> {
  const metadata = parseMetadata(await items.readMetadata(key));
  if (metadata?.previous === undefined || metadata.previous.until > now) return false;
  const { previous, ...rest } = metadata;
  await items.keyring.delete(items.previousService, key);
  if (previous.parts && !refersTo([rest.current?.parts, rest.before?.parts], previous.parts)) {
    await items.values.removeParts(previous.parts);
  }
  await writeMetadata(items, key, rest);
  return true;
}

/** Deletes a staged value, and a previous one that a rotation stored but did not come to note. */
async function deleteStaged(
  items: CredentialItems,
  key: string,
  metadata: Metadata | undefined,
): Promise<void> {
  await items.keyring.delete(items.stagedService, key);
  if (metadata?.previous === undefined) await items.keyring.delete(items.previousService, key);
}

/** Deletes what earlier changes left behind when they were cut off. */
async function removeLeftovers(
  items: CredentialItems,
  old: Metadata | undefined,
  used: readonly (PartsReference | undefined)[],
): Promise<void> {
  for (const parts of uniqueParts(references(old))) {
    if (!refersTo(used, parts)) await items.values.removeParts(parts);
  }
}

async function writeMetadata(
  items: CredentialItems,
  key: string,
  metadata: Metadata,
): Promise<void> {
  items.memory.forget(key);
  await items.keyring.set(items.metadataService, key, formatMetadata(metadata));
}

/** Finds what is about to be replaced; its value need not be readable. */
async function findOld(items: CredentialItems, key: string): Promise<FoundItem | undefined> {
  try {
    return await items.find(key);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const known = await unlessDamaged(items.readMetadata(key));
    return { text: "", value: undefined, metadata: parseMetadata(known), record: undefined };
  }
}

/** What is about to be replaced or deleted need not be readable. */
async function unlessDamaged(
  reading: Promise<string | undefined>,
  otherwise?: string,
): Promise<string | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isDamage(error)) return otherwise;
    throw error;
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof KeyringError && error.reason === "failed";
}
