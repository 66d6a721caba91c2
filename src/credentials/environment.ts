/**
 * Credentials from environment variables, for CI jobs.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { InvalidDataError, PermissionDeniedError } from "../domain/errors.ts";
import { requirePermissions } from "../permissions.ts";
import { itemAction, notText } from "./failures.ts";

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
   * @throws {InvalidDataError} If no variable can have one of the names.
   */
  constructor(options: EnvironmentKeyringOptions) {
    this.#variables = new Map(Object.entries(options.variables));
    for (const [key, variable] of this.#variables) checkVariable(key, variable);
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

  /**
   * Reads the variable of a key; `undefined` if it is not set.
   *
   * @throws {KeyringError} If it is not UTF-8 text.
   */
  get(service: string, account: string): Promise<string | undefined> {
    return Promise.try(() => {
      const action = itemAction("read", service, account);
      const variable = this.#find(action, service, account);
      return variable === undefined ? undefined : read(action, variable);
    });
  }

  /**
   * Refuses, since this keyring is read-only.
   *
   * @throws {PermissionDeniedError} If there is such a credential.
   */
  delete(service: string, account: string): Promise<boolean> {
    return Promise.try(() => {
      const action = itemAction("delete", service, account);
      if (this.#find(action, service, account) === undefined) return false;
      throw readOnly(action);
    });
  }

  /** Lists the keys whose variable is set. */
  list(service: string): Promise<string[]> {
    return Promise.try(() => {
      const action = `Cannot list the credentials of service "${service}"`;
      const keys = [...this.#variables.keys()];
      return keys.filter((key) => this.#find(action, service, key) !== undefined);
    });
  }

  /** The variable of a key if it is set. */
  #find(action: string, service: string, account: string): string | undefined {
    const variable = service === this.#service ? this.#variables.get(account) : undefined;
    if (variable === undefined) return undefined;
    requirePermissions(action, { name: "env", variable });
    return isSet(variable) ? variable : undefined;
  }
}

function isSet(variable: string): boolean {
  try {
    return Deno.env.has(variable);
  } catch {
    // Deno refuses what is no text, and its message quotes the value.
    return true;
  }
}

function read(action: string, variable: string): string | undefined {
  try {
    return Deno.env.get(variable);
  } catch {
    throw notText(action);
  }
}

/** Shows no name: one that is none may be a secret in the wrong place. */
function checkVariable(key: string, variable: unknown): void {
  if (typeof variable === "string" && /^[^=\0]+$/.test(variable)) return;
  throw new InvalidDataError(
    `Cannot open the keyring: credential ${JSON.stringify(key)} needs the name of a variable, ` +
      `which is not empty and without "=" and NUL`,
  );
}

function readOnly(action: string): PermissionDeniedError {
  return new PermissionDeniedError(
    `${action}: a keyring of environment variables is read-only, change the variable instead`,
    { resource: "environment" },
  );
}
