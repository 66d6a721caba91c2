/**
 * Linux: the Secret Service (GNOME Keyring, KWallet, KeePassXC) through
 * libsecret's `secret-tool`, with the attributes of
 * {@link https://github.com/zalando/go-keyring | go-keyring}.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { KeyringError } from "../domain/errors.ts";
import { decodeUtf8 } from "../text_decoding.ts";
import { denied, failed, itemAction, locked, notText, tooLarge, unavailable } from "./failures.ts";
import { readEach } from "./read_many.ts";
import { type Call, type CallResult, type Program, run } from "./process.ts";
import {
  clearArguments,
  countItems,
  countUnlocked,
  type Failure,
  failureOf,
  foreignAttributes,
  LOGIN_COLLECTION,
  lookupArguments,
  parseAccounts,
  parseReplaced,
  parseSecret,
  parseSecrets,
  searchArguments,
  SECRET_LIMIT,
  storeArguments,
} from "./secret_tool.ts";
import type { SystemKeyringOptions } from "./system.ts";

/** Without `--replace`, a daemon that runs already stays as it is. */
const UNLOCK_COMMAND =
  'printf %s "$PASSWORD" | gnome-keyring-daemon --replace --unlock --components=secrets';
const UNLOCK_CURE = `log in to the desktop, or unlock it without one: ${UNLOCK_COMMAND}`;
const CREATE_CURE = `log in to the desktop, or create one without: ${UNLOCK_COMMAND}`;
const SERVICE_CURE =
  "install and start one (Debian and Ubuntu: gnome-keyring), without a desktop inside: dbus-run-session -- sh -c 'printf %s \"$PASSWORD\" | gnome-keyring-daemon --unlock; exec your-command'";

/**
 * If this process is killed before it has written the secret, `secret-tool` sees the
 * end of its input and would replace the credential by nothing. This makes GLib print
 * a line on standard error after the input is read and before D-Bus is reached: with
 * nobody left at the other end, the system kills `secret-tool` there.
 */
const DIE_WITH_PARENT = { G_DBUS_DEBUG: "help" };

/** How often an answer that others have upset is asked for. */
const ATTEMPTS = 10;
/** Enough keys to make reading all items at once cheaper than one process for each. */
const SEARCH_FROM = 4;
/** Milliseconds in which reading the wanted items one by one would make good progress. */
const searchTime = (wanted: number) => 100 + 10 * wanted;

/**
 * Keyring over the Secret Service.
 *
 * Requires `--allow-run=secret-tool`.
 */
export class SecretServiceKeyring implements Keyring {
  readonly name = "secret-service";
  readonly #program: Program;
  #collection: string | undefined = LOGIN_COLLECTION;

  /** @param options Program and timeout. */
  constructor(options: SystemKeyringOptions = {}) {
    this.#program = {
      path: options.program ?? "secret-tool",
      install:
        "install secret-tool (Debian and Ubuntu: libsecret-tools, Fedora and Arch: libsecret)",
      timeout: options.timeout ?? 30_000,
      delay: "a prompt to unlock the keyring waits; answer it, unlock the keyring beforehand",
      environment: {
        LC_ALL: "C.UTF-8",
        LANGUAGE: "",
        // A file would be another store than the one Go uses.
        SECRET_BACKEND: "service",
        // Debug messages would mix with the secrets and attributes.
        G_MESSAGES_DEBUG: "",
        G_DBUS_DEBUG: "",
      },
      keep: [
        "DBUS_SESSION_BUS_ADDRESS",
        "XDG_RUNTIME_DIR",
        "HOME",
        "PATH",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XAUTHORITY",
      ],
    };
  }

  limit(): number {
    return SECRET_LIMIT;
  }

  async set(service: string, account: string, secret: string): Promise<void> {
    const action = itemAction("set", service, account);
    const size = new TextEncoder().encode(secret).length;
    if (size > SECRET_LIMIT) throw tooLarge(action, size, SECRET_LIMIT, "secret-tool");
    await this.#store(action, service, account, secret);
  }

  /** Reads back what was stored, and removes items of other programs that hide it. */
  async verify(
    service: string,
    account: string,
    secret: string,
  ): Promise<boolean | undefined> {
    const action = itemAction("set", service, account);
    const search = () => this.#run(action, searchArguments(service, account));
    let found = await search();
    if (countUnlocked(found.stderr) > 1) {
      await this.#removeDuplicates(action, service, account, secret, found.stderr);
      found = await search();
    }
    const alone = countItems(found.stderr) === 1;
    // An item in a locked collection hides nothing: the others come first.
    const result = alone || found.code !== 0
      ? found
      : await this.#run(action, lookupArguments(service, account));
    const { code, stdout } = result;
    const stored = alone ? parseSecret(stdout) : stdout;
    if (code === 0 && equal(stored, new TextEncoder().encode(secret))) {
      return alone ? parseReplaced(stdout) : undefined;
    }
    // A search succeeds all the same when it cannot read the secret.
    const failure = code === 0 && stored !== undefined ? undefined : failureOf(result.stderr);
    if (failure !== undefined && failure !== "gone") throw this.#failure(action, result);
    throw failed(action, "the keyring returned something else than what was stored");
  }

  async get(service: string, account: string): Promise<string | undefined> {
    const action = itemAction("read", service, account);
    const result = await this.#run(action, lookupArguments(service, account));
    if (result.code === 0) return decode(action, result.stdout);
    const failure = failureOf(result.stderr);
    if (!foundNothing(result) && failure !== "content-type") throw this.#failure(action, result);
    // `secret-tool` ends in the same way for a missing item and for a locked one, and
    // prints what is not marked as text only when it searches.
    const { items, secret } = await this.#find(action, service, account);
    if (items === 0) return undefined;
    if (secret !== undefined) return decode(action, secret);
    throw failure === undefined ? locked(action, UNLOCK_CURE) : this.#failure(action, result);
  }

  async delete(service: string, account: string): Promise<boolean> {
    const action = itemAction("delete", service, account);
    const result = await this.#run(action, clearArguments(service, account));
    if (result.code === 0) return true;
    if (!foundNothing(result)) throw this.#failure(action, result);
    // `secret-tool` ends in the same way for a missing item and for a locked one.
    const probe = await this.#run(action, searchArguments(service, account), {
      discardOutput: true,
    });
    if (probe.code !== 0) throw this.#failure(action, probe);
    if (countItems(probe.stderr) > 0) throw locked(action, UNLOCK_CURE);
    return false;
  }

  async list(service: string): Promise<string[]> {
    const action = `Cannot list the credentials of service "${service}"`;
    const result = await this.#run(action, searchArguments(service), { discardOutput: true });
    if (result.code !== 0) throw this.#failure(action, result);
    const accounts = parseAccounts(result.stderr);
    // An item that was locked since the keyring started has no name yet.
    if (accounts.length < countItems(result.stderr)) throw locked(action, UNLOCK_CURE);
    return [...new Set(accounts)];
  }

  /** Finds that an item is missing in half the time that {@linkcode get} takes. */
  async getMany(service: string, accounts: readonly string[]): Promise<Map<string, string>> {
    const found = accounts.length >= SEARCH_FROM
      ? await this.#search(service, accounts.length)
      : undefined;
    if (found === undefined) {
      return await readEach(accounts, (account) => this.#seek(service, account));
    }
    return new Map(accounts.flatMap((account) => {
      const secret = found.get(account);
      return secret === undefined ? [] : [[account, secret]];
    }));
  }

  /** Reads an item that may well be missing. */
  async #seek(service: string, account: string): Promise<string | undefined> {
    const action = itemAction("read", service, account);
    const { items, secret } = await this.#find(action, service, account);
    if (items === 0) return undefined;
    // Locked, which only a lookup asks to unlock, or one of several items.
    return secret === undefined ? await this.get(service, account) : decode(action, secret);
  }

  /** How many items there are of an account, and the secret of the only one if it is not locked. */
  async #find(
    action: string,
    service: string,
    account: string,
  ): Promise<{ items: number; secret: Uint8Array | undefined }> {
    const found = await this.#run(action, searchArguments(service, account));
    if (found.code !== 0) throw this.#failure(action, found);
    const items = countItems(found.stderr);
    return { items, secret: items === 1 ? parseSecret(found.stdout) : undefined };
  }

  /**
   * All secrets of a service in one process; `undefined` when the answer leaves a
   * doubt, or when there are so many that reading the wanted ones is faster.
   */
  async #search(service: string, wanted: number): Promise<Map<string, string> | undefined> {
    const action = `Cannot read the credentials of service "${service}"`;
    const timeout = Math.min(searchTime(wanted), this.#program.timeout);
    try {
      const args = searchArguments(service);
      const result = await run({ ...this.#program, timeout }, { action, args });
      const failure = failureOf(result.stderr);
      if (result.code !== 0 && failure !== "gone") throw this.#failure(action, result);
      if (failure !== undefined) return undefined;
      return parseSecrets(result.stdout, parseAccounts(result.stderr));
    } catch (cause) {
      if (cause instanceof KeyringError && cause.reason === "timeout") return undefined;
      throw cause;
    }
  }

  async #store(
    action: string,
    service: string,
    account: string,
    secret: string,
  ): Promise<void> {
    const store = (collection: string | undefined) =>
      this.#run(action, storeArguments(service, account, collection), {
        stdin: secret,
        environment: DIE_WITH_PARENT,
      });
    let result = await store(this.#collection);
    if (result.code !== 0 && failureOf(result.stderr) === "no-collection" && this.#collection) {
      // A keyring without a "login" collection: KWallet, KeePassXC, a session on a server.
      result = await store(undefined);
      if (result.code === 0) this.#collection = undefined;
    }
    if (result.code !== 0) throw this.#failure(action, result);
    if (failureOf(result.stderr) === "too-long") {
      throw failed(action, "secret-tool stored only the beginning of the value, set it again");
    }
  }

  /** Python's keyring adds an attribute and so a second item, and readers get either. */
  async #removeDuplicates(
    action: string,
    service: string,
    account: string,
    secret: string,
    attributes: string,
  ): Promise<void> {
    for (const [name, value] of foreignAttributes(attributes)) {
      await this.#run(action, clearArguments(service, account, name, value));
    }
    const left = await this.#run(action, searchArguments(service, account), {
      discardOutput: true,
    });
    if (countUnlocked(left.stderr) === 1) return;
    // Equal attributes cannot be told apart: for a moment there is no item at all.
    await this.#run(action, clearArguments(service, account));
    await this.#store(action, service, account, secret);
  }

  /** Once more when somebody else deleted an item after it was found and before it was read. */
  async #run(
    action: string,
    args: string[],
    options: Pick<Call, "stdin" | "discardOutput" | "environment"> = {},
  ): Promise<CallResult> {
    for (let attempt = 1;; attempt++) {
      const result = await run(this.#program, { action, args, ...options });
      if (failureOf(result.stderr) !== "gone" || attempt === ATTEMPTS) return result;
    }
  }

  #failure(action: string, { code, stderr }: CallResult): Error {
    const failure: Failure | undefined = failureOf(stderr);
    switch (failure) {
      case "locked":
        return locked(action, UNLOCK_CURE);
      case "no-bus":
        return unavailable(action, "there is no D-Bus session", SERVICE_CURE);
      case "no-service":
        return unavailable(action, "no Secret Service answers on D-Bus", SERVICE_CURE);
      case "no-collection":
        return unavailable(action, "the Secret Service has no keyring to store in", CREATE_CURE);
      case "denied":
        return denied(
          action,
          "D-Bus refused access to the Secret Service",
          "allow this user or this sandbox to talk to org.freedesktop.secrets",
          "org.freedesktop.secrets",
        );
      case "content-type":
        return failed(
          action,
          "another program stored it several times and not as plain text, set it again",
        );
      default:
        return failed(action, `secret-tool ended with status ${code}`);
    }
  }
}

/** Whether `secret-tool` came to its end without an item; one that was killed says nothing either. */
function foundNothing({ code, stderr }: CallResult): boolean {
  return code === 1 && stderr.trim() === "";
}

function decode(action: string, secret: Uint8Array): string {
  try {
    return decodeUtf8(secret);
  } catch {
    throw notText(action);
  }
}

function equal(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, index) => byte === b[index]);
}
