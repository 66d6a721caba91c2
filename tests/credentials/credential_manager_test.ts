import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import {
  HELPER_SOURCE,
  parseAnswer,
  requestLine,
  SCRIPT,
  scriptArguments,
} from "../../src/credentials/credential_manager_script.ts";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { systemKeyring } from "../../src/credentials/system.ts";
import { checkPowerShell } from "../helpers/powershell.ts";
import { program, testNeeding } from "../helpers/skip.ts";
import { TempFolder } from "../helpers/temp_folder.ts";
import { fakeProgram } from "./fakes.ts";

Deno.test("scriptArguments() are the same for every call and fit into a command line", () => {
  const args = scriptArguments();
  assertEquals(args, scriptArguments());
  assert(args.join(" ").length < 32_000, `${args.join(" ").length} characters`);
  const encoded = Uint8Array.fromBase64(args.at(-1) ?? "");
  assertEquals(new TextDecoder("utf-16le").decode(encoded), SCRIPT);
  assert(["-NoProfile", "-NonInteractive"].every((arg) => args.includes(arg)));
});

Deno.test("requestLine() is one line of ASCII", () => {
  const value = new TextEncoder().encode("grün\n").toBase64();
  const line = requestLine([{ op: "set", target: "goflow:ключ", user: "ключ", value }]);
  assert(/^[A-Za-z0-9+/=]+\n$/.test(line), line);
  const json = new TextDecoder().decode(Uint8Array.fromBase64(line.trim()));
  assertEquals(JSON.parse(json), [{ op: "set", target: "goflow:ключ", user: "ключ", value }]);
});

Deno.test("parseAnswer() finds the answer, or says why there is none", () => {
  const answer = (value: unknown) =>
    `KR1:${new TextEncoder().encode(JSON.stringify(value)).toBase64()}`;
  assertEquals(parseAnswer(answer([{ code: 0, value: "YQ==" }])), [{ code: 0, value: "YQ==" }]);
  assertEquals(parseAnswer(`\uFEFFHello\r\n${answer([])}\r\n`), []);
  assertEquals(parseAnswer("KR1-CLM\r\n"), "constrained");
  assertEquals(parseAnswer("KR1-ADD\r\n"), "blocked");
  for (const output of ["", "#< CLIXML", "KR1:%%%", answer({ code: 0 }), answer([{ x: 1 }])]) {
    assertEquals(parseAnswer(output), "none", output);
  }
});

Deno.test("SCRIPT follows the grammar of PowerShell", async () => {
  await checkPowerShell(SCRIPT);
  // It would make PowerShell read standard input before the script does.
  assert(!/\$input\b/i.test(SCRIPT));
});

Deno.test("CredentialManagerKeyring reads many items in one process", async () => {
  await using fake = await fakeProgram("windows");
  for (const key of ["a", "b"]) await fake.keyring.set("goflow", key, `value of ${key}`);
  const before = fake.calls();
  const found = await fake.keyring.getMany?.("goflow", ["a", "missing", "b"]);
  assertEquals(found, new Map([["a", "value of a"], ["b", "value of b"]]));
  assertEquals(fake.calls() - before, 1);
  assertEquals(await fake.keyring.getMany?.("goflow", []), new Map());
  assertEquals(fake.calls() - before, 1);
});

Deno.test("CredentialManagerKeyring shares a process between what is asked for at once", async () => {
  await using fake = await fakeProgram("windows");
  const { keyring, folder: root } = fake;
  const store = await KeyringCredentialStore.open({ keyring, root });
  const count = async (run: () => Promise<unknown>) => {
    const before = fake.calls();
    await run();
    return fake.calls() - before;
  };
  await store.set("first", "value");
  // Keys in other case; value, metadata and index; the new index.
  assertEquals(await count(() => store.set("key", "value")), 3);
  const opened = await KeyringCredentialStore.open({ keyring, root });
  assertEquals(await count(() => opened.get("key")), 1);
  assertEquals(await count(() => Promise.all([store.get("key"), store.list()])), 1);

  await fake.setMode("silent");
  const outcomes = await Promise.allSettled([
    keyring.get("goflow", "a"),
    keyring.set("goflow", "b", "value"),
    keyring.list?.("goflow"),
  ]);
  assertEquals(
    outcomes.map((outcome) =>
      outcome.status === "rejected" ? outcome.reason.message.split(":")[0] : "no error"
    ),
    [
      'Cannot read credential "a" of service "goflow"',
      'Cannot set credential "b" of service "goflow"',
      'Cannot list the credentials of service "goflow"',
    ],
  );
});

Deno.test("CredentialManagerKeyring ignores case as Windows does", async () => {
  await using fake = await fakeProgram("windows");
  await fake.keyring.set("goflow", "Key", "value");
  assertEquals(await fake.keyring.get("goflow", "KEY"), "value");
  assertEquals(await fake.keyring.list?.("goflow"), ["Key"]);
  assertEquals(systemKeyring({}, "windows").caseInsensitive, true);
});

/** Runs every method of the helper class and prints what came of it. */
const DRIVER = `
using System;
using System.Runtime.InteropServices;
using System.Text;
public static class Driver {
  [DllImport("advapi32.dll", EntryPoint = "FakeLent")]
  static extern int Lent();
  static void Get(string target) {
    byte[] value;
    int code = GoFlowCredential.Get(target, out value);
    Console.WriteLine("get " + code + " " + (value == null ? "null" : Encoding.UTF8.GetString(value)));
  }
  static void Set(string target, byte[] value) {
    int code = GoFlowCredential.Set(target, "user", value);
    bool cleared = true;
    foreach (byte b in value) cleared = cleared && b == 0;
    Console.WriteLine("set " + code + " " + (cleared ? "cleared" : "kept"));
  }
  static void List(string filter) {
    string[] names;
    int code = GoFlowCredential.List(filter, out names);
    Array.Sort(names, StringComparer.Ordinal);
    Console.WriteLine("list " + code + " " + string.Join(",", names));
  }
  public static void Main() {
    Get("goflow:a");
    List("goflow:*");
    Set("goflow:a", Encoding.UTF8.GetBytes("gr\\u00fcn \\ud83d\\udd11\\0x"));
    Get("goflow:a");
    Get("GOFLOW:A");
    Set("goflow:a", Encoding.UTF8.GetBytes("new"));
    Get("goflow:a");
    Set("goflow:\\u043a\\u043b\\u044e\\u0447", new byte[0]);
    Get("goflow:\\u043a\\u043b\\u044e\\u0447");
    Set("goflow.meta:a", new byte[2560]);
    Set("goflow:large", new byte[2561]);
    Set("session:a", new byte[1]);
    Get("session:a");
    List("goflow:*");
    Console.WriteLine("delete " + GoFlowCredential.Delete("goflow:a"));
    Console.WriteLine("delete " + GoFlowCredential.Delete("goflow:a"));
    Console.WriteLine("lent " + Lent());
  }
}
`;

const compilers = [program("mcs"), program("mono"), program("gcc")];

testNeeding(
  compilers,
  "HELPER_SOURCE compiles as C# 5 and reaches a Credential Manager",
  async () => {
    await using temporary = await TempFolder.make();
    const folder = temporary.path;
    const run = async (program: string, ...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(program, {
        args,
        cwd: folder,
        env: { LC_ALL: "C.UTF-8" },
      }).output();
      const text = new TextDecoder().decode(stdout);
      assertEquals(code, 0, text + new TextDecoder().decode(stderr));
      return text;
    };
    await Deno.writeTextFile(`${folder}/Helper.cs`, HELPER_SOURCE);
    await Deno.writeTextFile(`${folder}/Driver.cs`, DRIVER);
    const source = fromFileUrl(new URL("./fakes/advapi32.c", import.meta.url));
    await run("mcs", "-langversion:5", "-warnaserror", "-out:test.exe", "Helper.cs", "Driver.cs");
    await run("gcc", "-Wall", "-Werror", "-shared", "-fPIC", "-o", "advapi32.so", source);
    await Deno.writeTextFile(
      `${folder}/test.exe.config`,
      `<configuration><dllmap dll="advapi32.dll" target="${folder}/advapi32.so"/></configuration>`,
    );
    const output = await run("mono", "test.exe");
    assertEquals(output.split("\n"), [
      "get 1168 null",
      "list 1168 ",
      "set 0 cleared",
      "get 0 grün 🔑\0x",
      "get 0 grün 🔑\0x",
      "set 0 cleared",
      "get 0 new",
      "set 0 cleared",
      "get 0 ",
      "set 0 cleared",
      "set 1783 cleared",
      "set 1312 cleared",
      "get 1312 null",
      "list 0 goflow:a,goflow:ключ",
      "delete 0",
      "delete 1168",
      "lent 0",
      "",
    ]);
  },
);
