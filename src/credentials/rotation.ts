/**
 * Rotation: the new value is stored beside the old one, checked, and then takes
 * its place by one write, so that there is a valid value whatever step is cut off.
 *
 * @module
 */

import { ConflictError, InvalidDataError, NotFoundError, StorageError } from "../domain/errors.ts";
import { removeStaged, replaceValue, writeStaged } from "./changes.ts";
import { named } from "./failures.ts";
import type { CredentialItems, FoundItem } from "./items.ts";
import { checkValue, keyAction, shown } from "./keys.ts";
import type { StoredValue } from "./large_values.ts";
import { checksum, randomText, recordOf } from "./metadata.ts";
import { putItem } from "./put_item.ts";
import { isMilliseconds, MOST_MILLISECONDS } from "./values.ts";

/** Options of a rotation. */
export interface RotateOptions {
  /**
   * Tries the new value, for example by logging in with it. The old value stays
   * in use if it throws or returns `false`.
   *
   * @default {no check}
   */
  verify?: (value: string) => void | boolean | Promise<void | boolean>;
  /**
   * How long the old value can still be asked for, in milliseconds; 0 for not at all.
   *
   * @default {86400000}
   */
  keepPrevious?: number;
  /** When the new value stops being valid. */
  expiresAt?: Date;
  /**
   * When the new value is due for rotation: a time, or milliseconds from each
   * rotation to the next.
   *
   * @default {the milliseconds given earlier}
   */
  rotateAfter?: Date | number;
}

/** The old value of a credential together with the new one that is being checked. */
interface Staged {
  found: FoundItem & { value: string };
  stored: StoredValue;
}

const DAY = 86_400_000;

/** Replaces the value of a credential after a check. */
export async function rotate(
  items: CredentialItems,
  key: string,
  next: string,
  options: RotateOptions,
): Promise<void> {
  const action = keyAction("rotate", key);
  checkValue(action, next);
  const { keepPrevious = DAY } = options;
  if (!isMilliseconds(keepPrevious)) {
    throw new InvalidDataError(
      `${action}: "keepPrevious" must be milliseconds, 0 to ${MOST_MILLISECONDS}, ` +
        `found ${shown(keepPrevious)}`,
    );
  }
  const staged = await items.locked(action, () => stage(items, action, key, next));
  try {
    if (await options.verify?.(next) === false) throw new StorageError("The check returned false");
  } catch (cause) {
    await items.locked(action, () => unstage(items, key, staged));
    throw new InvalidDataError(
      `${action}: the new value did not pass the check, the old one stays in use`,
      mentions(cause, next) ? {} : { cause },
    );
  }
  await items.locked(action, () => switchOver(items, action, key, next, staged, options));
}

/** Replaces the value of a credential by one that a provider makes. */
export async function rotateWith(
  items: CredentialItems,
  key: string,
  provider: (current: string) => string | Promise<string>,
  options: RotateOptions,
): Promise<void> {
  const action = keyAction("rotate", key);
  const staged = await named(action, () => stagedValue(items, key));
  if (staged !== undefined) {
    try {
      return await rotate(items, key, staged, options);
    } catch (cause) {
      // It is useless by now; any other error would meet the next value as well.
      if (!(cause instanceof InvalidDataError)) throw cause;
    }
  }
  const { value } = await items.read(action, key);
  await rotate(items, key, await provider(value), options);
}

/**
 * Returns the value that an earlier rotation was checking when it was cut off, if
 * it is still the one that is to replace the present value.
 */
async function stagedValue(
  items: CredentialItems,
  key: string,
): Promise<string | undefined> {
  const found = await items.find(key);
  const staged = found?.metadata?.staged;
  if (found?.metadata === undefined || found.value === undefined || staged === undefined) {
    return undefined;
  }
  const { salt } = found.metadata;
  if (await checksum(salt, found.value) !== staged.replaces) return undefined;
  const text = await items.keyring.get(items.stagedService, key);
  const value = text === undefined ? undefined : await items.values.assemble(key, text);
  if (value === undefined || await checksum(salt, value) !== staged.check) return undefined;
  return value;
}

/** Returns the value before the last rotation, as long as its time is not over. */
export async function previousValue(
  items: CredentialItems,
  key: string,
  now: Date,
): Promise<string | undefined> {
  const found = await items.find(key);
  const until = found?.metadata?.previous?.until;
  if (until === undefined || until <= now) return undefined;
  const text = await items.keyring.get(items.previousService, key);
  // Cut off before the switch, a rotation has noted the present value as the previous one.
  if (text === undefined || text === found?.text) return undefined;
  return await items.values.assemble(key, text);
}

/** Puts the value before the last rotation back; the present one takes its place. */
export async function rollBack(items: CredentialItems, key: string): Promise<void> {
  const action = keyAction("roll back", key);
  await items.locked(action, async () => {
    const found = await items.read(action, key);
    const value = await previousValue(items, key, new Date());
    const previous = found.metadata?.previous;
    if (value === undefined || previous === undefined) {
      throw new NotFoundError(`${action}: no previous value is kept`, {
        kind: "previous credential",
        id: key,
      });
    }
    const stored = await items.values.plan(key, value);
    const record = await recordOf(found.metadata, value);
    await replaceValue(items, key, value, stored, found, {
      expiresAt: record?.expires,
      previous: { until: previous.until, ...partsOf(items, found) },
    });
    await putItem(items.keyring, items.previousService, key, found.text);
  });
}

/** Stores the new value beside the old one, which proves that the keyring takes it. */
async function stage(
  items: CredentialItems,
  action: string,
  key: string,
  next: string,
): Promise<Staged> {
  const found = await items.read(action, key);
  const stored = await items.values.plan(key, next);
  const left = found.metadata?.staged?.parts;
  const salt = found.metadata?.salt ?? randomText();
  await writeStaged(items, key, found, {
    check: await checksum(salt, next),
    replaces: await checksum(salt, found.value),
    ...(stored.parts ? { parts: stored.parts } : {}),
  }, salt);
  // Cut off after the switch, a rotation has left the parts of the present value noted.
  if (left?.id !== items.values.partsOf(found.text)?.id) await items.values.removeParts(left);
  await items.values.writeParts(stored);
  await putItem(items.keyring, items.stagedService, key, stored.text);
  return { found, stored };
}

/** Takes a refused value away, unless somebody else has staged another one. */
async function unstage(items: CredentialItems, key: string, staged: Staged): Promise<void> {
  if (await items.keyring.get(items.stagedService, key) === staged.stored.text) {
    await removeStaged(items, key);
  }
  await items.values.removeParts(staged.stored.parts);
}

async function switchOver(
  items: CredentialItems,
  action: string,
  key: string,
  next: string,
  { found: before, stored }: Staged,
  { keepPrevious = DAY, expiresAt, rotateAfter }: RotateOptions,
): Promise<void> {
  const found = await items.read(action, key);
  const staged = await items.keyring.get(items.stagedService, key);
  if (found.text !== before.text || staged !== stored.text) {
    await unstage(items, key, { found: before, stored });
    throw new ConflictError(`${action}: somebody else changed it during the check, try again`, {
      expected: versionOf(before),
      actual: found.text === before.text ? "another rotation" : versionOf(found),
    });
  }
  const until = new Date(Date.now() + keepPrevious);
  if (keepPrevious > 0) await putItem(items.keyring, items.previousService, key, found.text);
  else await items.keyring.delete(items.previousService, key);
  const previous = keepPrevious > 0 ? { until, ...partsOf(items, found) } : null;
  await replaceValue(items, key, next, stored, found, { expiresAt, rotateAfter, previous });
}

function partsOf(items: CredentialItems, found: FoundItem) {
  const parts = items.values.partsOf(found.text);
  return parts === undefined ? {} : { parts };
}

function versionOf({ record }: FoundItem): string {
  return record === undefined ? "unknown version" : `version ${record.version}`;
}

/** Whether an error of the caller's check would carry the secret into logs, as it is or encoded. */
function mentions(cause: unknown, secret: string): boolean {
  if (secret === "") return false;
  let shown: string;
  try {
    shown = Deno.inspect(cause, {
      depth: 100,
      getters: true,
      iterableLimit: 10_000,
      strAbbreviateSize: Infinity,
    });
  } catch {
    return true;
  }
  if (shown.includes(secret)) return true;
  // Quotes and line ends look different in every kind of text.
  const texts = [shown, shown.replaceAll(/\\./gs, "")].map(lettersAndDigits);
  const forms = [secret, encodeURIComponent(secret), ...base64Forms(secret)];
  return forms.map(lettersAndDigits)
    .some((form) => form !== "" && texts.some((text) => text.includes(form)));
}

/** What base64 makes of a secret behind other text, such as the user's name and a colon. */
function base64Forms(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  return [0, 1, 2].map((before) => {
    const text = Uint8Array.from([...new Uint8Array(before), ...bytes]).toBase64();
    const whole = Math.floor((before + bytes.length) * 4 / 3);
    // The first and the last digit may hold bits of what is around.
    return text.slice(Math.ceil(before * 4 / 3), whole);
  }).filter((form) => form.length > 3);
}

function lettersAndDigits(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}]/gu, "");
}
