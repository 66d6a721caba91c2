/**
 * The place of a page: opaque text that is tied to its query.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { SqlValue } from "./driver.ts";

/** A place between two runs. */
export interface Cursor {
  /** Whether the page holds the older runs or the newer ones. */
  direction: "older" | "newer";
  /** Instant of the run beside the place. */
  instant: bigint;
  /** Row of that run. */
  rowid: bigint;
}

/** Changes with the form of the text. */
const VERSION = 1;

/**
 * Writes a cursor.
 *
 * @param direction Which way the page goes.
 * @param instant Instant of the run beside the place.
 * @param rowid Row of that run.
 * @param filter What the query asks for.
 * @returns The text, fit for a URL.
 */
export function encodeCursor(
  direction: Cursor["direction"],
  instant: SqlValue | undefined,
  rowid: SqlValue | undefined,
  filter: string,
): string {
  const fields = [VERSION, direction === "older" ? 0 : 1, `${instant}`, `${rowid}`, hash(filter)];
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
 * @returns The place.
 * @throws {InvalidDataError} If the text is not a cursor of this query.
 */
export function decodeCursor(text: string, filter: string): Cursor {
  const [version, direction, instant = "", rowid = "", hashed] = decodeText(text).split("|");
  const isWhole = (digits: string) =>
    /^-?\d{1,19}$/.test(digits) && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);
  if (
    version !== String(VERSION) || !isWhole(instant) || !isWhole(rowid) ||
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
    rowid: BigInt(rowid),
  };
}

function decodeText(text: string): string {
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
