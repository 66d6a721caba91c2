/**
 * What the user is told when a command fails, and the exit code.
 *
 * @module
 */

import {
  AlreadyExistsError,
  ConflictError,
  DatabaseError,
  KeyringError,
  NotFoundError,
  PermissionDeniedError,
  StorageError,
} from "../domain/errors.ts";
import { systemReason } from "../file_errors.ts";
import { PROGRAM, UsageError } from "./command.ts";
import { ENTRIES } from "./commands.ts";
import { findCommand, usageLine } from "./help.ts";
import { BrokenPipeError, type Io, StreamError } from "./io.ts";
import { nearest } from "./nearest.ts";
import { visible } from "./text.ts";

/**
 * Tells the user why a command failed.
 *
 * @param error What it threw.
 * @param io Streams.
 * @param path The words of the command, as far as they were understood.
 * @returns The exit code.
 */
export async function reportFailure(
  error: unknown,
  io: Io,
  path: readonly string[],
): Promise<number> {
  // Whoever closes the pipe, such as "head", has seen enough.
  if (error instanceof BrokenPipeError) return 0;
  const lines = [visible(errorLine(error))];
  if (error instanceof UsageError) {
    const command = await findCommand(path);
    const meant = error.mistake && await suggestion(error.mistake, path);
    if (meant !== undefined) lines[0] += `, did you mean "${meant}"?`;
    // Two dashes begin an option that the command has not, rather than an id.
    else if (/^-[^-]/.test(error.mistake?.word ?? "") && command && "arguments" in command) {
      lines[0] += '; put "--" before an argument that begins with "-"';
    }
    lines.push(usageLine(path, command), helpHint(path));
  }
  io.stderr.write(`${lines.join("\n")}\n`);
  return exitCode(error);
}

/**
 * Returns the exit code for an error.
 *
 * @param error What a command threw.
 * @returns 1 failed, 2 wrong usage, 3 not found, 4 conflict, 5 permission missing,
 * 6 keyring locked or unavailable, 130 interrupted.
 */
export function exitCode(error: unknown): number {
  if (error instanceof UsageError) return 2;
  if (error instanceof NotFoundError) return 3;
  if (error instanceof ConflictError || error instanceof AlreadyExistsError) return 4;
  if (error instanceof PermissionDeniedError || error instanceof Deno.errors.NotCapable) return 5;
  if (error instanceof DatabaseError && error.code === "read-only") return 5;
  if (error instanceof KeyringError) {
    return error.reason === "locked" || error.reason === "unavailable" ? 6 : 1;
  }
  return isInterrupt(error) ? 130 : 1;
}

/**
 * Returns an error as one line for people: the message of an error that is
 * thrown on purpose, name and message of any other.
 *
 * @param error What was caught.
 * @returns One line.
 */
export function errorLine(error: unknown): string {
  if (error instanceof StorageError || error instanceof UsageError) return error.message;
  if (isInterrupt(error)) return error.message;
  if (error instanceof StreamError) return `${error.message}: ${systemReason(error.cause)}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function isInterrupt(error: unknown): error is DOMException {
  return error instanceof DOMException && error.name === "AbortError";
}

async function suggestion(
  { word, candidates }: NonNullable<UsageError["mistake"]>,
  path: readonly string[],
): Promise<string | undefined> {
  const near = nearest(word, candidates);
  if (near !== undefined || path.length > 0) return near;
  // "logs" for "execution logs"
  for (const entry of ENTRIES) {
    const loaded = await entry.load();
    if ("commands" in loaded && loaded.commands.some(({ name }) => name === word)) {
      return `${entry.name} ${word}`;
    }
  }
  return undefined;
}

function helpHint(path: readonly string[]): string {
  return `Try "${[PROGRAM, ...path, "--help"].join(" ")}"`;
}
