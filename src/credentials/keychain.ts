/**
 * macOS: the Keychain through `/usr/bin/security`, in the format of
 * {@link https://github.com/zalando/go-keyring | go-keyring}.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { denied, failed, itemAction, locked, tooLarge, unavailable } from "./failures.ts";
import { type CallResult, type Program, run } from "./process.ts";
import {
  addLine,
  deleteArguments,
  findArguments,
  LINE_LIMIT,
  parseAccounts,
  parseDefaultKeychain,
  parseSecret,
  secretLimit,
} from "./security_tool.ts";
import type { SystemKeyringOptions } from "./system.ts";

const UNLOCK = "security unlock-keychain ~/Library/Keychains/login.keychain-db";

/** Exit status of `security`: the low byte of the system's error number. */
const NOT_FOUND = 44;

/**
 * Keyring over the default keychain.
 *
 * Requires `--allow-run=/usr/bin/security`.
 */
export class KeychainKeyring implements Keyring {
  readonly name = "keychain";
  readonly #program: Program;

  /** @param options Program and timeout. */
  constructor(options: SystemKeyringOptions = {}) {
    this.#program = {
      path: options.program ?? "/usr/bin/security",
      install: "it is part of macOS, restore it",
      timeout: options.timeout ?? 30_000,
      delay: `a prompt of the keychain waits; answer it, unlock it beforehand: ${UNLOCK}`,
    };
  }

  limit(service: string, account: string): number {
    return secretLimit(service, account);
  }

  async set(service: string, account: string, secret: string): Promise<void> {
    const action = itemAction("set", service, account);
    const line = addLine(service, account, secret);
    if (new TextEncoder().encode(line).length > LINE_LIMIT) {
      const size = new TextEncoder().encode(secret).length;
      throw tooLarge(action, size, secretLimit(service, account), "security");
    }
    // Standard error of this call can hold the end of the secret: only the status counts.
    const result = await run(this.#program, { action, args: ["-i"], stdin: line });
    if (result.code !== 0) throw this.#failure(action, result);
  }

  async get(service: string, account: string): Promise<string | undefined> {
    const action = itemAction("read", service, account);
    const result = await run(this.#program, { action, args: findArguments(service, account) });
    if (result.code === NOT_FOUND) return undefined;
    if (result.code !== 0) throw this.#failure(action, result);
    const secret = parseSecret(new TextDecoder().decode(result.stdout));
    if (secret === undefined) throw failed(action, "the value is damaged, set it again");
    return secret;
  }

  async delete(service: string, account: string): Promise<boolean> {
    const action = itemAction("delete", service, account);
    const args = deleteArguments(service, account);
    const result = await run(this.#program, { action, args, discardOutput: true });
    if (result.code === NOT_FOUND) return false;
    if (result.code !== 0) throw this.#failure(action, result);
    return true;
  }

  async list(service: string): Promise<string[]> {
    const action = `Cannot list the credentials of service "${service}"`;
    const keychain = await run(this.#program, { action, args: ["default-keychain"] });
    const path = parseDefaultKeychain(new TextDecoder().decode(keychain.stdout));
    if (keychain.code !== 0 || path === undefined) throw this.#failure(action, keychain);
    // Without -d: that would decrypt every item of the user, with a prompt for each.
    const dump = await run(this.#program, { action, args: ["dump-keychain", path] });
    if (dump.code !== 0) throw this.#failure(action, dump);
    return [...new Set(parseAccounts(new TextDecoder().decode(dump.stdout), service))];
  }

  #failure(action: string, { code }: CallResult): Error {
    switch (code) {
      case 36: // errSecInteractionNotAllowed: over SSH, in cron, in CI
      case 29: // errSecInteractionRequired
        return locked(action, `unlock it: ${UNLOCK}`);
      case 51: // errSecAuthFailed
      case 128: // errSecUserCanceled
      case 52: // errSecReadOnly
      case 195: // wrPermErr
        return denied(
          action,
          `the keychain refused access (status ${code})`,
          "allow it when macOS asks, or give the password of the keychain",
          "keychain",
        );
      case 37: // errSecNoDefaultKeychain
      case 49: // errSecInvalidKeychain
      case 50: // errSecNoSuchKeychain
      case 53: // errSecNotAvailable
        return unavailable(
          action,
          `there is no default keychain (status ${code})`,
          "log in once on the screen, or create one: security create-keychain",
        );
      default:
        return failed(action, `security ended with status ${code}`);
    }
  }
}
