/**
 * The ways a keyring fails, each with its cure in the message.
 *
 * @module
 */

import { KeyringError, PermissionDeniedError } from "../domain/errors.ts";

/** Named by every error of a keyring that cannot be reached. */
const ALTERNATIVES =
  "or choose another keyring: VaultKeyring (an encrypted file, --keyring vault on the command line) or EnvironmentKeyring (variables of a CI job)";

const NOT_TEXT = "the value is not UTF-8 text, another program stored it";

/**
 * Describes what is about to be done with an item, to start an error message with.
 *
 * @param verb What is done, such as `read`.
 * @param service Service of the item.
 * @param account Account of the item.
 */
export function itemAction(verb: string, service: string, account: string): string {
  return `Cannot ${verb} credential "${account}" of service "${service}"`;
}

/** What {@linkcode itemAction} and the listings of the keyrings start messages with. */
const ITEM_ACTION = /^Cannot \w+ (?:credential ".*"|the credentials) of service "[^"]*"(?=: )/s;

/**
 * Runs an operation that takes several items; the errors of the keyring name the
 * operation and not the item.
 *
 * @param action What the operation does, in the form `Cannot set credential "a"`.
 * @param run The operation.
 */
export async function named<T>(action: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof KeyringError || error instanceof PermissionDeniedError)) throw error;
    const message = error.message.replace(ITEM_ACTION, () => action);
    if (message === error.message) throw error;
    const options = error.cause === undefined ? {} : { cause: error.cause };
    throw error instanceof KeyringError
      ? new KeyringError(message, { ...options, reason: error.reason })
      : new PermissionDeniedError(message, {
        ...options,
        resource: error.resource,
        flag: error.flag,
      });
  }
}

/** No keyring can be reached; `why` and `cure` end the message. */
export function unavailable(
  action: string,
  why: string,
  cure: string,
  cause?: unknown,
): KeyringError {
  return new KeyringError(
    `${action}: ${why}; ${cure}, ${ALTERNATIVES}`,
    { reason: "unavailable", ...(cause === undefined ? {} : { cause }) },
  );
}

/** The keyring must be unlocked first. */
export function locked(action: string, cure: string): KeyringError {
  return new KeyringError(`${action}: the keyring is locked; ${cure}`, { reason: "locked" });
}

/** The value does not fit into one item. Sizes in bytes. */
export function tooLarge(
  action: string,
  size: number,
  limit: number,
  system: string,
): KeyringError {
  // On macOS a long key leaves no room for a value.
  const why = limit > 0
    ? `the value takes ${size} bytes and ${system} holds at most ${limit} in one item; store less, or open the store with largeValues: "split"`
    : `the key is too long, ${system} has no room for a value beside it; use a shorter one`;
  return new KeyringError(`${action}: ${why}`, { reason: "too-large" });
}

/** The value does not even fit into the most items that one value may take. Sizes in bytes. */
export function tooLargeToSplit(action: string, size: number, limit: number): KeyringError {
  return new KeyringError(
    `${action}: the value takes ${size} bytes and a split value holds at most ${limit}; store less`,
    { reason: "too-large" },
  );
}

/** The program did not answer in time. */
export function timedOut(
  action: string,
  { path, timeout, delay }: { path: string; timeout: number; delay: string },
): KeyringError {
  return new KeyringError(
    `${action}: "${path}" did not answer within ${timeout} ms, most likely because ${delay}, or raise the "timeout" option`,
    { reason: "timeout" },
  );
}

/** The keyring, or the person who was asked, refused. */
export function denied(action: string, why: string, cure: string, resource: string): Error {
  return new PermissionDeniedError(`${action}: ${why}; ${cure}`, { resource });
}

/** The item is there, and its secret cannot be returned. */
export function notText(action: string): KeyringError {
  return failed(action, NOT_TEXT);
}

/** Whether an item is there that is no text. */
export function isNotText(error: unknown): boolean {
  return error instanceof KeyringError && error.message.endsWith(NOT_TEXT);
}

/** Anything else that the keyring reported. */
export function failed(action: string, why: string): KeyringError {
  return new KeyringError(`${action}: ${why}`, { reason: "failed" });
}
