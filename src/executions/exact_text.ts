/**
 * Texts that are not UTF-8, which Go and other programs may have stored: the
 * libraries read them with U+FFFD in place of some bytes.
 *
 * @module
 */

import { decodeUtf8 } from "../text_decoding.ts";
import type { Row, SqlValue } from "./driver.ts";

/**
 * Puts the bytes in place of texts that are not UTF-8.
 *
 * @param rows The rows.
 * @param readBytes Reads the same rows once more, with the columns of {@linkcode bytesSql}.
 * @returns The rows as they are stored.
 */
export function withExactTexts(rows: Row[], readBytes: () => readonly Row[]): Row[] {
  if (!rows.some((row) => row.some(isSuspect))) return rows;
  const bytes = readBytes();
  return rows.map((row, i) =>
    row.map((value, j) => {
      const stored = isSuspect(value) ? bytes[i]?.[j] : undefined;
      return stored instanceof Uint8Array && !isUtf8(stored) ? stored : value;
    })
  );
}

/** What runs and their parts are found by: bytes would be found by no text. */
const KEYS: ReadonlySet<string> = new Set(["id", "execution_id", "node_execution_id"]);

/**
 * Returns the columns that hold the bytes of texts, but for ids, which stay texts.
 *
 * @param columns Names of the columns.
 * @returns What to select.
 */
export function bytesSql(columns: readonly string[]): string[] {
  return columns.map((column) => KEYS.has(column) ? column : `CAST(${column} AS BLOB)`);
}

/** U+FFFD may also be what is stored. */
function isSuspect(value: SqlValue): boolean {
  return typeof value === "string" && value.includes("\ufffd");
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    decodeUtf8(bytes);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
