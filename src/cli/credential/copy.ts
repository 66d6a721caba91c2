/**
 * `credential copy` and `credential passphrase`.
 *
 * @module
 */

import { UsageError } from "../command.ts";
import { type Context, interruption } from "../context.ts";
import { printRecord } from "../records.ts";
import { Progress } from "../progress.ts";
import { oneLine } from "../text.ts";
import { newPassphrase, openCredentials, openTenant, openVault } from "./store.ts";

/** Copies credentials to another keyring or tenant. */
export async function copyCredentials(context: Context): Promise<void> {
  const keys = context.arguments("KEY");
  const from = context.text("keyring") ?? "system";
  const to = context.text("to") ?? from;
  const tenant = context.text("to-tenant");
  if (from === to && tenant === context.text("tenant")) {
    throw new UsageError('Source and target are the same, pass "--to" or "--to-tenant"');
  }
  const source = await openTenant(context);
  const all = await openCredentials(context, to);
  const target = tenant === undefined ? all : all.tenant(tenant);
  const { signal } = context;
  using progress = new Progress(context.io, "Copying", "credentials");
  const { copied, unchanged } = await source.copyTo(target, {
    ...(keys.length > 0 ? { keys } : {}),
    overwrite: context.flag("overwrite"),
    onProgress({ done, total }) {
      progress.update(done, total);
      if (signal.aborted) throw interruption(`${done} of ${total} credentials were copied`);
    },
  });
  printRecord(context, { copied, unchanged }, () => {
    for (const key of copied) context.note(oneLine(`Copied credential "${key}"`));
    if (unchanged.length > 0) context.note(`${unchanged.length} were the same already`);
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
