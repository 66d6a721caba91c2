import { assertEquals, assertRejects } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import {
  foreignAttributes,
  parseAccounts,
  parseSecrets,
} from "../../src/credentials/secret_tool.ts";
import { NotFoundError } from "../../src/domain/errors.ts";
import { testNeeding } from "../helpers/skip.ts";
import { GnomeKeyring, gnomeKeyring } from "./gnome_keyring.ts";

/** Characters that end a line to a regular expression or to a person, but not to `secret-tool`. */
const LINE_ENDS = ["\u2028", "\u2029", "\r", "\u0085", "\v"];

Deno.test("parseAccounts() reads keys with every kind of line end as they are", () => {
  for (const end of [...LINE_ENDS, "\n"]) {
    const key = `tok${end}en`;
    const stderr = `attribute.service = goflow\nattribute.username = ${key}\n` +
      `attribute.application = a${end}b\nattribute.username = tok${end}\n`;
    assertEquals(parseAccounts(stderr), [key, `tok${end}`]);
    assertEquals(foreignAttributes(stderr), [["application", `a${end}b`]]);
  }
});

Deno.test("parseAccounts() takes no message for a part of a key", () => {
  const stderr = "attribute.username = key\nsecret-tool: Cannot get secret of a locked object\n";
  assertEquals(parseAccounts(stderr), ["key"]);
});

Deno.test("parseSecrets() takes no line end inside a secret for the end of a line", () => {
  const item = (secret: string) =>
    `[/1]\nlabel = l\nsecret = ${secret}\ncreated = 1\nmodified = 1\n`;
  for (const end of LINE_ENDS) {
    const secret = `x${end}[/2]\nlabel = l`;
    const stdout = new TextEncoder().encode(item(secret) + item("y"));
    assertEquals(parseSecrets(stdout, ["a", "b"]), new Map([["a", secret], ["b", "y"]]));
  }
});

testNeeding(
  gnomeKeyring,
  "KeyringCredentialStore.getMany() returns no value under a part of its key",
  async () => {
    await using gnome = await GnomeKeyring.start();
    const keyring = gnome.keyring();
    const store = await KeyringCredentialStore.open({ keyring, root: gnome.home });
    await store.set("tok\u2028en", "one");
    await store.set("tok\u2029en", "two");
    // Go refuses no key.
    await keyring.set("goflow", "tok\nother", "three");
    assertEquals(await store.list(), ["tok\nother", "tok\u2028en", "tok\u2029en"]);
    const values = await store.getMany(["tok", "tok\u2028en", "tok\u2029en", "other", "en"]);
    assertEquals([...values], [["tok\u2028en", "one"], ["tok\u2029en", "two"]]);
    await assertRejects(() => store.get("tok"), NotFoundError);
  },
);
