/**
 * Deno's permissions: asked for before an operation, so that no prompt ever
 * appears, and named in the error when one is missing.
 *
 * @module
 */

import { InvalidDataError, PermissionDeniedError } from "./domain/errors.ts";

/**
 * Throws unless every permission is granted. Never prompts.
 *
 * @param action What is about to be done, in the form `Cannot load workflow "a"`.
 * @param descriptors The permissions it needs.
 * @throws {PermissionDeniedError} If one is missing; `flag` grants it.
 */
export function requirePermissions(
  action: string,
  ...descriptors: Deno.PermissionDescriptor[]
): void {
  const missing = descriptors.filter((descriptor) =>
    Deno.permissions.querySync(descriptor).state !== "granted"
  );
  const [first] = missing;
  if (first === undefined) return;
  // One flag grants all that are of the same kind.
  const same = missing.filter(({ name }) => name === first.name).map(permissionResource);
  const resource = same.includes(undefined) ? undefined : same.join(",");
  const flag = resource === undefined
    ? `--allow-${first.name}`
    : `--allow-${first.name}=${resource}`;
  throw new PermissionDeniedError(
    `${action}: ${first.name} permission is missing, run again with ${flag}`,
    { resource: resource ?? first.name, flag },
  );
}

/**
 * Turns a refusal by the operating system into a {@linkcode PermissionDeniedError}.
 *
 * @param cause The error that was caught.
 * @param action What failed, in the form `Cannot save workflow "a"`.
 * @param resource The path or program that was refused.
 * @returns The error to throw, or `undefined` when the cause is something else.
 */
export function asPermissionDenied(
  cause: unknown,
  action: string,
  resource: string,
): PermissionDeniedError | undefined {
  if (cause instanceof PermissionDeniedError) return cause;
  if (cause instanceof Deno.errors.NotCapable) {
    // "Requires read access to "/x", run again with the --allow-read flag"
    const name = /--allow-([a-z]+)/.exec(cause.message)?.[1];
    // A driver asks for variables and hosts of which the caller need not know.
    const found = /^Requires (?:env|net) access to "([^"]+)"/.exec(cause.message)?.[1];
    const flag = name === undefined ? undefined : `--allow-${name}=${found ?? resource}`;
    const cure = flag === undefined ? "" : `, run again with ${flag}`;
    return new PermissionDeniedError(
      `${action}: Deno refused access to "${resource}"${cure}`,
      { resource, flag, cause },
    );
  }
  if (cause instanceof Deno.errors.PermissionDenied || isReadOnly(cause)) {
    return new PermissionDeniedError(
      `${action}: the system refused access to "${resource}", check its owner, its mode and that its file system is writable`,
      { resource, cause },
    );
  }
  return undefined;
}

/**
 * Reads a variable of the environment; the caller has seen to the permission.
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

/** Deno reports a read-only file system as a plain error with a code. */
function isReadOnly(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause &&
    (cause.code === "EROFS" || cause.code === "EPERM" || cause.code === "EACCES");
}

function permissionResource(descriptor: Deno.PermissionDescriptor): string | undefined {
  switch (descriptor.name) {
    case "read":
    case "write":
    case "ffi":
      return descriptor.path?.toString();
    case "run":
      return descriptor.command?.toString();
    case "env":
      return descriptor.variable;
    case "net":
    case "import":
      return descriptor.host;
    case "sys":
      return descriptor.kind;
  }
}

/**
 * As {@linkcode readVariable}, where it may be read.
 *
 * @param name Name of the variable.
 * @returns Its value, `undefined` if it is not set or may not be read.
 * @throws {InvalidDataError} If it is not UTF-8.
 */
export function readGrantedVariable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? readVariable(name) : undefined;
}
