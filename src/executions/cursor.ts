/**
 * The place of a page: opaque text that is tied to its query.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";

/** A place between two runs. */
export interface Cursor {
  /** Whether the page holds the older runs or the newer ones. */
  direction: "older" | "newer";
  /** Instant of the run beside the place. */
  instant: bigint;
  /** What orders runs of the same instant: in SQLite the row of that run. */
  place: string;
}

/** Changes with the form of the text. */
const VERSION = 1;

/**
 * Writes a cursor.
 *
 * @param direction Which way the page goes.
 * @param beside Instant of the run beside the place, and what orders runs of the same instant.
 * @param filter What the query asks for.
 * @returns The text, fit for a URL.
 */
export function encodeCursor(
  direction: Cursor["direction"],
  { instant, place }: Pick<Cursor, "instant" | "place">,
  filter: string,
): string {
  const fields = [
    VERSION,
    direction === "older" ? 0 : 1,
    `${instant}`,
    encodeURIComponent(place),
    hash(filter),
  ];
  return new TextEncoder().encode(fields.join("|")).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

/**
 * Reads a cursor.
 *
 * @param text The text.
 * @param filter What the query asks for.
 * @param isPlace Whether a place is one of this backend.
 * @returns The place.
 * @throws {InvalidDataError} If the text is not a cursor of this query.
 */
export function decodeCursor(
  text: string,
  filter: string,
  isPlace: (place: string) => boolean,
): Cursor {
  const [version, direction, instant = "", encoded = "", hashed] = decodeText(text).split("|");
  const place = decodePlace(encoded);
  if (
    version !== String(VERSION) || !isInt64(instant) || !isPlace(place) ||
    (direction !== "0" && direction !== "1")
  ) {
    throw new InvalidDataError(
      `Cannot list executions: "${text}" is not a cursor, wanted is one of a page of this query`,
    );
  }
  if (hashed !== hash(filter)) {
    throw new InvalidDataError(
      "Cannot list executions: the cursor belongs to another query, " +
        "wanted is one of a page with the same filters",
    );
  }
  return {
    direction: direction === "0" ? "older" : "newer",
    instant: BigInt(instant),
    place,
  };
}

/** Whether a text is a whole number of 64 bits. */
export function isInt64(digits: string): boolean {
  return /^-?\d{1,19}$/.test(digits) && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);
}

function decodePlace(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch (error) {
    if (error instanceof URIError) return "";
    throw error;
  }
}

function decodeText(text: string): string {
  if (typeof text !== "string") return "";
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(text, { alphabet: "base64url" }));
  } catch (error) {
    if (error instanceof SyntaxError) return "";
    throw error;
  }
}

/** FNV-1a with 32 bits: it finds mistakes, it does not keep secrets. */
function hash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (hash >>> 0).toString(36);
}
