/**
 * The keyring of the operating system.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { CredentialManagerKeyring } from "./credential_manager.ts";
import { KeychainKeyring } from "./keychain.ts";
import { checkTimeout } from "./options.ts";
import { SecretServiceKeyring } from "./secret_service.ts";

/** Options of {@linkcode systemKeyring}. */
export interface SystemKeyringOptions {
  /**
   * Milliseconds after which the system's program is killed. It may be waiting for
   * a person who unlocks the keyring.
   *
   * @default {30000}
   */
  timeout?: number;
  /**
   * The program to run.
   *
   * @default {"secret-tool", "/usr/bin/security" or "powershell.exe"}
   */
  program?: string;
}

/**
 * Returns the keyring of an operating system: the Keychain on macOS, the Credential
 * Manager on Windows, the Secret Service on all others. Nothing is started before it
 * is used.
 *
 * @param options Program and timeout.
 * @param os The operating system.
 * @returns The keyring.
 * @throws {InvalidDataError} If the timeout is no time.
 *
 * @example A store over the keyring of this system, with more time to answer its prompts
 * ```ts
 * import { KeyringCredentialStore, systemKeyring } from "@goflow/storage";
 *
 * const keyring = systemKeyring({ timeout: 120_000 });
 * const store = await KeyringCredentialStore.open({ root: "/srv/goflow", keyring });
 * ```
 */
export function systemKeyring(
  options: SystemKeyringOptions = {},
  os: string = Deno.build.os,
): Keyring {
  if (options.timeout !== undefined) checkTimeout(options.timeout);
  if (os === "darwin") return new KeychainKeyring(options);
  if (os === "windows") return new CredentialManagerKeyring(options);
  return new SecretServiceKeyring(options);
}
