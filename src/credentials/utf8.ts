/**
 * Text as UTF-8.
 *
 * @module
 */

/**
 * Decodes UTF-8; a byte order mark is part of the text.
 *
 * @throws {TypeError} If the bytes are something else.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Why a secret cannot be returned that is none. */
export const NOT_TEXT = "the value is not UTF-8 text, another program stored it";
