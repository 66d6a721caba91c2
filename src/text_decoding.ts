/**
 * Text as UTF-8.
 *
 * @module
 */

/**
 * Decodes UTF-8; a byte order mark is part of the text.
 *
 * @param bytes The bytes.
 * @returns The text.
 * @throws {TypeError} If the bytes are something else.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}
