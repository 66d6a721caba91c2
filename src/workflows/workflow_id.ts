/**
 * Ids that can be file names on every system.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";

/** Longest id, in bytes of UTF-8; leaves room for the extension and for temporary names. */
const LONGEST_ID = 200;
/** Devices of Windows, also with an extension, in lower case. */
const DEVICES: ReadonlySet<string> = new Set([
  ...["con", "prn", "aux", "nul"],
  ...[..."0123456789¹²³"].flatMap((digit) => [`com${digit}`, `lpt${digit}`]),
]);
/** Control characters: all but the ranges between them; for `\p{Cc}` the engine would load Unicode. */
const CONTROL = /[^ -~\xa0-\uffff]/;

/**
 * Tells why an id cannot be a file name.
 *
 * @param id The id.
 * @returns What is wrong and what is wanted, or `undefined` when it is fine.
 */
export function idProblem(id: string): string | undefined {
  if (typeof id !== "string" || id === "") return "the id must not be empty";
  if (id.includes("/") || id.includes("\\")) {
    return 'the id must be a single file name without "/" and "\\"';
  }
  if (id.startsWith(".")) return 'the id must not start with "."';
  if (CONTROL.test(id)) return "the id must not hold control characters";
  if (!id.isWellFormed()) return "the id must be well-formed Unicode text";
  if (id.endsWith(".") || id.trimEnd() !== id) return 'the id must not end with a blank or "."';
  // On Windows, "a:b" would be a hidden stream of the file "a".
  if (Deno.build.os === "windows" && /[<>:"|?*]/.test(id)) {
    return 'the id must not hold any of < > : " | ? * on this system';
  }
  if (DEVICES.has(id.split(".", 1)[0]!.toLowerCase())) {
    return "the id is the name of a Windows device, use another one";
  }
  if (id.length * 3 > LONGEST_ID && new TextEncoder().encode(id).length > LONGEST_ID) {
    return `the id must not be longer than ${LONGEST_ID} bytes of UTF-8`;
  }
  return undefined;
}

/**
 * Throws unless an id can be a file name.
 *
 * @param id The id.
 * @param action What is about to be done, in the form `Cannot load workflow "a"`.
 * @throws {InvalidDataError} If it cannot.
 */
export function requireId(id: string, action: string): void {
  const problem = idProblem(id);
  if (problem !== undefined) throw new InvalidDataError(`${action}: ${problem}`);
}

/** Folds what a file system that ignores case, or the form of Unicode, holds for the same name. */
export function foldId(id: string): string {
  return id.normalize("NFC").toLowerCase();
}
