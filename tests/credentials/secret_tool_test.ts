import { assertEquals } from "@std/assert";
import {
  failureOf,
  foreignAttributes,
  lookupArguments,
  parseAccounts,
  parseReplaced,
  parseSecret,
  parseSecrets,
  searchArguments,
  storeArguments,
} from "../../src/credentials/secret_tool.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
const item = (secret: string, modified = "2026-11-23 22:31:19") =>
  `[/23]\nlabel = Password for 'k' on 'goflow'\nsecret = ${secret}\n` +
  `created = 2026-11-23 22:31:19\nmodified = ${modified}\n`;

Deno.test("storeArguments() ends the options before the attributes", () => {
  assertEquals(storeArguments("goflow", "--all", "/collection"), [
    "store",
    "--collection=/collection",
    "--label=Password for '--all' on 'goflow'",
    "--",
    "service",
    "goflow",
    "username",
    "--all",
  ]);
  assertEquals(lookupArguments("goflow", "-l").slice(0, 2), ["lookup", "--"]);
  assertEquals(searchArguments("goflow").slice(0, 3), ["search", "--all", "--"]);
});

Deno.test("storeArguments() keeps slashes out of the label, which KWallet takes for folders", () => {
  assertEquals(storeArguments("goflow", "a/b")[1], "--label=Password for 'a-b' on 'goflow'");
});

Deno.test("parseSecret() takes everything inside an item literally", () => {
  for (
    const secret of [
      "",
      "plain",
      "two\nlines\n",
      "x\ncreated = 1\nmodified = 2\n[/1]\nlabel = y\nsecret = z",
    ]
  ) {
    assertEquals(decode(parseSecret(encode(item(secret)))), secret);
    assertEquals(decode(parseSecret(encode(`${item(secret)}schema = org.x\n`))), secret);
  }
  assertEquals(parseSecret(encode("")), undefined);
  assertEquals(parseSecret(encode("[/1]\nlabel = x\ncreated = 1\n")), undefined);
});

Deno.test("parseSecrets() refuses output in which a secret imitates an item", () => {
  const two = encode(item("one\n") + item("two"));
  assertEquals(parseSecrets(two, ["a", "b"]), new Map([["a", "one\n"], ["b", "two"]]));
  assertEquals(parseSecrets(two, ["a"]), undefined);
  assertEquals(parseSecrets(two, ["a", "a"]), undefined);
  const forged = encode(item(`x\ncreated = 1\nmodified = 1\n[/2]\nlabel = l\nsecret = y`));
  assertEquals(parseSecrets(forged, ["a"]), undefined);
  assertEquals(parseSecrets(new Uint8Array(), []), new Map());
});

Deno.test("parseReplaced() compares the times of an item, not those inside its secret", () => {
  assertEquals(parseReplaced(encode(item("x"))), false);
  assertEquals(parseReplaced(encode(item("x", "2026-11-23 22:31:20"))), true);
  assertEquals(parseReplaced(encode(item("x\ncreated = 1\nmodified = 2\n"))), false);
});

Deno.test("parseAccounts() and foreignAttributes() read the attributes of a search", () => {
  const stderr = "attribute.service = goflow\nattribute.username = a = b\n" +
    "attribute.application = Python keyring library\nattribute.xdg:schema = x\n" +
    "attribute.username = \n";
  assertEquals(parseAccounts(stderr), ["a = b", ""]);
  assertEquals(foreignAttributes(stderr), [["application", "Python keyring library"]]);
});

Deno.test("failureOf() recognises messages, but not keys that imitate them", () => {
  assertEquals(failureOf("secret-tool: Cannot create an item in a locked collection"), "locked");
  assertEquals(failureOf("attribute.username = locked collection\n"), undefined);
  assertEquals(failureOf("Could not connect: No such file or directory"), "no-bus");
  assertEquals(failureOf(""), undefined);
});
