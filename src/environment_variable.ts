/**
 * Variables of the environment.
 *
 * @module
 */

import { InvalidDataError } from "./domain/errors.ts";

/**
 * Reads a variable; the caller has seen to the permission.
 *
 * @param name Name of the variable.
 * @returns Its value, `undefined` if it is not set.
 * @throws {InvalidDataError} If it is not UTF-8; the message does not show it, as that of Deno does.
 */
export function readVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.InvalidData)) throw cause;
    throw new InvalidDataError(`Cannot read variable "${name}": its value is not UTF-8 text`);
  }
}
