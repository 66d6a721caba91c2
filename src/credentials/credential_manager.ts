/**
 * Windows: the Credential Manager through Windows PowerShell, in the format of
 * {@link https://github.com/zalando/go-keyring | go-keyring}.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { InvalidDataError } from "../domain/errors.ts";
import { decodeUtf8 } from "../text_decoding.ts";
import {
  type Operation,
  type OperationResult,
  parseAnswer,
  requestLine,
  scriptArguments,
} from "./credential_manager_script.ts";
import { denied, failed, itemAction, named, notText, tooLarge, unavailable } from "./failures.ts";
import { type Program, run } from "./process.ts";
import type { SystemKeyringOptions } from "./system.ts";

/** Most bytes of `CredentialBlob`. */
const BLOB_LIMIT = 2560;
/** Most characters of `UserName`. */
const USER_LIMIT = 512;

const ERROR_ACCESS_DENIED = 5;
const ERROR_NOT_FOUND = 1168;
const ERROR_NO_SUCH_LOGON_SESSION = 1312;

const POLICY_CURE = "run from a session whose policies allow PowerShell in full language mode";

/**
 * Keyring over the Credential Manager.
 *
 * Requires `--allow-run=powershell.exe`.
 */
export class CredentialManagerKeyring implements Keyring {
  readonly name = "credential-manager";
  readonly caseInsensitive = true;
  readonly #program: Program;
  readonly #waiting: Waiting[] = [];

  /** @param options Program and timeout. */
  constructor(options: SystemKeyringOptions = {}) {
    this.#program = {
      path: options.program ?? "powershell.exe",
      install: "install Windows PowerShell 5.1, or add its folder to PATH",
      timeout: options.timeout ?? 30_000,
      delay: "a virus scanner holds PowerShell or its compiler up; exempt them",
    };
  }

  limit(): number {
    return BLOB_LIMIT;
  }

  async set(service: string, account: string, secret: string): Promise<void> {
    const action = itemAction("set", service, account);
    const bytes = new TextEncoder().encode(secret);
    if (bytes.length > BLOB_LIMIT) {
      throw tooLarge(action, bytes.length, BLOB_LIMIT, "the Credential Manager");
    }
    if (account.length > USER_LIMIT) {
      throw new InvalidDataError(
        `${action}: Windows takes keys of at most ${USER_LIMIT} characters, this one has ${account.length}`,
      );
    }
    const value = bytes.toBase64();
    const { code } = await this.#one(action, {
      op: "set",
      target: target(service, account),
      user: account,
      value,
    });
    if (code !== 0) throw failure(action, code);
  }

  async get(service: string, account: string): Promise<string | undefined> {
    const action = itemAction("read", service, account);
    return secretOf(
      action,
      await this.#one(action, { op: "get", target: target(service, account) }),
    );
  }

  async delete(service: string, account: string): Promise<boolean> {
    const action = itemAction("delete", service, account);
    const { code } = await this.#one(action, { op: "delete", target: target(service, account) });
    if (code !== 0 && code !== ERROR_NOT_FOUND) throw failure(action, code);
    return code === 0;
  }

  async list(service: string): Promise<string[]> {
    const action = `Cannot list the credentials of service "${service}"`;
    const prefix = target(service, "");
    const { code, names = [] } = await this.#one(action, { op: "list", filter: `${prefix}*` });
    if (code !== 0 && code !== ERROR_NOT_FOUND) throw failure(action, code);
    return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }

  async getMany(service: string, accounts: readonly string[]): Promise<Map<string, string>> {
    const action = `Cannot read the credentials of service "${service}"`;
    const operations = accounts.map((account): Operation => ({
      op: "get",
      target: target(service, account),
    }));
    const secrets = new Map<string, string>();
    if (operations.length === 0) return secrets;
    const results = await this.#run(action, operations);
    for (const [index, result] of results.entries()) {
      const secret = secretOf(action, result);
      if (secret !== undefined) secrets.set(accounts[index] ?? "", secret);
    }
    return secrets;
  }

  async #one(action: string, operation: Operation): Promise<OperationResult> {
    const [result] = await this.#run(action, [operation]);
    if (result === undefined) throw failed(action, "PowerShell gave an empty answer");
    return result;
  }

  /**
   * Runs operations in one process, together with all that are asked for at the same
   * time: PowerShell takes most of a second to start.
   */
  #run(action: string, operations: readonly Operation[]): Promise<OperationResult[]> {
    const { promise, resolve, reject } = Promise.withResolvers<OperationResult[]>();
    if (this.#waiting.length === 0) queueMicrotask(() => this.#runWaiting());
    this.#waiting.push({ action, operations, resolve, reject });
    return promise;
  }

  async #runWaiting(): Promise<void> {
    const batch = this.#waiting.splice(0);
    const [{ action } = { action: "" }] = batch;
    try {
      const results = await this.#execute(action, batch.flatMap(({ operations }) => operations));
      for (const { operations, resolve } of batch) resolve(results.splice(0, operations.length));
    } catch (error) {
      // The message names the first action of the batch.
      for (const { action, reject } of batch) {
        named(action, () => Promise.reject(error)).catch(reject);
      }
    }
  }

  async #execute(action: string, operations: readonly Operation[]): Promise<OperationResult[]> {
    const args = scriptArguments();
    const result = await run(this.#program, { action, args, stdin: requestLine(operations) });
    const answer = parseAnswer(new TextDecoder().decode(result.stdout));
    switch (answer) {
      case "constrained":
        throw unavailable(action, "PowerShell runs in Constrained Language Mode", POLICY_CURE);
      case "blocked":
        throw unavailable(
          action,
          "PowerShell could not compile its helper (Add-Type)",
          "allow csc.exe and a writable TEMP folder in the antivirus or AppLocker policy",
        );
      case "none":
        throw unavailable(
          action,
          `PowerShell gave no answer (status ${result.code})`,
          POLICY_CURE,
        );
      default:
        if (answer.length === operations.length) return answer;
        throw failed(action, "PowerShell did not answer to everything");
    }
  }
}

/** Operations that wait for a process, and who waits for them. */
interface Waiting {
  action: string;
  operations: readonly Operation[];
  resolve: (results: OperationResult[]) => void;
  reject: (error: unknown) => void;
}

/** Name of an item, as go-keyring composes it. */
function target(service: string, account: string): string {
  return `${service}:${account}`;
}

function secretOf(action: string, { code, value }: OperationResult): string | undefined {
  if (code === ERROR_NOT_FOUND) return undefined;
  if (code !== 0) throw failure(action, code);
  try {
    return decodeUtf8(Uint8Array.fromBase64(value ?? ""));
  } catch {
    throw notText(action);
  }
}

function failure(action: string, code: number): Error {
  switch (code) {
    case ERROR_NO_SUCH_LOGON_SESSION:
      return unavailable(
        action,
        "this logon session has no Credential Manager (error 1312)",
        "run from an interactive or Remote Desktop session, not over SSH or as a service",
      );
    case ERROR_ACCESS_DENIED:
      return denied(
        action,
        "Windows refused access to the Credential Manager (error 5)",
        "allow this account to store credentials in the security policy",
        "Credential Manager",
      );
    default:
      return failed(action, `Windows reported error ${code}`);
  }
}
