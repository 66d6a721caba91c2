/**
 * Opens the credential store for a command.
 *
 * @module
 */

import { join } from "../../paths.ts";
import { KeyringCredentialStore } from "../../credentials/keyring_store.ts";
import type { VaultKeyring } from "../../credentials/vault.ts";
import { InvalidDataError } from "../../domain/errors.ts";
import { resolveRoot } from "../../root.ts";
import type { Context } from "../context.ts";
import { readInput } from "../files.ts";
import { typeSecret } from "../prompt.ts";

const PASSPHRASE_FILE = "pass --passphrase-file";

/**
 * Opens the store of all credentials.
 *
 * @param context The call of a command with the options `keyring` and `passphrase-file`.
 * @param keyring Which keyring, by default that of the call.
 * @returns The store.
 */
export async function openCredentials(
  context: Context,
  keyring: string | undefined = context.text("keyring"),
): Promise<KeyringCredentialStore> {
  return await KeyringCredentialStore.open({
    ...context.rootOption,
    ...(keyring === "vault" ? { keyring: await openVault(context) } : {}),
  });
}

/**
 * Opens the store of the tenant that the call names, or of all credentials.
 *
 * @param context The call of a command with the option `tenant`.
 * @returns The store.
 */
export async function openTenant(context: Context): Promise<KeyringCredentialStore> {
  return tenantOf(await openCredentials(context), context.text("tenant"));
}

/**
 * Returns the store of a tenant.
 *
 * @param store The store of all credentials.
 * @param tenant The tenant, absent for none.
 * @returns The store.
 */
export function tenantOf(
  store: KeyringCredentialStore,
  tenant: string | undefined,
): KeyringCredentialStore {
  return tenant === undefined ? store : store.tenant(tenant);
}

/**
 * Opens the vault of the data folder.
 *
 * @param context The call of a command with the option `passphrase-file`.
 * @returns The vault; it asks for its passphrase when that is needed.
 */
export async function openVault(context: Context): Promise<VaultKeyring> {
  const { VaultKeyring } = await import("../../credentials/vault.ts");
  return new VaultKeyring({
    path: join(resolveRoot(context.root), "credentials.vault"),
    passphrase: async ({ path, create }) => {
      const file = context.text("passphrase-file");
      if (file !== undefined) return (await readInput(context, file)).split(/\r?\n/)[0]!;
      return create
        ? await newPassphrase(context, path, PASSPHRASE_FILE)
        : await typeSecret(context, `Passphrase of "${path}"`, PASSPHRASE_FILE);
    },
  });
}

/**
 * Lets a person type a new passphrase twice.
 *
 * @param context The call.
 * @param path The vault.
 * @param otherwise What to do where nobody can be asked.
 * @returns The passphrase.
 * @throws {InvalidDataError} If both differ.
 */
export async function newPassphrase(
  context: Context,
  path: string,
  otherwise = "run this on one",
): Promise<string> {
  const first = await typeSecret(context, `New passphrase for "${path}"`, otherwise);
  if (first !== await typeSecret(context, "The same again", otherwise)) {
    throw new InvalidDataError(`Cannot set the passphrase of "${path}": both inputs differ`);
  }
  return first;
}
