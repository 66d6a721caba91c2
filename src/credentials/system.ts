/**
 * The keyring of the operating system.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { CredentialManagerKeyring } from "./credential_manager.ts";
import { KeychainKeyring } from "./keychain.ts";
import { SecretServiceKeyring } from "./secret_service.ts";
import { UnsupportedKeyring } from "./unsupported.ts";

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
 * Returns the keyring of an operating system. Nothing is started before it is used.
 *
 * @param options Program and timeout.
 * @param os The operating system.
 * @returns The keyring; on an unknown system one whose every method throws a `KeyringError`.
 */
export function systemKeyring(
  options: SystemKeyringOptions = {},
  os: string = Deno.build.os,
): Keyring {
  if (os === "linux") return new SecretServiceKeyring(options);
  if (os === "darwin") return new KeychainKeyring(options);
  if (os === "windows") return new CredentialManagerKeyring(options);
  return new UnsupportedKeyring(os);
}
