/**
 * Opens the credential store for a command.
 *
 * @module
 */

import { KeyringCredentialStore } from "../../credentials/keyring_store.ts";
import type { Context } from "../context.ts";

/**
 * Opens the store of all credentials.
 *
 * @param context The call.
 * @returns The store.
 */
export async function openCredentials(context: Context): Promise<KeyringCredentialStore> {
  return await KeyringCredentialStore.open(context.rootOption);
}

/**
 * Opens the store of the tenant that the call names, or of all credentials.
 *
 * @param context The call of a command with the option `tenant`.
 * @returns The store.
 */
export async function openTenant(context: Context): Promise<KeyringCredentialStore> {
  const store = await openCredentials(context);
  const tenant = context.text("tenant");
  return tenant === undefined ? store : store.tenant(tenant);
}
