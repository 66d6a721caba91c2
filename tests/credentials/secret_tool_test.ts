import { assert, assertEquals, assertRejects } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
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
import { systemKeyring } from "../../src/credentials/system.ts";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { runCode } from "../helpers/child.ts";
import { linux, program, testNeeding } from "../helpers/skip.ts";

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
  // As oo7-daemon says it.
  const collection = "/org/freedesktop/secrets/collection/login";
  assertEquals(failureOf(`secret-tool: Unknown object '${collection}'`), "no-collection");
  assertEquals(failureOf(`secret-tool: Unknown object '${collection}/3'`), "gone");
  assertEquals(failureOf("secret-tool: Collection is locked"), "locked");
});

testNeeding(
  program("secret-tool"),
  "SecretServiceKeyring takes an address that leads to no bus for no session",
  async () => {
    const code = `
      import { systemKeyring } from "./src/credentials/system.ts";
      for (const address of Deno.args) {
        Deno.env.set("DBUS_SESSION_BUS_ADDRESS", address);
        const error = await systemKeyring({}, "linux").get("goflow", "key").catch((e) => e);
        console.log(error.reason, error.message.includes("no D-Bus session"));
      }`;
    const args = [
      ...["", "garbage", "disabled:", "unix:", "unix:path", "unix:path=%zz", "tcp:port=1"],
      ...["unix:path=/a,abstract=b", "unix:path=/nonexistent"],
    ];
    const { stdout } = await runCode(code, { flags: ["-A"], args, env: { DISPLAY: "" } });
    assertEquals(stdout, "unavailable true\n".repeat(args.length));
  },
);

testNeeding(linux, "SecretServiceKeyring says that a key is too long for the system", async () => {
  const keyring = systemKeyring({ program: Deno.execPath() }, "linux");
  const store = await KeyringCredentialStore.open({ keyring, root: "/nonexistent" });
  await assertRejects(() => store.get("k".repeat(200_000)), InvalidDataError, "key is too long");
});

testNeeding(linux, "SecretServiceKeyring says that the folder it works in is gone", async () => {
  const code = `
    import { systemKeyring } from "./src/credentials/system.ts";
    Deno.chdir(Deno.makeTempDirSync());
    Deno.removeSync(Deno.cwd());
    const error = await systemKeyring({}, "linux").get("goflow", "key").catch((e) => e);
    console.log(error.reason, error.message);`;
  const { stdout } = await runCode(code, { flags: ["-A"] });
  assert(stdout.startsWith("unavailable Cannot read"), stdout);
  assert(stdout.includes("the folder that this process works in is gone"), stdout);
});
