import { assertEquals, assertRejects } from "@std/assert";
import { runDeno } from "../helpers/child.ts";
import { testNeeding } from "../helpers/skip.ts";
import { go, goProgram } from "./go_program.ts";
import { type KeyringSession, keyringSession, startKeyringSession } from "./keyring_session.ts";

const VALUES: Record<string, string> = {
  "server:token": "plain",
  "server:empty": "",
  "server:lines": "line 1\nline 2\r\n\n  line 4\n",
  "server:unicode": "пароль 日本語 😀 e\u0301 \u2028",
  "server:json": JSON.stringify({ user: "a", password: "<&>\"'\\" }),
  "server:hex": "deadbeef",
  "server:prefix": "go-keyring-base64:YQ==",
  "server:8k": "0123456789abcdef".repeat(512).slice(0, 8_191),
  "-leading dash": "x",
  'ключ "quoted" it\'s $HOME `a` <b>&c': "y",
};
const KEYS = Object.keys(VALUES);

type Call = ["set" | "get" | "list" | "delete", ...string[]];

function keyringTest(name: string, fn: (session: KeyringSession) => Promise<void>): void {
  testNeeding([goProgram, ...keyringSession], name, async () => {
    await using session = await startKeyringSession();
    await fn(session);
  });
}

/** Makes calls of our store in the session, in one process. */
async function ours(session: KeyringSession, calls: Call[]): Promise<unknown[]> {
  const script = new URL("credentials_child.ts", import.meta.url);
  const input = JSON.stringify({ root: session.home, calls });
  const options = { flags: ["-A"], env: { ...session.env, DENO_DIR: denoDir }, stdin: input };
  const { code, stdout, stderr } = await runDeno(script, options);
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout);
}

async function goKeyring(session: KeyringSession, args: string[], input = ""): Promise<string> {
  return await go(["keyring", ...args], { input, env: session.env });
}

async function goIndex(session: KeyringSession): Promise<string[]> {
  return JSON.parse(await goKeyring(session, ["index"]));
}

/** The cache of this process: a child with another home folder would start an empty one. */
async function findDenoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

const denoDir = await findDenoDir();

keyringTest(
  "KeyringCredentialStore.get() and list() read what go-keyring wrote",
  async (session) => {
    // secret-tool reads more than the 8,191 bytes that it can write.
    const values = { ...VALUES, "server:100k": "é".repeat(50_000) };
    const keys = Object.keys(values);
    for (const [key, value] of Object.entries(values)) {
      await goKeyring(session, ["set", key], value);
    }
    const results = await ours(session, [["list"], ...keys.map((key): Call => ["get", key])]);
    assertEquals(results, [keys.toSorted(), ...Object.values(values)]);
  },
);

keyringTest("KeyringCredentialStore.set() writes what go-keyring reads", async (session) => {
  const calls = Object.entries(VALUES).map(([key, value]): Call => ["set", key, value]);
  assertEquals(await ours(session, calls), KEYS.map(() => null));
  for (const [key, value] of Object.entries(VALUES)) {
    assertEquals(await goKeyring(session, ["get", key]), value, key);
  }
  assertEquals(await goIndex(session), KEYS);
});

keyringTest("KeyringCredentialStore and go-keyring replace each other's items", async (session) => {
  await goKeyring(session, ["set", "a"], "of Go");
  assertEquals(await ours(session, [["set", "a", "ours"], ["list"]]), [null, ["a"]]);
  assertEquals(await goKeyring(session, ["get", "a"]), "ours");
  await goKeyring(session, ["set", "a"], "of Go again");
  assertEquals(await ours(session, [["get", "a"], ["list"]]), ["of Go again", ["a"]]);
  assertEquals(await goIndex(session), ["a"]);
});

keyringTest("KeyringCredentialStore and go-keyring delete each other's items", async (session) => {
  for (const key of ["go 1", "go 2"]) await goKeyring(session, ["set", key], key);
  await ours(session, [["set", "our 1", "1"], ["set", "our 2", "2"]]);
  assertEquals(await goIndex(session), ["go 1", "go 2", "our 1", "our 2"]);

  await goKeyring(session, ["delete", "our 1"]);
  const results = await ours(session, [
    ["delete", "go 1"],
    ["get", "our 1"],
    ["delete", "our 1"],
    ["list"],
  ]);
  const notFound = { error: "NotFoundError" };
  assertEquals(results, [null, notFound, notFound, ["go 2", "our 2"]]);
  assertEquals(await goIndex(session), ["go 2", "our 2"]);
  await assertRejects(() => goKeyring(session, ["get", "go 1"]), Error, "secret not found");
  await assertRejects(() => goKeyring(session, ["delete", "go 1"]), Error, "secret not found");
});

keyringTest("KeyringCredentialStore keeps the index of Go apart from the keys", async (session) => {
  await goKeyring(session, ["set", "a"], "1");
  const [list, get, set, remove] = await ours(session, [
    ["list"],
    ["get", "__goflow_index__"],
    ["set", "__goflow_index__", "[]"],
    ["delete", "__goflow_index__"],
  ]);
  assertEquals(list, ["a"]);
  for (const result of [get, set, remove]) {
    assertEquals(result, { error: "InvalidDataError" });
  }
  assertEquals(await goIndex(session), ["a"]);
});
