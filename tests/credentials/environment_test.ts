import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EnvironmentKeyring } from "../../src/credentials/environment.ts";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { InvalidDataError, NotFoundError, PermissionDeniedError } from "../../src/domain/errors.ts";
import { runCode } from "../helpers/child.ts";
import { linux, testNeeding } from "../helpers/skip.ts";

const variables = {
  "github:token": "GOFLOW_TEST_GITHUB",
  "b": "GOFLOW_TEST_B",
  "c": "GOFLOW_TEST_C",
};

Deno.test("EnvironmentKeyring reads the variables it was given", async () => {
  Deno.env.set("GOFLOW_TEST_GITHUB", "one");
  Deno.env.set("GOFLOW_TEST_B", "");
  try {
    const keyring = new EnvironmentKeyring({ variables });
    const store = await KeyringCredentialStore.open({ keyring });
    assertEquals(await store.get("github:token"), "one");
    assertEquals(await store.get("b"), "");
    await assertRejects(() => store.get("c"), NotFoundError);
    await assertRejects(() => store.get("HOME"), NotFoundError);
    await assertRejects(() => store.get("constructor"), NotFoundError);
    assertEquals(await store.list(), ["b", "github:token"]);
    assertEquals((await store.describe("github:token")).metadata, "unknown");
    assertEquals([...await store.getMany(["c", "b"])], [["b", ""]]);
  } finally {
    Deno.env.delete("GOFLOW_TEST_GITHUB");
    Deno.env.delete("GOFLOW_TEST_B");
  }
});

Deno.test("EnvironmentKeyring refuses to change anything", async () => {
  Deno.env.set("GOFLOW_TEST_B", "value");
  try {
    const keyring = new EnvironmentKeyring({ variables });
    const store = await KeyringCredentialStore.open({ keyring });
    for (const change of [() => store.set("b", "new"), () => store.delete("b")]) {
      await assertRejects(change, PermissionDeniedError, "read-only");
    }
    assertEquals(Deno.env.get("GOFLOW_TEST_B"), "value");
  } finally {
    Deno.env.delete("GOFLOW_TEST_B");
  }
});

Deno.test("EnvironmentKeyring needs permission for its variable alone", async () => {
  const code = `
    import { EnvironmentKeyring } from "./src/credentials/environment.ts";
    const keyring = new EnvironmentKeyring({ variables: { key: "GOFLOW_TEST_B" } });
    try {
      console.log(await keyring.get("goflow", "key"));
    } catch (error) {
      console.log(error.name, error.flag);
    }`;
  const env = { GOFLOW_TEST_B: "value" };
  const run = async (flags: string[]) => (await runCode(code, { flags, env })).stdout.trim();
  assertEquals(await run(["--allow-env=GOFLOW_TEST_B"]), "value");
  assertEquals(await run([]), "PermissionDeniedError --allow-env=GOFLOW_TEST_B");
});

Deno.test("EnvironmentKeyring refuses what is no name of a variable, and does not show it", () => {
  for (const variable of ["", "c2VjcmV0IQ==", "a\0b", undefined, 5]) {
    const error = assertThrows(
      () => new EnvironmentKeyring({ variables: { "github:token": variable as string } }),
      InvalidDataError,
      'credential "github:token"',
    );
    assert(!error.message.includes("c2Vj"));
  }
});

testNeeding(linux, "EnvironmentKeyring does not show a value that is no text", async () => {
  const code = `
    import { EnvironmentKeyring } from "./src/credentials/environment.ts";
    import { KeyringCredentialStore } from "./src/credentials/keyring_store.ts";
    const keyring = new EnvironmentKeyring({ variables: { key: "GOFLOW_TEST_B" } });
    const store = await KeyringCredentialStore.open({ keyring });
    console.log(await store.list());
    try {
      await store.get("key");
    } catch (error) {
      console.log(error);
    }`;
  const flags = ["--allow-env=GOFLOW_TEST_B"];
  const invalid = { GOFLOW_TEST_B: "hunter2" };
  const { stdout, stderr } = await runCode(code, { flags, invalid });
  assert(stdout.startsWith('[ "key" ]\nKeyringError: Cannot read credential "key": the'), stderr);
  assert(!(stdout + stderr).includes("hunter2"));
});
