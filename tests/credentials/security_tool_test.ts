import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  addLine,
  LINE_LIMIT,
  parseAccounts,
  parseSecret,
  quoteArgument,
  secretLimit,
} from "../../src/credentials/security_tool.ts";
import { tokenize } from "./fakes/tokenizer.ts";

const size = (text: string) => new TextEncoder().encode(text).length;
/** Text without the control characters that no key has. */
const key = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 })
  .filter((text) => !/\p{Cc}/u.test(text) && text.isWellFormed());

Deno.test("quoteArgument() makes one word of anything, for the reader of security -i", () => {
  fc.assert(fc.property(key, key, (one, two) => {
    const line = `command ${quoteArgument(one)} ${quoteArgument(two)}\n`;
    assertEquals(tokenize(line), ["command", one, two]);
  }));
});

Deno.test("quoteArgument() quotes what a shell would quote in another way", () => {
  for (const text of ["", "it's", 'say "hi"', "a\\b", "\\", '"', "'", " ", "-w", "$(id)", "a b "]) {
    assertEquals(tokenize(`${quoteArgument(text)} end`), [text, "end"]);
  }
});

Deno.test("addLine() holds service, account and value as security reads them", () => {
  fc.assert(fc.property(key, fc.string({ unit: "grapheme" }), (account, secret) => {
    const line = addLine("goflow", account, secret);
    const words = tokenize(line);
    assertEquals(words.slice(0, 7), [
      "add-generic-password",
      "-U",
      "-s",
      "goflow",
      "-a",
      account,
      "-w",
    ]);
    assertEquals(words.length, 8);
    assertEquals(parseSecret(`${words[7]}\n`), secret);
    // Only the last character ends a line: security would run the rest as a command.
    assertEquals(line.indexOf("\n"), line.length - 1);
  }));
});

Deno.test("secretLimit() is the size at which the line is full", () => {
  fc.assert(fc.property(key, (account) => {
    const limit = secretLimit("goflow", account);
    assert(size(addLine("goflow", account, "x".repeat(limit))) <= LINE_LIMIT);
    assert(size(addLine("goflow", account, "x".repeat(limit + 1))) > LINE_LIMIT);
  }));
  assertEquals(secretLimit("goflow", "k".repeat(5000)), 0);
});

Deno.test("parseSecret() reads both prefixes of go-keyring, and plain text", () => {
  assertEquals(parseSecret("go-keyring-base64:aMOpIQo=\n"), "hé!\n");
  assertEquals(parseSecret("go-keyring-encoded:68c3a9210a\n"), "hé!\n");
  assertEquals(parseSecret("plain text \n"), "plain text ");
  assertEquals(parseSecret("deadbeef\n"), "deadbeef");
  assertEquals(parseSecret("\n"), "");
  assertEquals(parseSecret("go-keyring-base64:\n"), "");
});

Deno.test("parseSecret() does not guess at a damaged value", () => {
  for (const text of ["go-keyring-base64:%%", "go-keyring-encoded:abc", "go-keyring-base64:/w=="]) {
    assertEquals(parseSecret(`${text}\n`), undefined, text);
  }
});

Deno.test("parseAccounts() reads plain, quoted and hexadecimal attributes of our service alone", () => {
  const item = (service: string, account: string, kind = "genp") =>
    `keychain: "/x"\nversion: 512\nclass: "${kind}"\nattributes:\n` +
    `    "acct"<blob>=${account}\n    "svce"<blob>=${service}\n`;
  const dump = item('"goflow"', '"plain"') + item('"goflow"', '"with "quotes" inside"') +
    item('"goflow"', '0x6B6CC3A9  "kl\\303\\251"') + item('"goflow.meta"', '"other"') +
    item('"goflow"', "<NULL>") + item('"goflow"', '"web"', "inet") +
    item('"goflow"', '0xFF  "\\377"') + item("0x676F666C6F77", '"hex service"');
  assertEquals(parseAccounts(dump, "goflow"), [
    "plain",
    'with "quotes" inside',
    "klé",
    "hex service",
  ]);
  assertEquals(parseAccounts("", "goflow"), []);
});
