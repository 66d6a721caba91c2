/**
 * Command lines of `secret-tool` and the texts it prints. Pure.
 *
 * @module
 */

import { decodeUtf8 } from "../text_decoding.ts";

/** Most bytes in one item: `secret-tool` cuts longer values off and reports success. */
export const SECRET_LIMIT = 8191;

/** Where go-keyring stores; `secret-tool` would use the default collection. */
export const LOGIN_COLLECTION = "/org/freedesktop/secrets/collection/login";

/**
 * In front of the attributes of an item that was locked since GNOME Keyring started:
 * the file has only hashes in clear, by which a search finds it.
 */
const HASHED = "gkr:compat:hashed:";

/** What a line on standard error means. */
export type Failure =
  | "locked"
  | "no-bus"
  | "no-service"
  | "no-collection"
  | "gone"
  | "denied"
  | "too-long"
  | "content-type";

/** Parts of messages, the more specific first. */
const FAILURES: readonly (readonly [string, Failure])[] = [
  ["password is too long", "too-long"],
  ["does not contain a textual password", "content-type"],
  ["locked collection", "locked"],
  ["locked object", "locked"],
  ["ollection is locked", "locked"],
  ["given address is empty", "no-bus"],
  ["ddress element ", "no-bus"],
  ["rror in address ", "no-bus"],
  ["nsupported transport ", "no-bus"],
  ["Error resolving ", "no-bus"],
  ["lack of content trying to read a line", "no-bus"],
  ["Cannot autolaunch D-Bus", "no-bus"],
  ["Cannot spawn a message bus", "no-bus"],
  ["Could not connect", "no-bus"],
  ["Error connecting", "no-bus"],
  ["connection is closed", "no-bus"],
  ["not provided by any .service", "no-service"],
  ["ServiceUnknown", "no-service"],
  ["disconnected from message bus", "no-service"],
  ["NameHasNoOwner", "no-service"],
  ["exited with status", "no-service"],
  ["exited unexpectedly", "no-service"],
  ["startup job failed", "no-service"],
  ["Object does not exist", "no-collection"],
  ["No such object", "no-collection"],
  ["Unknown object", "no-collection"],
  ["No such interface", "no-collection"],
  ["No such collection", "no-collection"],
  ["No such secret collection", "no-collection"],
  ["AccessDenied", "denied"],
  ["not allowed to", "denied"],
  ["Rejected send message", "denied"],
];

/** What is said of an item that was found and is not there any more; a search succeeds all the same. */
const GONE =
  /No such secret item|(?:Object does not exist|No such interface|Unknown object).*\/collection\/[^/]+\/\d/;

/** Recognises a message on standard error. */
export function failureOf(stderr: string): Failure | undefined {
  // A key can imitate a message; attributes are no messages.
  const messages = stderr.split("\n").filter((line) => !line.startsWith("attribute."));
  if (messages.some((line) => GONE.test(line))) return "gone";
  return FAILURES.find(([part]) => messages.some((line) => line.includes(part)))?.[1];
}

/** Options come first: after `--` a key may look like one. */
function attributes(service: string, account?: string, ...more: string[]): string[] {
  const pairs = ["--", "service", service];
  if (account !== undefined) pairs.push("username", account);
  return [...pairs, ...more];
}

/** Stores what comes on standard input, in the default collection when none is given. */
export function storeArguments(
  service: string,
  account: string,
  collection?: string,
): string[] {
  // KWallet takes a slash in a label for a folder.
  const label = `Password for '${account}' on '${service}'`.replaceAll("/", "-");
  const target = collection === undefined ? [] : [`--collection=${collection}`];
  return ["store", ...target, `--label=${label}`, ...attributes(service, account)];
}

/** Prints the secret of one item. */
export function lookupArguments(service: string, account: string): string[] {
  return ["lookup", ...attributes(service, account)];
}

/** Deletes every item with these attributes. */
export function clearArguments(service: string, account: string, ...more: string[]): string[] {
  return ["clear", ...attributes(service, account, ...more)];
}

/** Prints the attributes of all items on standard error, their secrets on standard output. */
export function searchArguments(service: string, account?: string): string[] {
  return ["search", "--all", ...attributes(service, account)];
}

/**
 * Accounts of the items that a search found, with repetitions; without those that
 * {@linkcode countItems} counts as well but that are hidden until they are unlocked.
 */
export function parseAccounts(stderr: string): string[] {
  return parseAttributes(stderr).filter(([name]) => name === "username").map(([, value]) => value);
}

/** How many items a search found. */
export function countItems(stderr: string): number {
  return parseAttributes(stderr)
    .filter(([name]) => name === "username" || name === `${HASHED}username`).length;
}

/** How many of the items that a search found are not locked. */
export function countUnlocked(stderr: string): number {
  const locked = stderr.split("\n").filter((line) => failureOf(line) === "locked");
  return countItems(stderr) - locked.length;
}

/** Attributes that neither this module nor Go sets. */
export function foreignAttributes(stderr: string): [name: string, value: string][] {
  const found = parseAttributes(stderr)
    .filter(([name]) =>
      !["service", "username", "xdg:schema"].includes(name) && !name.startsWith(HASHED)
    );
  return [...new Map(found)];
}

/**
 * Only "\n" ends a line here: to a regular expression, other characters of a value do so
 * as well. Values of other programs may have several lines.
 */
function parseAttributes(stderr: string): [name: string, value: string][] {
  const found: [name: string, value: string][] = [];
  for (const line of stderr.replace(/\n$/, "").split("\n")) {
    const head = /^attribute\.([^ ]+) = /.exec(line);
    const last = found.at(-1);
    if (head) found.push([head[1] ?? "", line.slice(head[0].length)]);
    else if (last && failureOf(line) === undefined) last[1] += `\n${line}`;
  }
  return found;
}

/** The secret of the only item that a search found; everything inside it is taken literally. */
export function parseSecret(stdout: Uint8Array): Uint8Array | undefined {
  const text = latin1(stdout);
  const start = /^\[[^\n]*\]\nlabel = [^\n]*\nsecret = /.exec(text)?.[0].length;
  const end = text.lastIndexOf("\ncreated = ");
  if (start === undefined || end < start) return undefined;
  return stdout.slice(start, end);
}

/** Whether the only item that a search found is older than its last change; in seconds. */
export function parseReplaced(stdout: Uint8Array): boolean {
  const times = /\ncreated = ([^\n]*)\nmodified = ([^\n]*)\n(?!.*\ncreated = )/s.exec(
    latin1(stdout),
  );
  return times !== null && times[1] !== times[2];
}

/**
 * The secrets of all items that a search found, by account.
 *
 * @param stdout Items, one after the other.
 * @param accounts Their accounts in the same order.
 * @returns `undefined` if a secret looks like the end of an item, or an account occurs twice.
 */
export function parseSecrets(
  stdout: Uint8Array,
  accounts: readonly string[],
): Map<string, string> | undefined {
  const heads = [...latin1(stdout).matchAll(/(?<![^\n])\[[^\n]*\]\nlabel = /g)]
    .map(({ index }) => index);
  if (heads.length !== accounts.length || new Set(accounts).size !== accounts.length) {
    return undefined;
  }
  const secrets = new Map<string, string>();
  for (const [index, account] of accounts.entries()) {
    const secret = parseSecret(stdout.subarray(heads[index], heads[index + 1]));
    if (secret === undefined) return undefined;
    try {
      secrets.set(account, decodeUtf8(secret));
    } catch {
      return undefined;
    }
  }
  return secrets;
}

/** One character for each byte, so that positions are those of the bytes. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return text;
}
