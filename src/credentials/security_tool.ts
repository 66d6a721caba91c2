/**
 * Command lines of macOS' `security` and the texts it prints. Pure.
 *
 * @module
 */

import { decodeUtf8 } from "../text_decoding.ts";

/** Most bytes of a command line that `security -i` reads whole, its line end included. */
export const LINE_LIMIT = 4095;

/** Marks a value in base64, as go-keyring writes every value. */
const BASE64_PREFIX = "go-keyring-base64:";
/** Marks a value in hexadecimal digits, as old versions of go-keyring wrote it. */
const HEX_PREFIX = "go-keyring-encoded:";

/** Quotes an argument for the line reader of `security -i`; not for a shell. */
export function quoteArgument(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  return `"${argument.replace(/[\\"]/g, "\\$&")}"`;
}

/** The line for the standard input of `security -i` that stores or replaces an item. */
export function addLine(service: string, account: string, secret: string): string {
  const value = BASE64_PREFIX + toBase64(secret);
  return `add-generic-password -U -s ${quoteArgument(service)} -a ${quoteArgument(account)} -w ${
    quoteArgument(value)
  }\n`;
}

/** Most bytes of a secret whose {@linkcode addLine} fits into {@linkcode LINE_LIMIT}. */
export function secretLimit(service: string, account: string): number {
  const room = LINE_LIMIT - new TextEncoder().encode(addLine(service, account, "")).length;
  return Math.max(0, Math.floor(room / 4) * 3);
}

/** Prints the secret of an item. */
export function findArguments(service: string, account: string): string[] {
  return ["find-generic-password", "-s", service, "-a", account, "-w"];
}

/** Deletes an item. */
export function deleteArguments(service: string, account: string): string[] {
  return ["delete-generic-password", "-s", service, "-a", account];
}

/**
 * Reads what `find-generic-password -w` printed. A value of another program that is
 * not printable ASCII comes in hexadecimal digits and cannot be told from such digits.
 *
 * @returns The value, or `undefined` if it carries a prefix of go-keyring and is damaged.
 */
export function parseSecret(output: string): string | undefined {
  const text = output.replace(/\n$/, "");
  try {
    if (text.startsWith(BASE64_PREFIX)) return decodeUtf8(base64(text.slice(BASE64_PREFIX.length)));
    if (text.startsWith(HEX_PREFIX)) return decodeUtf8(hex(text.slice(HEX_PREFIX.length)));
  } catch {
    return undefined;
  }
  return text;
}

/** Path that `default-keychain` printed. */
export function parseDefaultKeychain(output: string): string | undefined {
  return /"(.*)"/.exec(output)?.[1];
}

/** Accounts of a service among the items that `dump-keychain` printed without secrets. */
export function parseAccounts(dump: string, service: string): string[] {
  const accounts: string[] = [];
  for (const item of dump.split(/^keychain: /m)) {
    if (!/^class: "genp"$/m.test(item)) continue;
    if (parseAttribute(item, "svce") !== service) continue;
    const account = parseAttribute(item, "acct");
    if (account !== undefined) accounts.push(account);
  }
  return accounts;
}

/** A text attribute: `"plain"`, or `0x4B…  "readable"` when it is not printable ASCII. */
function parseAttribute(item: string, name: string): string | undefined {
  const value = new RegExp(`^ *"${name}"<blob>=(.*)$`, "m").exec(item)?.[1];
  if (value === undefined || value === "<NULL>") return undefined;
  const digits = /^0x([0-9A-F]+)/i.exec(value)?.[1];
  try {
    return digits === undefined ? /^"(.*)"$/.exec(value)?.[1] : decodeUtf8(hex(digits));
  } catch {
    // Not UTF-8, so no key of this module.
    return undefined;
  }
}

function toBase64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

function base64(text: string): Uint8Array {
  return Uint8Array.fromBase64(text.trim());
}

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text.trim());
}
