/**
 * Programs that the user names.
 *
 * @module
 */

import { NotFoundError } from "../domain/errors.ts";
import { asPermissionDenied, requirePermissions } from "../permissions.ts";

/**
 * Starts a program.
 *
 * @param action What for, in the form `Cannot start the editor "vi"`.
 * @param program The program.
 * @param options Its arguments and streams.
 * @param cure What to do where there is no such program.
 * @returns The process.
 * @throws {NotFoundError} If there is no such program.
 * @throws {PermissionDeniedError} If it may not be run.
 */
export function startProgram(
  action: string,
  program: string,
  options: Deno.CommandOptions,
  cure?: string,
): Deno.ChildProcess {
  requirePermissions(action, { name: "run", command: program });
  try {
    return new Deno.Command(program, options).spawn();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) {
      throw asPermissionDenied(cause, action, program) ?? cause;
    }
    const hint = cure === undefined ? "" : `, ${cure}`;
    throw new NotFoundError(`${action}: there is no such program${hint}`, {
      kind: "program",
      id: program,
      cause,
    });
  }
}
