/**
 * Credentials from environment variables, for CI jobs.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { PermissionDeniedError } from "../domain/errors.ts";
import { requirePermissions } from "../permissions.ts";
import { itemAction } from "./failures.ts";

/** Options of {@linkcode EnvironmentKeyring}. */
export interface EnvironmentKeyringOptions {
  /** Variable that holds the credential of each key. */
  variables: Readonly<Record<string, string>>;
  /**
   * Service whose credentials these are.
   *
   * @default {"goflow"}
   */
  service?: string;
}

/**
 * Read-only keyring over environment variables. Other processes of the same user can
 * read them, so it is meant for jobs whose platform hands secrets over in this way.
 *
 * Requires `--allow-env` for the variables.
 *
 * @example Take credentials from the variables of a CI job
 * ```ts
 * import { EnvironmentKeyring, KeyringCredentialStore } from "@goflow/storage";
 * import { assertEquals } from "@std/assert";
 *
 * Deno.env.set("EXAMPLE_TOKEN", "example");
 * const keyring = new EnvironmentKeyring({ variables: { "github:token": "EXAMPLE_TOKEN" } });
 * const store = await KeyringCredentialStore.open({ keyring });
 *
 * assertEquals(await store.get("github:token"), "example");
 * ```
 */
export class EnvironmentKeyring implements Keyring {
  /** Name in {@linkcode KeyringInfo}. */
  readonly name = "environment";
  /** There is nothing to write, so nothing to lock. */
  readonly local = true;
  readonly #variables: ReadonlyMap<string, string>;
  readonly #service: string;

  /**
   * Makes the keyring.
   *
   * @param options Which variable holds which credential.
   */
  constructor(options: EnvironmentKeyringOptions) {
    this.#variables = new Map(Object.entries(options.variables));
    this.#service = options.service ?? "goflow";
  }

  /**
   * Refuses, since this keyring is read-only.
   *
   * @throws {PermissionDeniedError} Always.
   */
  set(service: string, account: string): Promise<void> {
    return Promise.reject(readOnly(itemAction("set", service, account)));
  }

  /** Reads the variable of a key; `undefined` if it is not set. */
  get(service: string, account: string): Promise<string | undefined> {
    const variable = service === this.#service ? this.#variables.get(account) : undefined;
    if (variable === undefined) return Promise.resolve(undefined);
    try {
      requirePermissions(itemAction("read", service, account), { name: "env", variable });
      return Promise.resolve(Deno.env.get(variable));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Refuses, since this keyring is read-only.
   *
   * @throws {PermissionDeniedError} If there is such a credential.
   */
  async delete(service: string, account: string): Promise<boolean> {
    if (await this.get(service, account) === undefined) return false;
    throw readOnly(itemAction("delete", service, account));
  }

  /** Lists the keys whose variable is set. */
  async list(service: string): Promise<string[]> {
    const keys: string[] = [];
    for (const key of service === this.#service ? this.#variables.keys() : []) {
      if (await this.get(service, key) !== undefined) keys.push(key);
    }
    return keys;
  }
}

function readOnly(action: string): PermissionDeniedError {
  return new PermissionDeniedError(
    `${action}: a keyring of environment variables is read-only, change the variable instead`,
    { resource: "environment" },
  );
}
