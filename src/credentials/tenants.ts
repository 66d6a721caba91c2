/**
 * Tenants: each has a service of its own, and a register names them, since no
 * system lists services.
 *
 * @module
 */

import { InvalidDataError, NotFoundError } from "../domain/errors.ts";
import { removeValue, setValue } from "./changes.ts";
import type { CredentialItems } from "./items.ts";
import { quoted } from "./keys.ts";

const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * Returns the service of a tenant.
 *
 * @throws {InvalidDataError} If the name is not valid; it could reach another service.
 */
export function tenantService(service: string, tenant: string): string {
  // A missing name would become the text "undefined".
  if (typeof tenant !== "string" || !TENANT.test(tenant)) {
    throw new InvalidDataError(
      `Cannot use tenant ${
        quoted(tenant)
      }: the name must be 1 to 63 lower-case letters, digits and hyphens, and begin with a letter or digit`,
    );
  }
  return `${service}.tenant.${tenant}`;
}

/** Items that register the tenants of a service. */
export function tenantRegister(items: CredentialItems): CredentialItems {
  return items.withService(`${items.service}.tenants`);
}

/** Enters a tenant into the register, when it is not there. The caller holds the lock. */
export async function registerTenant(register: CredentialItems, tenant: string): Promise<void> {
  if (await register.keyring.get(register.service, tenant) !== undefined) return;
  await setValue(register, `Cannot register tenant "${tenant}"`, tenant, "", {});
}

/**
 * Deletes a tenant with everything that belongs to it.
 *
 * @throws {InvalidDataError} If the confirmation is not its name.
 * @throws {NotFoundError} If there is no such tenant.
 */
export async function deleteTenant(
  owner: CredentialItems,
  tenant: string,
  confirm: string,
): Promise<void> {
  const action = `Cannot delete tenant ${quoted(tenant)}`;
  const items = owner.withService(tenantService(owner.service, tenant));
  if (confirm !== tenant) {
    throw new InvalidDataError(
      `${action}: "confirm" must repeat its name, but it is ${JSON.stringify(confirm)}`,
    );
  }
  await items.locked(action, async () => {
    if (await removeTenant(tenantRegister(owner), items, tenant)) return;
    throw new NotFoundError(`${action}: there is no such tenant`, { kind: "tenant", id: tenant });
  });
}

/** Deletes all items of a tenant, and then its entry; `false` if it had none. */
async function removeTenant(
  register: CredentialItems,
  items: CredentialItems,
  tenant: string,
): Promise<boolean> {
  const { keyring } = items;
  for (const key of await items.index.keys()) await removeValue(items, key);
  const services = [
    items.previousService,
    items.stagedService,
    items.values.service,
    items.metadataService,
    items.service,
  ];
  for (const service of services) {
    for (const account of await keyring.list?.(service) ?? []) {
      await keyring.delete(service, account);
    }
  }
  await items.index.clear();
  return await removeValue(register, tenant);
}
