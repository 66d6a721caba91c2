/**
 * `credential set` and `credential get`.
 *
 * @module
 */

import { AlreadyExistsError, NotFoundError } from "../../domain/errors.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { confirm, readSecret } from "../prompt.ts";
import { oneLine, visible } from "../text.ts";
import { toDuration, toFuture } from "../values.ts";
import { openTenant } from "./store.ts";

/** Stores a credential. */
export async function setCredential(context: Context): Promise<void> {
  const key = context.argument("KEY");
  const times = timeOptions(context);
  const store = await openTenant(context);
  if (!context.flag("yes") && (await store.list()).includes(key)) {
    if (context.flag("stdin")) {
      throw new AlreadyExistsError(
        `Cannot set credential "${key}": it exists already, pass --yes to replace it`,
        { kind: "credential", id: key },
      );
    }
    await confirm(context, `Replace credential "${key}"`, "pass --yes");
  }
  await store.set(key, await readSecret(context, `Value of "${key}"`), times);
  context.note(oneLine(`Stored credential "${key}"`));
}

/** Prints a credential. */
export async function getCredential(context: Context): Promise<void> {
  const key = context.argument("KEY");
  const { stdout } = context.io;
  if (stdout.isTerminal && !context.flag("reveal")) {
    throw new UsageError("Standard output is a terminal, pass --reveal to show the value on it");
  }
  const store = await openTenant(context);
  const value = context.flag("previous")
    ? await store.getPrevious(key)
    : await store.get(key, { allowExpired: context.flag("allow-expired") });
  if (value === undefined) {
    throw new NotFoundError(`Cannot read credential "${key}": no previous value is kept`, {
      kind: "credential",
      id: key,
    });
  }
  // A pipe gets exactly the value; a terminal must not be driven by it.
  stdout.write(stdout.isTerminal ? `${visible(value)}\n` : value);
}

/**
 * Reads when a value expires and when it is due for rotation.
 *
 * @param context The call of a command with these options.
 * @returns Options of the store.
 */
export function timeOptions(context: Context): { expiresAt?: Date; rotateAfter?: number } {
  const expiresAt = context.value("expires", toFuture);
  const rotateAfter = context.value("rotate-after", toDuration);
  return {
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(rotateAfter === undefined ? {} : { rotateAfter }),
  };
}
