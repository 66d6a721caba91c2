/**
 * Credentials in the keyring of the operating system.
 *
 * @module
 */

import type { CredentialStore } from "../domain/credential.ts";
import { InvalidDataError } from "../domain/errors.ts";
import { purgePrevious, removeValue, setValue } from "./changes.ts";
import { copyCredentials, type CopyOptions, type CopyResult } from "./copy.ts";
import {
  type CredentialDescription,
  describe,
  describeKeyring,
  type KeyringInfo,
  listBefore,
} from "./description.ts";
import { named } from "./failures.ts";
import { CredentialItems, notFound } from "./items.ts";
import { checkKey, checkKeys, checkService, checkValue, keyAction } from "./keys.ts";
import type { Change, MetadataRecord } from "./metadata.ts";
import {
  checkLargeValues,
  checkTimeout,
  type GetOptions,
  type KeyringOptions,
  type SetOptions,
} from "./options.ts";
import { previousValue, rollBack, rotate, type RotateOptions, rotateWith } from "./rotation.ts";
import { systemKeyring } from "./system.ts";
import { deleteTenant, registerTenant, tenantRegister, tenantService } from "./tenants.ts";
import { checkTimes, fromJson, isExpired, toJson, valueOf } from "./values.ts";

/**
 * Credentials in the keyring of the operating system: GNOME Keyring or KWallet
 * on Linux, the Keychain on macOS, the Credential Manager on Windows. Shares
 * its items with GoFlow's Go implementation.
 *
 * Reading requires `--allow-run=secret-tool` on Linux, `--allow-run=/usr/bin/security`
 * on macOS and `--allow-run=powershell.exe` on Windows; writing requires also
 * `--allow-read` and `--allow-write` for the root folder.
 *
 * @example Store, read and list credentials
 * ```ts
 * import { KeyringCredentialStore, MemoryKeyring } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const store = await KeyringCredentialStore.open({ keyring: new MemoryKeyring() });
 * await store.set("github:token", "example", { expiresAt: new Date("2099-01-01") });
 *
 * assertEquals(await store.get("github:token"), "example");
 * assertEquals(await store.list(), ["github:token"]);
 * ```
 */
export class KeyringCredentialStore implements CredentialStore {
  readonly #items: CredentialItems;
  readonly #tenant: { name: string; register: CredentialItems } | undefined;

  private constructor(items: CredentialItems, tenant?: string, register?: CredentialItems) {
    this.#items = items;
    this.#tenant = tenant && register ? { name: tenant, register } : undefined;
  }

  /**
   * Opens the store. Starts no program and touches no file.
   *
   * @param options Keyring, service and limits.
   * @returns The store; it holds nothing that must be closed.
   * @throws {InvalidDataError} If the service name or another option is not valid.
   */
  static open(options: KeyringOptions = {}): Promise<KeyringCredentialStore> {
    return Promise.try(() => {
      const { root, service = "goflow", timeout = 30_000, largeValues = "refuse" } = options;
      checkService(service);
      checkTimeout(timeout);
      const split = checkLargeValues(largeValues) === "split";
      const keyring = options.keyring ?? systemKeyring({ timeout });
      const items = new CredentialItems({ keyring, service, root, lockTimeout: timeout, split });
      return new KeyringCredentialStore(items);
    });
  }

  /**
   * Stores or replaces a credential. Requires the permissions for writing.
   *
   * @param key Name of the credential; Go's command line uses `<server-id>:<key>`.
   * @param value The secret, any well-formed text, the empty one included.
   * @param options Expiry and rotation.
   * @throws {InvalidDataError} If the key, the value or an option is not valid.
   * @throws {AlreadyExistsError} If the keyring ignores case and has a key that differs in nothing else.
   * @throws {KeyringError} If the keyring is locked or unavailable, or the value too large.
   * @throws {PermissionDeniedError} If Deno, the system or the keyring refused.
   */
  async set(key: string, value: string, options: SetOptions = {}): Promise<void> {
    const action = keyAction("set", key);
    checkKey(action, key);
    checkValue(action, value);
    const { expiresAt, rotateAfter } = checkTimes(action, options);
    await this.#change(action, key, value, { expiresAt, rotateAfter });
  }

  /**
   * Reads a credential.
   *
   * @param key Name of the credential.
   * @param options Whether an expired value is returned.
   * @returns The secret.
   * @throws {NotFoundError} If there is no such credential.
   * @throws {CredentialExpiredError} If it is past its expiry.
   * @throws {InvalidDataError} If the key is not valid.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   * @throws {PermissionDeniedError} If Deno, the system or the keyring refused.
   */
  async get(key: string, options: GetOptions = {}): Promise<string> {
    const action = keyAction("read", key);
    checkKey(action, key);
    const recent = await this.#items.read(action, key, true);
    // Another process may have put the expiry off.
    const found = isExpired(recent) ? await this.#items.read(action, key) : recent;
    return valueOf(action, key, found, options);
  }

  /**
   * Reads several credentials, faster than one by one.
   *
   * @param keys Names of the credentials.
   * @param options Whether expired values are returned.
   * @returns The secrets by key; keys without a credential are left out.
   * @throws {CredentialExpiredError} If one is past its expiry.
   * @throws {InvalidDataError} If a key is not valid.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   * @throws {PermissionDeniedError} If Deno, the system or the keyring refused.
   */
  async getMany(keys: readonly string[], options: GetOptions = {}): Promise<Map<string, string>> {
    checkKeys("Cannot read credentials", keys);
    const found = await this.#items.readMany([...new Set(keys)]);
    const values = new Map<string, string>();
    for (const key of keys) {
      const item = found.get(key);
      if (item) values.set(key, valueOf(keyAction("read", key), key, item, options));
    }
    return values;
  }

  /**
   * Lists all keys, never values. Comes from the system's own enumeration, so it
   * names also what Go or a person has stored.
   *
   * @returns The keys in ascending order.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   */
  async list(): Promise<string[]> {
    const action = `Cannot list the credentials of service "${this.#items.service}"`;
    return (await named(action, () => this.#items.index.keys())).sort();
  }

  /**
   * Deletes a credential with its metadata and its previous value. Requires the
   * permissions for writing.
   *
   * @param key Name of the credential.
   * @throws {NotFoundError} If there is no such credential.
   * @throws {InvalidDataError} If the key is not valid.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   */
  async delete(key: string): Promise<void> {
    const action = keyAction("delete", key);
    checkKey(action, key);
    const deleted = await this.#items.locked(action, () => removeValue(this.#items, key));
    if (!deleted) throw notFound(action, key);
  }

  /**
   * Stores a value as JSON, see {@linkcode set}.
   *
   * @param key Name of the credential.
   * @param value Anything that JSON can represent.
   * @param options Expiry and rotation.
   * @throws {InvalidDataError} If JSON cannot represent the value.
   */
  async setStructured(key: string, value: unknown, options: SetOptions = {}): Promise<void> {
    await this.set(key, toJson(keyAction("set", key), value), options);
  }

  /**
   * Reads a value that was stored as JSON, see {@linkcode get}.
   *
   * @param key Name of the credential.
   * @param options Whether an expired value is returned.
   * @returns The value; its type is not checked. Integers beyond 2^53 are BigInts.
   * @throws {InvalidDataError} If the credential is not JSON; the message does not show it.
   */
  async getStructured<T>(key: string, options: GetOptions = {}): Promise<T> {
    return fromJson<T>(keyAction("read", key), await this.get(key, options));
  }

  /**
   * Describes a credential without its value.
   *
   * @param key Name of the credential.
   * @returns Times, version and size; `metadata` is `"unknown"` for what Go stored.
   * @throws {NotFoundError} If there is no such credential.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   */
  async describe(key: string): Promise<CredentialDescription> {
    const action = keyAction("describe", key);
    checkKey(action, key);
    return describe(key, await this.#items.read(action, key), new Date());
  }

  /**
   * Lists the credentials that have expired or expire soon, the first to expire first.
   *
   * @param within How soon, in milliseconds.
   * @returns Their descriptions.
   * @throws {InvalidDataError} If `within` is no number.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   */
  async listExpiring(within = 0): Promise<CredentialDescription[]> {
    return await listBefore(this.#items, within, ({ expiresAt }) => expiresAt);
  }

  /**
   * Lists the credentials that are due for rotation, the most overdue first.
   *
   * @param within How soon they may be due, in milliseconds.
   * @returns Their descriptions.
   * @throws {InvalidDataError} If `within` is no number.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   */
  async listRotationDue(within = 0): Promise<CredentialDescription[]> {
    return await listBefore(this.#items, within, ({ rotateAfter }) => rotateAfter);
  }

  /**
   * Replaces a value: stores the new one beside it, runs the check, switches, and
   * keeps the old one for a while. Whatever step is cut off, a valid value stays.
   * Requires the permissions for writing.
   *
   * @param key Name of the credential.
   * @param next The new value.
   * @param options Check, grace time, expiry.
   * @throws {NotFoundError} If there is no such credential.
   * @throws {InvalidDataError} If the new value does not pass the check; the old one stays in use.
   * @throws {ConflictError} If the credential changed during the check; nothing is replaced.
   * @throws {KeyringError} If the keyring is locked or unavailable, or the value too large.
   */
  async rotate(key: string, next: string, options: RotateOptions = {}): Promise<void> {
    const action = keyAction("rotate", key);
    checkKey(action, key);
    checkTimes(action, options);
    await rotate(this.#items, key, next, options);
  }

  /**
   * Replaces a value by one that a provider makes; fails as {@linkcode rotate} does. Goes
   * on with the value of a rotation that was cut off, if that one passes the check.
   *
   * @param key Name of the credential.
   * @param provider Makes the new value, given the present one.
   * @param options Check, grace time, expiry.
   */
  async rotateWith(
    key: string,
    provider: (current: string) => string | Promise<string>,
    options: RotateOptions = {},
  ): Promise<void> {
    const action = keyAction("rotate", key);
    checkKey(action, key);
    checkTimes(action, options);
    await rotateWith(this.#items, key, provider, options);
  }

  /**
   * Reads the value before the last rotation, as long as it is kept.
   *
   * @param key Name of the credential.
   * @returns The value, or `undefined` if none is kept.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   */
  async getPrevious(key: string): Promise<string | undefined> {
    const action = keyAction("read", key);
    checkKey(action, key);
    return await named(action, () => previousValue(this.#items, key, new Date()));
  }

  /**
   * Puts the value before the last rotation back; the present one becomes the previous
   * one. Requires the permissions for writing.
   *
   * @param key Name of the credential.
   * @throws {NotFoundError} If there is no such credential, or no previous value is kept.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   */
  async rollBack(key: string): Promise<void> {
    checkKey(keyAction("roll back", key), key);
    await rollBack(this.#items, key);
  }

  /**
   * Deletes the previous values whose time is over. Requires the permissions for writing.
   *
   * @returns Keys of the credentials that had one.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   */
  async purgePrevious(): Promise<string[]> {
    const now = new Date();
    const purged: string[] = [];
    for (const key of await this.#items.keysWithMetadata()) {
      const purge = () => purgePrevious(this.#items, key, now);
      if (await this.#items.locked(keyAction("purge", key), purge)) purged.push(key);
    }
    return purged;
  }

  /**
   * Opens the isolated store of a tenant in the same keyring.
   *
   * @param tenant 1 to 63 lower-case letters, digits and hyphens.
   * @returns The store; the tenant is registered with its first credential.
   * @throws {InvalidDataError} If the name is not valid, or this is the store of a tenant.
   */
  tenant(tenant: string): KeyringCredentialStore {
    const service = tenantService(this.#owner(), tenant);
    const register = tenantRegister(this.#items);
    return new KeyringCredentialStore(this.#items.withService(service), tenant, register);
  }

  /**
   * Lists the tenants that have stored a credential.
   *
   * @returns Their names in ascending order.
   * @throws {InvalidDataError} If this is the store of a tenant.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   */
  async listTenants(): Promise<string[]> {
    this.#owner();
    return (await tenantRegister(this.#items).index.keys()).sort();
  }

  /**
   * Deletes a tenant with all its credentials. Requires the permissions for writing.
   *
   * @param tenant Name of the tenant.
   * @param options The name once more, as `confirm`.
   * @throws {InvalidDataError} If the two names differ, or this is the store of a tenant; nothing is deleted.
   * @throws {NotFoundError} If there is no such tenant.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   */
  async deleteTenant(tenant: string, options: { confirm: string }): Promise<void> {
    this.#owner();
    await deleteTenant(this.#items, tenant, options.confirm);
  }

  /**
   * Copies credentials to another store, in memory, and reads each back. Expiry and
   * version go along if the target is a store of this class.
   *
   * @param target The other store.
   * @param options Keys, whether to overwrite, progress.
   * @returns The keys that were copied, and those that were the same before.
   * @throws {AlreadyExistsError} If the target has another value under a key; nothing is copied.
   * @throws {NotFoundError} If a key has no credential.
   */
  async copyTo(target: CredentialStore, options: CopyOptions = {}): Promise<CopyResult> {
    const keyring = target instanceof KeyringCredentialStore ? target : undefined;
    return await copyCredentials(this.#items, {
      store: target,
      read: (key) => keyring ? keyring.get(key, { allowExpired: true }) : target.get(key),
      write: (key, value, record) =>
        keyring ? keyring.#import(key, value, record) : target.set(key, value),
    }, options);
  }

  /**
   * Tells which keyring is used, and the state of its index.
   *
   * @returns Facts about the keyring, no keys and no values.
   * @throws {KeyringError} If the keyring is locked or unavailable.
   */
  async info(): Promise<KeyringInfo> {
    return await describeKeyring(this.#items, this.#tenant?.name);
  }

  /** Stores a value under the lock; the first one registers a tenant. */
  async #change(action: string, key: string, value: string, change: Change): Promise<void> {
    await this.#items.locked(action, async () => {
      if (this.#tenant) await registerTenant(this.#tenant.register, this.#tenant.name);
      await setValue(this.#items, action, key, value, change);
    });
  }

  async #import(key: string, value: string, record: MetadataRecord | undefined): Promise<void> {
    await this.#change(keyAction("set", key), key, value, {
      created: record?.created,
      version: record?.version,
      expiresAt: record?.expires,
      rotateAfter: record?.interval ?? record?.due,
    });
  }

  /** Service that owns the tenants. */
  #owner(): string {
    if (this.#tenant === undefined) return this.#items.service;
    throw new InvalidDataError(
      `Cannot use tenants of tenant "${this.#tenant.name}": only the store that KeyringCredentialStore.open() returns has tenants`,
    );
  }
}
