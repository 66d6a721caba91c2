/**
 * `credential rotate`.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { startProgram } from "../program.ts";
import { readSecret } from "../prompt.ts";
import { oneLine } from "../text.ts";
import { toDuration } from "../values.ts";
import { openTenant } from "./store.ts";
import { timeOptions } from "./value.ts";

/** Replaces a credential, or puts the old value back. */
export async function rotateCredential(context: Context): Promise<void> {
  const key = context.argument("KEY");
  const store = await openTenant(context);
  if (context.flag("roll-back")) {
    await store.rollBack(key);
    context.note(oneLine(`Put the previous value of credential "${key}" back`));
    return;
  }
  const keepPrevious = context.value("keep", toDuration);
  const program = context.text("verify");
  const times = timeOptions(context);
  // Fails before anything is typed.
  await store.describe(key);
  const next = await readSecret(context, `New value of "${key}"`);
  /** The store reports only that the check failed. */
  let broken: unknown;
  const verify = (value: string) =>
    program === undefined || accepts(program, value).catch((error) => {
      broken = error;
      return false;
    });
  try {
    const keep = keepPrevious === undefined ? {} : { keepPrevious };
    await store.rotate(key, next, { ...times, ...keep, verify });
  } catch (error) {
    throw broken ?? error;
  }
  context.note(oneLine(`Replaced credential "${key}"`));
}

/** Runs the user's program with the value on its standard input. */
async function accepts(program: string, value: string): Promise<boolean> {
  const action = `Cannot verify the new value with "${program}"`;
  const streams = { stdin: "piped", stdout: "null", stderr: "inherit" } as const;
  const child = startProgram(action, program, streams);
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(value));
    await writer.close();
  } catch (cause) {
    // The program need not read all of it, or any; its status counts.
    if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
  }
  return (await child.status).success;
}
