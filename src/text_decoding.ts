/**
 * Text as UTF-8.
 *
 * @module
 */

import { InvalidDataError } from "./domain/errors.ts";

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

/**
 * Decodes what a file holds, as {@linkcode decodeUtf8} does.
 *
 * @param bytes The bytes.
 * @param action What is being done, in the form `Cannot load workflow "a"`.
 * @param path The file.
 * @returns The text.
 * @throws {InvalidDataError} If the bytes are something else.
 */
export function decodeFile(bytes: Uint8Array, action: string, path: string): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new InvalidDataError(`${action}: the file is not UTF-8 text`, { path, cause });
  }
}
