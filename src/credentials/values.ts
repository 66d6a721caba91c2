/**
 * Checks and conversions of what goes into a credential store and comes out of it.
 *
 * @module
 */

import { CredentialExpiredError, InvalidDataError } from "../domain/errors.ts";
import { decodeJson, encodeJson } from "../domain/json.ts";
import type { FoundItem } from "./items.ts";
import { shown } from "./keys.ts";
import type { GetOptions, SetOptions } from "./options.ts";

/**
 * Returns a value unless it is expired.
 *
 * @throws {CredentialExpiredError} If it is past its expiry and that was not allowed for.
 */
export function valueOf(
  action: string,
  key: string,
  { value, record }: FoundItem & { value: string },
  { allowExpired = false }: GetOptions,
): string {
  const expiresAt = record?.expires;
  if (expiresAt === undefined || allowExpired || !isExpired({ record })) return value;
  throw new CredentialExpiredError(
    `${action}: it expired at ${expiresAt.toISOString()}, set or rotate it, or pass allowExpired: true (--allow-expired)`,
    { key, expiresAt },
  );
}

/** Whether a value is past its expiry. */
export function isExpired({ record }: Pick<FoundItem, "record">): boolean {
  return record?.expires !== undefined && record.expires.getTime() <= Date.now();
}

/** More milliseconds lead to no date any more. */
export const MOST_MILLISECONDS = 1e15;

/** Whether a value is a number of milliseconds from 0 that can be added to the present time. */
export function isMilliseconds(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MOST_MILLISECONDS;
}

/**
 * Returns the times among options.
 *
 * @throws {InvalidDataError} If one is not valid.
 */
export function checkTimes(action: string, { expiresAt, rotateAfter }: SetOptions): SetOptions {
  for (const [name, time] of Object.entries({ expiresAt, rotateAfter })) {
    const valid = time === undefined ||
      (time instanceof Date
        ? !Number.isNaN(time.getTime())
        : name === "rotateAfter" && time !== 0 && isMilliseconds(time));
    if (!valid) {
      const wanted = name === "rotateAfter"
        ? `a valid date or milliseconds over 0, at most ${MOST_MILLISECONDS}`
        : "a valid date";
      throw new InvalidDataError(`${action}: "${name}" must be ${wanted}, found ${shown(time)}`);
    }
  }
  return { ...(expiresAt ? { expiresAt } : {}), ...(rotateAfter ? { rotateAfter } : {}) };
}

/**
 * Writes a structured value as JSON.
 *
 * @throws {InvalidDataError} If that is not possible; the value is not shown.
 */
export function toJson(action: string, value: unknown): string {
  const text = encode(action, value);
  if (text !== undefined) return text;
  throw new InvalidDataError(
    `${action}: JSON cannot represent the value; use texts, finite numbers, booleans, null, and arrays and plain objects of them`,
  );
}

/**
 * Reads a structured value.
 *
 * @throws {InvalidDataError} If it is not JSON; it is not shown.
 */
export function fromJson<T>(action: string, text: string): T {
  try {
    return decodeJson(text) as T;
  } catch {
    // The parser's message quotes the text.
    throw new InvalidDataError(`${action}: the value is not JSON`);
  }
}

function encode(action: string, value: unknown): string | undefined {
  try {
    return encodeJson(value, action, "value");
  } catch {
    // Messages name keys of the value, and may come from the value itself.
    return undefined;
  }
}
