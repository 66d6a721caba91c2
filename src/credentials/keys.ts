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
export function checkKey(action: string, key: string): void {
  const problem = nameProblem(key) ??
    (key === INDEX_ACCOUNT ? "it is the name of the index" : undefined);
  if (problem !== undefined) {
    throw new InvalidDataError(`${action}: the key is not valid, ${problem}`);
  }
}

/**
 * Checks the name of a service.
 *
 * @throws {InvalidDataError} If items of this service could be mixed up with those of another.
 */
export function checkService(service: string): void {
  const problem = nameProblem(service) ??
    // Windows joins service and key with a colon.
    (service.includes(":") ? "it contains a colon" : undefined);
  if (problem === undefined) return;
  throw new InvalidDataError(
    `Cannot open the credentials of service ${
      JSON.stringify(service)
    }: the name is not valid, ${problem}`,
  );
}

/**
 * Checks the value of a credential; it is not shown.
 *
 * @throws {InvalidDataError} If it cannot be written as UTF-8.
 */
export function checkValue(action: string, value: string): void {
  if (value.isWellFormed()) return;
  throw new InvalidDataError(
    `${action}: the value is not valid text, it contains half of a surrogate pair`,
  );
}

/** Names a credential in the first words of an error message, also one with a bad key. */
export function keyAction(verb: string, key: string): string {
  return `Cannot ${verb} credential ${JSON.stringify(key)}`;
}

function nameProblem(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (CONTROL.test(name)) return "it contains a control character";
  if (!name.isWellFormed()) return "it contains half of a surrogate pair";
  return undefined;
}
