/**
 * Which names and values a credential may have.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";

/** Account of the index that Go's credential store reads; no credential. */
export const INDEX_ACCOUNT = "__goflow_index__";

const CONTROL = /\p{Cc}/u;

/**
 * Checks the key of a credential.
 *
 * @throws {InvalidDataError} If no credential can have this key.
 */
export function checkKey(action: string, key: unknown): void {
  const problem = nameProblem(key) ??
    (key === INDEX_ACCOUNT ? "it is the name of the index" : undefined);
  if (problem !== undefined) {
    throw new InvalidDataError(`${action}: the key is not valid, ${problem}`);
  }
}

/**
 * Checks the keys of several credentials.
 *
 * @throws {InvalidDataError} If they are no list, or no credential can have one of them.
 */
export function checkKeys(action: string, keys: unknown): void {
  if (!Array.isArray(keys)) {
    throw new InvalidDataError(
      `${action}: "keys" must be an array of texts, found ${kindOf(keys)}`,
    );
  }
  for (const key of keys) checkKey(keyAction("read", key), key);
}

/**
 * Checks the name of a service.
 *
 * @throws {InvalidDataError} If items of this service could be mixed up with those of another.
 */
export function checkService(service: unknown): void {
  const problem = nameProblem(service) ??
    // Windows joins service and key with a colon.
    (String(service).includes(":") ? "it contains a colon" : undefined);
  if (problem === undefined) return;
  throw new InvalidDataError(
    `Cannot open the credentials of service ${quoted(service)}: the name is not valid, ${problem}`,
  );
}

/**
 * Checks the value of a credential; it is not shown.
 *
 * @throws {InvalidDataError} If it is no text, or cannot be written as UTF-8.
 */
export function checkValue(action: string, value: unknown): void {
  if (typeof value !== "string") {
    throw new InvalidDataError(
      `${action}: the value must be text, found ${kindOf(value)}; setStructured() stores others`,
    );
  }
  if (value.isWellFormed()) return;
  throw new InvalidDataError(
    `${action}: the value is not valid text, it contains half of a surrogate pair`,
  );
}

/** Names a credential in the first words of an error message, also one with a bad key. */
export function keyAction(verb: string, key: unknown): string {
  return `Cannot ${verb} credential ${quoted(key)}`;
}

/** A name for a message; what is no text may be a secret in the wrong place. */
export function quoted(name: unknown): string {
  return typeof name === "string" ? JSON.stringify(name) : `(${kindOf(name)})`;
}

/** What was found in place of a number or a time; a text may be a secret in the wrong place. */
export function shown(value: unknown): string {
  if (value instanceof Date) return isNaN(value.getTime()) ? "an invalid date" : "a date";
  return typeof value === "number" ? String(value) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function nameProblem(name: unknown): string | undefined {
  if (typeof name !== "string") return `it must be text, found ${kindOf(name)}`;
  if (name === "") return "it is empty";
  if (CONTROL.test(name)) return "it contains a control character";
  if (!name.isWellFormed()) return "it contains half of a surrogate pair";
  return undefined;
}
