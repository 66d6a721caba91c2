/**
 * An encrypted file in place of a keyring, for machines without one.
 *
 * @module
 */

import { dirname, join } from "../paths.ts";
import { resolve } from "../resolve.ts";
import type { Keyring } from "../domain/credential.ts";
import { InvalidDataError } from "../domain/errors.ts";
import { asFileError } from "../file_errors.ts";
import { requirePermissions } from "../permissions.ts";
import { resolveRoot } from "../root.ts";
import { itemAction } from "./failures.ts";
import { withLockFile } from "./lock.ts";
import {
  newKey,
  openKey,
  parseVault,
  seal,
  type SealedVault,
  unseal,
  type VaultItems,
  type VaultKey,
} from "./vault_file.ts";

/** Milliseconds to wait for another writer. */
const LOCK_TIMEOUT = 30_000;

/** Why a passphrase is asked for. */
export interface PassphraseRequest {
  /** The vault file. */
  path: string;
  /** Whether the vault is new, so that a slip of the fingers is best ruled out. */
  create: boolean;
}

/** Options of {@linkcode VaultKeyring}. */
export interface VaultOptions {
  /** Asked for the passphrase when it is needed first; never stored. */
  passphrase: (request: PassphraseRequest) => string | Promise<string>;
  /**
   * The vault file; it does not follow the `root` of the store that uses it.
   *
   * @default {"credentials.vault" in GOFLOW_CONFIG_DIR, else in ".goflow" in the home folder}
   */
  path?: string;
}

/**
 * Keyring in an encrypted file: AES-256-GCM under a key that scrypt makes of a
 * passphrase. Each change writes a new file with mode 0600 in place of the old one.
 *
 * Requires `--allow-read` and `--allow-write` for the folder of the file; reading
 * requires the former only.
 *
 * @example Keep credentials in an encrypted file
 * ```ts
 * import { KeyringCredentialStore, VaultKeyring } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const keyring = new VaultKeyring({ path: `${root}/vault`, passphrase: () => "an example" });
 * const store = await KeyringCredentialStore.open({ root, keyring });
 * await store.set("github:token", "example");
 *
 * assertEquals(await store.get("github:token"), "example");
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export class VaultKeyring implements Keyring {
  /** Name in {@linkcode KeyringInfo}. */
  readonly name = "vault";
  readonly #options: VaultOptions;
  #key: Promise<VaultKey> | undefined;

  /**
   * Makes the keyring.
   *
   * @param options File and passphrase.
   */
  constructor(options: VaultOptions) {
    this.#options = options;
  }

  /** Absolute path of the vault file. */
  get path(): string {
    return this.#options.path === undefined
      ? join(resolveRoot(), "credentials.vault")
      : resolveRoot(this.#options.path);
  }

  /**
   * Stores or replaces the secret of an item.
   *
   * @throws {KeyringError} If the passphrase is wrong.
   * @throws {InvalidDataError} If the vault is damaged.
   */
  async set(service: string, account: string, secret: string): Promise<void> {
    await this.#change(itemAction("set", service, account), (items) => {
      const accounts = items.get(service) ?? new Map<string, string>();
      items.set(service, accounts.set(account, secret));
      return true;
    });
  }

  /**
   * Reads the secret of an item, `undefined` when there is no such item.
   *
   * @throws {KeyringError} If the passphrase is wrong.
   * @throws {InvalidDataError} If the vault is damaged.
   */
  async get(service: string, account: string): Promise<string | undefined> {
    const items = await this.#read(itemAction("read", service, account));
    return items.get(service)?.get(account);
  }

  /** Reads several items at once. */
  async getMany(service: string, accounts: readonly string[]): Promise<Map<string, string>> {
    const items = await this.#read(`Cannot read the credentials of service "${service}"`);
    const wanted = new Set(accounts);
    return new Map([...items.get(service) ?? []].filter(([account]) => wanted.has(account)));
  }

  /** Deletes an item; `false` when there was none. */
  async delete(service: string, account: string): Promise<boolean> {
    return await this.#change(
      itemAction("delete", service, account),
      (items) => items.get(service)?.delete(account) ?? false,
    );
  }

  /** Lists the accounts of a service. */
  async list(service: string): Promise<string[]> {
    const items = await this.#read(`Cannot list the credentials of service "${service}"`);
    return [...items.get(service)?.keys() ?? []];
  }

  /**
   * Encrypts the vault under another passphrase, with a new salt.
   *
   * @param next The new passphrase; `passphrase` must return it from now on.
   * @throws {KeyringError} If the old passphrase is wrong.
   * @throws {InvalidDataError} If the new one is empty, or the vault is damaged.
   */
  async changePassphrase(next: string): Promise<void> {
    checkPassphrase(this.path, next);
    const action = `Cannot change the passphrase of vault "${this.path}"`;
    await this.#change(action, () => true, () => newKey(next));
  }

  async #read(action: string): Promise<VaultItems> {
    const vault = await this.#load(action);
    if (vault === undefined) return new Map();
    return await unseal(this.path, await this.#open(vault), vault);
  }

  /** Writes a new file if the function changed something. */
  async #change(
    action: string,
    change: (items: VaultItems) => boolean,
    rekey?: () => Promise<VaultKey>,
  ): Promise<boolean> {
    const path = await behindLinks(this.path);
    return await withLockFile(action, `${path}.lock`, LOCK_TIMEOUT, async () => {
      const vault = await this.#load(action);
      const old = vault && await this.#open(vault);
      const items = vault && old ? await unseal(path, old, vault) : new Map();
      if (!change(items)) return false;
      const key = await rekey?.() ?? old ?? await newKey(await this.#ask(true));
      await replaceFile(action, path, await seal(key, items));
      this.#key = Promise.resolve(key);
      return true;
    });
  }

  async #load(action: string): Promise<SealedVault | undefined> {
    const { path } = this;
    requirePermissions(action, { name: "read", path });
    try {
      return await parseVault(path, await Deno.readTextFile(path));
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) return undefined;
      throw asFileError(cause, action, path);
    }
  }

  /** The key of a vault; asks for the passphrase unless the last key still fits. */
  async #open(vault: SealedVault): Promise<VaultKey> {
    const last = this.#key;
    // A passphrase that was wrong is asked for again.
    const known = await last?.catch(() => undefined);
    if (known?.kdf.salt === vault.kdf.salt && known.check === vault.keyCheck) return known;
    // Several readers share one question.
    if (this.#key !== undefined && this.#key !== last) return await this.#key;
    this.#key = this.#ask(false).then((passphrase) => openKey(this.path, passphrase, vault));
    return await this.#key;
  }

  async #ask(create: boolean): Promise<string> {
    const { path } = this;
    const passphrase = await this.#options.passphrase({ path, create });
    checkPassphrase(path, passphrase);
    return passphrase;
  }
}

/** The file that links lead to: it is replaced and the links stay, and all writers take its lock. */
async function behindLinks(path: string, most = 16): Promise<string> {
  // Without the permission, or at any other trouble, whoever goes on says so.
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return path;
  try {
    const { isSymlink } = await Deno.lstat(path);
    if (!isSymlink || most === 0) return path;
    return await behindLinks(resolve(dirname(path), await Deno.readLink(path)), most - 1);
  } catch {
    return path;
  }
}

/** Replaces a file so that there is the old or the new one, whole, whatever is cut off. */
async function replaceFile(action: string, path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await removeLeftover(temporary);
    await writeAndRename(temporary, path, text);
  } catch (cause) {
    throw asFileError(cause, action, path);
  }
}

/** Only the holder of the lock writes this file; one that others made may be open to them. */
async function removeLeftover(temporary: string): Promise<void> {
  try {
    await Deno.remove(temporary);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
}

async function writeAndRename(temporary: string, path: string, text: string): Promise<void> {
  {
    using file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
    const bytes = new TextEncoder().encode(text);
    for (let start = 0; start < bytes.length;) start += await file.write(bytes.subarray(start));
    await file.sync();
  }
  await Deno.rename(temporary, path);
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(dirname(path), { read: true });
  await folder.sync();
}

function checkPassphrase(path: string, passphrase: string): void {
  if (typeof passphrase === "string" && passphrase !== "" && passphrase.isWellFormed()) return;
  throw new InvalidDataError(
    `Cannot open vault "${path}": the passphrase must be text that is not empty`,
  );
}
