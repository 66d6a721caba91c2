/**
 * `credential copy` and `credential passphrase`.
 *
 * @module
 */

import type { CopyResult } from "../../credentials/copy.ts";
import type { KeyringCredentialStore } from "../../credentials/keyring_store.ts";
import { sleep } from "../../timers.ts";
import { UsageError } from "../command.ts";
import { type Context, interruption } from "../context.ts";
import { printRecord } from "../records.ts";
import { Progress } from "../progress.ts";
import { oneLine } from "../text.ts";
import { newPassphrase, openCredentials, openVault, tenantOf } from "./store.ts";

/** Milliseconds after which a signal that was sent to this process as well has come. */
const SIGNAL_DELAY = 100;

/** Copies credentials to another keyring or tenant. */
export async function copyCredentials(context: Context): Promise<void> {
  const from = context.text("keyring") ?? "system";
  const to = context.text("to") ?? from;
  const tenant = context.text("to-tenant");
  if (from === to && tenant === context.text("tenant")) {
    throw new UsageError('Source and target are the same, pass "--to" or "--to-tenant"');
  }
  const origin = await openCredentials(context);
  // The same store again, so that a vault asks for its passphrase once.
  const destination = from === to ? origin : await openCredentials(context, to);
  const source = tenantOf(origin, context.text("tenant"));
  const { copied, unchanged } = await copyAll(context, source, tenantOf(destination, tenant));
  printRecord(context, { copied, unchanged }, () => {
    for (const key of copied) context.note(oneLine(`Copied credential "${key}"`));
    if (unchanged.length > 0) context.note(`${unchanged.length} were the same already`);
  });
}

async function copyAll(
  context: Context,
  source: KeyringCredentialStore,
  target: KeyringCredentialStore,
): Promise<CopyResult> {
  const keys = context.arguments("KEY");
  const { signal } = context;
  let state = "no credentials were copied";
  using progress = new Progress(context.io, "Copying", "credentials");
  const copying = source.copyTo(target, {
    ...(keys.length > 0 ? { keys } : {}),
    overwrite: context.flag("overwrite"),
    onProgress({ done, total }) {
      progress.update(done, total);
      state = `${done} of ${total} credentials were copied`;
      signal.throwIfAborted();
    },
  });
  return await copying.catch(async (error) => {
    // Ctrl-C ends the keyring's program as well, which may be noticed first.
    await sleep(SIGNAL_DELAY, signal);
    throw signal.aborted ? interruption(state) : error;
  });
}

/** Changes the passphrase of the vault. */
export async function changePassphrase(context: Context): Promise<void> {
  const vault = await openVault(context);
  // Asks for the old one first.
  await vault.list("goflow");
  await vault.changePassphrase(await newPassphrase(context, vault.path));
  context.note(oneLine(`Changed the passphrase of ${vault.path}`));
}
