/**
 * Behaves as macOS' `security`: the line reader and tokenizer of `-i`, statuses,
 * output formats, a standard error that shows what it should not.
 *
 * Modes: `locked`, `denied`, `no-keychain`, `hang`, `leak`, `broken`.
 *
 * @module
 */

import { type FakeProcess, fromBytes, toBytes } from "./items.ts";
import { tokenize } from "./tokenizer.ts";

/** Runs it. */
export function security(process: FakeProcess): void {
  if (process.items.mode === "hang") process.hang();
  const { args, stdin } = process;
  process.exit(
    args[0] === "-i" ? interactive(process, stdin) : execute(process, args.map(toBytes)),
  );
}

/** Reads lines as `security -i` does, and ends with the status of the last command. */
function interactive(process: FakeProcess, input: string): number {
  let status = 0;
  for (let rest = input; rest !== "";) {
    const end = rest.indexOf("\n");
    const length = Math.min(end === -1 ? Infinity : end + 1, 4095);
    // The end of the input instead of a line end: what was read is dropped.
    if (length === Infinity || (end === -1 && rest.length < 4095)) break;
    const line = rest.slice(0, length);
    rest = rest.slice(length);
    if (process.items.mode === "leak") process.print(`security: ${line}`, "stderr");
    status = execute(process, tokenize(line));
  }
  return status;
}

function execute(process: FakeProcess, [command, ...words]: string[]): number {
  const { items } = process;
  if (command === undefined) return 0;
  const blocked = { locked: 36, denied: 128, "no-keychain": 37, broken: 206, leak: 1 }[items.mode];
  if (blocked !== undefined) return blocked;
  switch (command) {
    case "add-generic-password": {
      const { s, a, w, rest, U } = parse(words, "saw", "U");
      if (s === undefined || a === undefined || w === undefined || rest.length > 0) return 2;
      if (items.read(`${s}\0${a}`) && !U) return 45;
      items.write(`${s}\0${a}`, { attributes: { s, a }, secret: w });
      return 0;
    }
    case "find-generic-password": {
      const { s, a, w } = parse(words, "sa", "w");
      const item = items.read(`${s}\0${a}`);
      if (item === undefined) return notFound(process);
      if (w) {
        process.print(`${printable(item.secret) ? item.secret : hex(item.secret).toLowerCase()}\n`);
      }
      return 0;
    }
    case "delete-generic-password": {
      const { s, a } = parse(words, "sa", "");
      return items.delete(`${s}\0${a}`) ? 0 : notFound(process);
    }
    case "default-keychain":
      process.print('    "/Users/somebody/Library/Keychains/login.keychain-db"\n');
      return 0;
    case "dump-keychain":
      if (words.includes("-d")) return 128;
      process.print(FOREIGN);
      for (const { attributes: { s = "", a = "" } } of items.all()) {
        process.print(`keychain: "/Users/somebody/Library/Keychains/login.keychain-db"
version: 512
class: "genp"
attributes:
    0x00000007 <blob>=${attribute(s)}
    "acct"<blob>=${attribute(a)}
    "cdat"<timedate>=0x32303236313132333232333131395A00  "20261123223119Z\\000"
    "svce"<blob>=${attribute(s)}
    "type"<uint32>=<NULL>
`);
      }
      return 0;
    default:
      process.print(`security: unknown command "${command}"\n`, "stderr");
      return 1;
  }
}

/** Items of other programs, which nobody may mistake for ours. */
const FOREIGN = `keychain: "/Users/somebody/Library/Keychains/login.keychain-db"
version: 512
class: "inet"
attributes:
    "acct"<blob>="internet"
    "svce"<blob>="goflow"
keychain: "/Users/somebody/Library/Keychains/login.keychain-db"
version: 512
class: "genp"
attributes:
    "acct"<blob>=<NULL>
    "svce"<blob>="goflow"
keychain: "/Users/somebody/Library/Keychains/login.keychain-db"
version: 512
class: "genp"
attributes:
    "acct"<blob>="somebody"
    "svce"<blob>="AirPort"
`;

function notFound(process: FakeProcess): number {
  const text = "The specified item could not be found in the keychain.";
  process.print(`security: SecKeychainSearchCopyNext: ${text}\n`, "stderr");
  return 44;
}

interface Parsed {
  [option: string]: string | undefined;
  s?: string;
  a?: string;
  w?: string;
  U?: string;
}

/** Options as getopt reads them: with and without a value. */
function parse(words: string[], valued: string, flags: string): Parsed & { rest: string[] } {
  const parsed: Parsed = {};
  const rest: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const letter = word.slice(1);
    if (word.startsWith("-") && letter.length === 1 && valued.includes(letter)) {
      parsed[letter] = words[++index];
    } else if (word.startsWith("-") && letter.length === 1 && flags.includes(letter)) {
      parsed[letter] = "yes";
    } else rest.push(word);
  }
  return Object.assign(parsed, { rest }) as Parsed & { rest: string[] };
}

function printable(bytes: string): boolean {
  return /^[\x20-\x7e]*$/.test(bytes);
}

function hex(bytes: string): string {
  return Uint8Array.from(bytes, (character) => character.charCodeAt(0)).toHex().toUpperCase();
}

function attribute(bytes: string): string {
  return printable(bytes) ? `"${bytes}"` : `0x${hex(bytes)}  "${fromBytes(bytes).length}"`;
}
