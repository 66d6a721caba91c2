/**
 * Credentials: the store that users see and the port to one keyring.
 *
 * @module
 */

/** Credentials under string keys. Values are secrets; keys are not. */
export interface CredentialStore {
  /**
   * Stores or replaces a credential.
   *
   * @param key Name of the credential; Go's command line uses `<server-id>:<key>`.
   * @param value The secret, any well-formed text, the empty one included.
   */
  set(key: string, value: string): Promise<void>;

  /**
   * Reads a credential.
   *
   * @throws {NotFoundError} If there is no such credential.
   */
  get(key: string): Promise<string>;

  /** Lists all keys in ascending order, never values. */
  list(): Promise<string[]>;

  /**
   * Deletes a credential.
   *
   * @throws {NotFoundError} If there is no such credential.
   */
  delete(key: string): Promise<void>;

  /** Stores a value as JSON. */
  setStructured(key: string, value: unknown): Promise<void>;

  /**
   * Reads a value that was stored as JSON.
   *
   * @throws {NotFoundError} If there is no such credential.
   * @throws {InvalidDataError} If the credential is not JSON; the message does not show it.
   */
  getStructured<T>(key: string): Promise<T>;
}

/**
 * Port to one keyring: items named by a service and an account, as in
 * {@link https://github.com/zalando/go-keyring | go-keyring}.
 */
export interface Keyring {
  /** Stores or replaces the secret of an item. */
  set(service: string, account: string, secret: string): Promise<void>;

  /** Reads the secret of an item, `undefined` when there is no such item. */
  get(service: string, account: string): Promise<string | undefined>;

  /** Deletes an item; `false` when there was none. */
  delete(service: string, account: string): Promise<boolean>;

  /** Lists the accounts of a service, where the system can enumerate them. */
  list?(service: string): Promise<string[]>;

  /**
   * Checks after {@linkcode set} that the item holds the secret, where the system may
   * have stored something else.
   *
   * @returns Whether the item existed before, where the system tells.
   */
  verify?(service: string, account: string, secret: string): Promise<boolean | undefined>;

  /** Reads several items faster than one by one; accounts without an item are left out. */
  getMany?(service: string, accounts: readonly string[]): Promise<Map<string, string>>;

  /** Most bytes of UTF-8 that one item holds; without it there is no limit. */
  limit?(service: string, account: string): number;

  /** Name to tell people which keyring this is. */
  readonly name?: string;

  /** No other process reaches the items, so that writers need no lock file. */
  readonly local?: boolean;

  /** Accounts that differ only in upper and lower case are the same item. */
  readonly caseInsensitive?: boolean;
}
