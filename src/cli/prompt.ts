/**
 * Questions to the person at the terminal, and input from a pipe.
 *
 * @module
 */

import { StorageError } from "../domain/errors.ts";
import { decodeUtf8 } from "../text_decoding.ts";
import { UsageError } from "./command.ts";
import { type Context, interruption, INTERRUPTS, onSignals } from "./context.ts";
import type { Source } from "./io.ts";
import { visible } from "./text.ts";

/**
 * Shows what is about to be destroyed and asks whether to go on, unless `--yes`
 * was given.
 *
 * @param context The call of a destructive command.
 * @param plan What will be done, in the form `Delete workflow "a"`.
 * @returns Whether to go on; `false` on `--dry-run`.
 * @throws {UsageError} If nobody can be asked.
 * @throws {StorageError} If the answer is no.
 */
export async function confirmed(context: Context, plan: string): Promise<boolean> {
  if (context.flag("dry-run")) {
    context.note(`${visible(plan)}\nNothing was done, as --dry-run was given`);
    return false;
  }
  if (context.flag("yes")) return true;
  await confirm(context, plan, "pass --yes");
  return true;
}

/**
 * Asks whether to go on.
 *
 * @param context The call.
 * @param plan What will be done.
 * @param otherwise What to do where nobody can be asked.
 * @param refused What an answer of no comes to.
 * @throws {UsageError} If nobody can be asked.
 * @throws {StorageError} If the answer is no.
 */
export async function confirm(
  context: Context,
  plan: string,
  otherwise: string,
  refused = "Nothing was done",
): Promise<void> {
  const { stdin, stderr } = context.io;
  if (!stdin.isTerminal) {
    throw new UsageError(
      `Cannot ask "${plan}?": standard input is not a terminal, ${otherwise}`,
    );
  }
  stderr.write(`${visible(plan)}? [y/N] `);
  const answer = await readLine(stdin);
  if (!/^y(es)?$/i.test(answer.trim())) throw new StorageError(refused);
}

/**
 * Reads a secret: all of standard input, without one line end, on `--stdin`;
 * otherwise typed at the terminal, without echo.
 *
 * @param context The call of a command with the option `stdin`.
 * @param prompt What to ask for.
 * @returns The secret.
 * @throws {UsageError} If there is neither `--stdin` nor a terminal, or nothing at all on `--stdin`.
 */
export async function readSecret(context: Context, prompt: string): Promise<string> {
  if (context.flag("stdin")) {
    const text = await readAll(context.io.stdin);
    // As behind a program that failed; the empty value is a line end.
    if (text === "") throw new UsageError("Standard input is empty, nothing was changed");
    return text.replace(/\r?\n$/, "");
  }
  return await typeSecret(context, prompt, "pass --stdin to read the value from it");
}

/**
 * Lets a person type a secret, without echo.
 *
 * @param context The call.
 * @param prompt What to ask for.
 * @param otherwise What to do where nobody can be asked.
 * @returns The secret.
 * @throws {UsageError} If nobody can be asked.
 * @throws {DOMException} If the person gives up with Ctrl-C.
 */
export async function typeSecret(
  context: Context,
  prompt: string,
  otherwise: string,
): Promise<string> {
  const { stdin, stderr } = context.io;
  if (!stdin.isTerminal) {
    throw new UsageError(
      `Cannot ask for "${prompt}": standard input is not a terminal, ${otherwise}`,
    );
  }
  const stopped = Promise.withResolvers<never>();
  // Otherwise the terminal would go on hiding what is typed.
  const forget = onSignals(SIGNALS, () => stopped.reject(interruption()));
  // Off before the prompt: whoever types fast must not be seen either.
  stdin.setRaw(true);
  try {
    stderr.write(`${visible(prompt)}: `);
    return await Promise.race([readKeys(stdin), stopped.promise]);
  } finally {
    stdin.setRaw(false);
    forget();
    stderr.write("\n");
  }
}

/** What ends the process; also that the terminal is gone, which another may use further. */
const SIGNALS: readonly Deno.Signal[] = [
  ...INTERRUPTS,
  ...Deno.build.os === "windows" ? [] : ["SIGHUP" as const],
];

/** What was read to its end, and would be empty the next time. */
const finished = new WeakSet<Source>();

/**
 * Reads standard input to its end.
 *
 * @param stdin Input.
 * @returns The text.
 * @throws {UsageError} If it is not UTF-8, or was read before.
 */
export async function readAll(stdin: Source): Promise<string> {
  if (finished.has(stdin)) {
    throw new UsageError("Standard input can be read once: name a file for the other input");
  }
  finished.add(stdin);
  const chunks: Uint8Array[] = [];
  for (let chunk = await take(stdin); chunk; chunk = await take(stdin)) chunks.push(chunk);
  const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  try {
    return decodeUtf8(bytes);
  } catch {
    // The decoder's error says no more, and the input may be a secret.
    throw new UsageError("Standard input is not UTF-8 text");
  }
}

/** Bytes that were read together with an earlier answer. */
const pending = new WeakMap<Source, Uint8Array>();

async function take(stdin: Source): Promise<Uint8Array | undefined> {
  const rest = pending.get(stdin);
  pending.delete(stdin);
  if (rest?.length) return rest;
  const buffer = new Uint8Array(4096);
  const count = await stdin.read(buffer);
  return count === null ? undefined : buffer.subarray(0, count);
}

async function readLine(stdin: Source): Promise<string> {
  const bytes: number[] = [];
  for (let chunk = await take(stdin); chunk; chunk = await take(stdin)) {
    const end = chunk.findIndex((byte) => byte === LF || byte === CR);
    bytes.push(...chunk.subarray(0, end === -1 ? undefined : end));
    if (end === -1) continue;
    pending.set(stdin, chunk.subarray(end + 1));
    break;
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

const INTERRUPT = 3;
const END_OF_INPUT = 4;
const BACKSPACE = 8;
const LF = 10;
const CR = 13;
const ERASE_LINE = 21;
const DELETE = 127;

/** What line editing does otherwise: end, correction and interruption. */
async function readKeys(stdin: Source): Promise<string> {
  let bytes: number[] = [];
  for (let chunk = await take(stdin); chunk; chunk = await take(stdin)) {
    for (const [index, byte] of chunk.entries()) {
      if (byte === INTERRUPT || (byte === END_OF_INPUT && bytes.length === 0)) throw interruption();
      if (byte === CR || byte === LF || byte === END_OF_INPUT) {
        pending.set(stdin, chunk.subarray(index + 1));
        return decodeKeys(bytes);
      }
      if (byte === ERASE_LINE) bytes = [];
      else if (byte === BACKSPACE || byte === DELETE) bytes = withoutLast(bytes);
      else bytes.push(byte);
    }
  }
  // The terminal went away: what was typed may be half of it.
  throw interruption();
}

function decodeKeys(bytes: number[]): string {
  try {
    return decodeUtf8(Uint8Array.from(bytes));
  } catch {
    throw new UsageError("What was typed is not UTF-8 text: set the terminal to UTF-8");
  }
}

/** A character of UTF-8 ends at its first byte, seen from behind. */
function withoutLast(bytes: number[]): number[] {
  let end = bytes.length - 1;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.slice(0, Math.max(end, 0));
}
