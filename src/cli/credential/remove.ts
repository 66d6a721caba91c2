/**
 * `credential delete` and `credential tenants`.
 *
 * @module
 */

import { KeyringError } from "../../domain/errors.ts";
import type { Context } from "../context.ts";
import { confirmed } from "../prompt.ts";
import { printRecords } from "../records.ts";
import { oneLine } from "../text.ts";
import { openCredentials, openTenant } from "./store.ts";

/** Deletes credentials. */
export async function deleteCredentials(context: Context): Promise<void> {
  const keys = context.arguments("KEY");
  const store = await openTenant(context);
  // All must be there before the first is deleted; one that cannot be read may go.
  for (const key of keys) {
    await store.describe(key).catch((error) => {
      if (!(error instanceof KeyringError && error.reason === "failed")) throw error;
    });
  }
  const names = keys.map((key) => `"${key}"`).join(", ");
  const plan = `Delete ${keys.length === 1 ? "credential" : "credentials"} ${names}`;
  if (!await confirmed(context, plan)) return;
  for (const key of keys) {
    await store.delete(key);
    context.note(oneLine(`Deleted credential "${key}"`));
  }
}

/** Lists the tenants, or deletes one. */
export async function tenants(context: Context): Promise<void> {
  const store = await openCredentials(context);
  const tenant = context.text("delete");
  if (tenant === undefined) {
    await printRecords(context, {
      name: "tenants",
      items: await store.listTenants(),
      columns: [{ title: "TENANT", text: (name) => name }],
      json: (name) => ({ tenant: name }),
      empty: "No tenants found",
    });
    return;
  }
  const count = (await store.tenant(tenant).list()).length;
  if (!await confirmed(context, `Delete tenant "${tenant}" with its ${count} credentials`)) return;
  await store.deleteTenant(tenant, { confirm: tenant });
  context.note(`Deleted tenant "${tenant}"`);
}
