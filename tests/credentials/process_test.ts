import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { KeyringCredentialStore } from "../../src/credentials/keyring_store.ts";
import { systemKeyring } from "../../src/credentials/system.ts";
import { InvalidDataError, KeyringError } from "../../src/domain/errors.ts";
import { type ChildOptions, runCode } from "../helpers/child.ts";
import { linux, testNeeding } from "../helpers/skip.ts";
import { TempFolder } from "../helpers/temp_folder.ts";

/** Reads a credential with the program that is given, and prints what comes of it. */
const GET = `
import { systemKeyring } from "./src/credentials/system.ts";
const [program, timeout] = Deno.args;
try {
  const keyring = systemKeyring({ program, timeout: Number(timeout) }, "linux");
  console.log(await keyring.get("goflow", "key"));
} catch (error) {
  console.log(error.name, error.reason ?? "", error.flag ?? "", error.message);
}`;

/** Runs {@linkcode GET} with a shell script as the program. */
async function getWith(
  script: string,
  run: (
    get: (
      flags: string[],
      env: Record<string, string>,
      timeout?: number,
      more?: ChildOptions,
    ) => Promise<string>,
  ) => Promise<void>,
): Promise<void> {
  await using temporary = await TempFolder.make();
  const folder = temporary.path;
  const program = `${folder}/program`;
  await Deno.writeTextFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await run(async (flags, env, timeout = 30_000, more = {}) => {
    const args = [program, String(timeout)];
    const options = { flags: [`--allow-run=${program}`, ...flags], args, env, ...more };
    const { stdout, stderr } = await runCode(GET, options);
    return stdout.trim() + stderr;
  });
}

const SURROUNDINGS = {
  DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent",
  LC_ALL: "C",
  LANGUAGE: "de",
  SECRET_BACKEND: "file",
  SNAP_NAME: "a-snap",
  G_MESSAGES_DEBUG: "all",
  G_DBUS_DEBUG: "all",
  LD_LIBRARY_PATH: "/nonexistent",
  LD_RUN_PATH: "/nonexistent",
  A_SECRET: "hunter2",
};

testNeeding(
  linux,
  "SecretServiceKeyring hands on only the variables that it may read",
  async () => {
    await getWith("env", async (get) => {
      const output = await get(["--allow-env"], SURROUNDINGS);
      const variables = new Map(
        output.split("\n").map((line) => {
          const [name = "", ...value] = line.split("=");
          return [name, value.join("=")];
        }),
      );
      assertEquals(variables.get("DBUS_SESSION_BUS_ADDRESS"), "unix:path=/nonexistent");
      assertEquals(variables.get("LC_ALL"), "C.UTF-8");
      assertEquals(variables.get("SECRET_BACKEND"), "service");
      for (const name of ["LANGUAGE", "G_MESSAGES_DEBUG", "G_DBUS_DEBUG"]) {
        assertEquals(variables.get(name), "", name);
      }
      for (const name of ["SNAP_NAME", "LD_LIBRARY_PATH", "LD_RUN_PATH", "A_SECRET"]) {
        assertEquals(variables.get(name), undefined, name);
      }
    });
  },
);

testNeeding(linux, "SecretServiceKeyring needs no permission for the environment", async () => {
  await getWith("env", async (get) => {
    const lines = (await get([], SURROUNDINGS)).split("\n");
    const expected = [
      "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent",
      "LC_ALL=C.UTF-8",
      "LANGUAGE=",
      "SECRET_BACKEND=service",
      "G_DBUS_DEBUG=",
      // Deno would refuse to hand these on.
      "LD_LIBRARY_PATH=",
      "LD_RUN_PATH=",
    ];
    for (const line of expected) assert(lines.includes(line), line);
  });
});

testNeeding(linux, "SecretServiceKeyring hands on a variable that is not UTF-8", async () => {
  await getWith('printf %s "${#HOME} $LC_ALL"', async (get) => {
    const output = await get(["--allow-env"], SURROUNDINGS, 30_000, { invalid: { HOME: "/a" } });
    assertEquals(output, "3 C.UTF-8");
  });
});

testNeeding(
  linux,
  "SecretServiceKeyring takes no item for locked when secret-tool is killed",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const program = `${folder}/program`;
      const item = "printf '[/1]\\nlabel = x\\n'; echo 'attribute.username = key' >&2";
      const script = `#!/bin/sh\n[ "$1" = search ] || kill -9 $$\n${item}\n`;
      await Deno.writeTextFile(program, script, { mode: 0o755 });
      const keyring = systemKeyring({ program }, "linux");
      for (const operation of ["get", "delete"] as const) {
        const error = await assertRejects(() => keyring[operation]("goflow", "key"), KeyringError);
        assertEquals(error.reason, "failed");
        assert(error.message.endsWith("secret-tool ended with status 137"), error.message);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testNeeding(
  linux,
  "systemKeyring() ends with its time limit, whatever the program started",
  async () => {
    // The sleeping grandchild keeps standard output open.
    await getWith("sleep 30 &\nwait", async (get) => {
      const start = performance.now();
      const output = await get([], {}, 200);
      assert(output.startsWith("KeyringError timeout"), output);
      assert(performance.now() - start < 20_000);
    });
  },
);

testNeeding(linux, "systemKeyring() takes any time over 0 for a limit", async () => {
  await getWith("sleep 0.1; printf value", async (get) => {
    for (const timeout of [2 ** 40, Infinity]) {
      assertEquals(await get([], {}, timeout), "value");
    }
  });
  for (const timeout of [0, -1, NaN]) {
    assertThrows(() => systemKeyring({ timeout }), InvalidDataError, "milliseconds over 0");
    await assertRejects(() => KeyringCredentialStore.open({ timeout }), InvalidDataError);
  }
});
