// Part of the stand-in for `@std/assert`: functions that must throw or reject.

import { AssertionError } from "./assertion_error.ts";
import { assertIsError } from "./mod.ts";

/** The genuine package takes any parameters here, which is stricter than to take `never`. */
type Any = ReturnType<typeof JSON.parse>;
type ErrorType<E> = abstract new (...args: Any[]) => E;

/** The function throws; returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorType<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  classOrMsg?: ErrorType<E> | string,
  msgIncludes?: string,
  msg = typeof classOrMsg === "string" ? classOrMsg : undefined,
): unknown {
  try {
    fn();
  } catch (error) {
    return checked(
      error,
      classOrMsg,
      msgIncludes,
      msg,
      "A non-Error object was thrown",
    );
  }
  throw new AssertionError(
    `Expected function to throw${msg ? `: ${msg}` : "."}`,
  );
}

/** The function returns a promise that rejects; resolves to what it rejected with. */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorType<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorType<E> | string,
  msgIncludes?: string,
  msg = typeof classOrMsg === "string" ? classOrMsg : undefined,
): Promise<unknown> {
  const suffix = msg ? `: ${msg}` : ".";
  const promise = started(fn, suffix);
  try {
    await promise;
  } catch (error) {
    return checked(
      error,
      classOrMsg,
      msgIncludes,
      msg,
      "A non-Error object was rejected",
    );
  }
  throw new AssertionError(`Expected function to reject${suffix}`);
}

/** A function that throws, or returns no promise, does not reject. */
function started(
  fn: () => PromiseLike<unknown>,
  suffix: string,
): PromiseLike<unknown> {
  const message = `Function throws when expected to reject${suffix}`;
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (cause) {
    throw new AssertionError(message, { cause });
  }
  if (typeof promise !== "object" || typeof promise?.then !== "function") {
    throw new AssertionError(message);
  }
  return promise;
}

function checked<E extends Error>(
  error: unknown,
  classOrMsg: ErrorType<E> | string | undefined,
  msgIncludes: string | undefined,
  msg: string | undefined,
  notAnError: string,
): unknown {
  if (typeof classOrMsg !== "function") return error;
  if (!(error instanceof Error)) {
    throw new AssertionError(`${notAnError}${msg ? `: ${msg}` : "."}`);
  }
  assertIsError(error, classOrMsg, msgIncludes, msg);
  return error;
}
