import { assertEquals, assertStringIncludes } from "@std/assert";
import { withRoot } from "./helpers/temp_folder.ts";
import { codeUrl, configFlags, runCode } from "./helpers/child.ts";
import { ffi, program, type Requirement, sqliteLibrary, testNeeding } from "./helpers/skip.ts";

/** A row of the permission table of the README: what an operation does, and the flags it needs. */
interface Operation {
  name: string;
  code: string;
  flags: (root: string) => string[];
  needs?: Requirement[];
}

const OPEN_VAULT = `const credentials = await KeyringCredentialStore.open({
        root: storage.root,
        keyring: new VaultKeyring({
          path: storage.root + "/credentials.vault",
          passphrase: () => "an example",
        }),
      });`;

const OPERATIONS: Operation[] = [
  {
    name: "reading workflows",
    code: `await storage.workflows.list();
      await storage.workflows.load("absent").catch((error) => {
        if (error.name !== "NotFoundError") throw error;
      });`,
    flags: (root) => [`--allow-read=${root}`],
  },
  {
    name: "writing workflows",
    code: `const workflow = Workflow.create("a", "b", { id: "a" });
      await storage.workflows.save(workflow);
      await storage.workflows.load("a");
      await storage.workflows.delete("a");`,
    flags: (root) => [`--allow-read=${root}`, `--allow-write=${root}`],
  },
  {
    name: "executions with the built-in driver",
    code: `const run = Execution.create("a", "1.0", { input: 1 });
      await storage.executions.record(run);
      await storage.executions.load(run.id);
      await storage.executions.list();
      await storage.executions.delete(run.id);
      if ((await storage.executions.info()).driver !== "builtin") throw new Error("driver");`,
    flags: (root) => [`--allow-read=${root}`, `--allow-write=${root}`],
  },
  {
    name: "executions with the FFI driver",
    code: `const executions = await SQLiteExecutionRepository.open({
        root: storage.root,
        driver: "ffi",
      });
      await executions.record(Execution.create("a", "1.0", { input: 1 }));
      await executions.list();
      if ((await executions.info()).driver !== "ffi") throw new Error("driver");
      executions.close();`,
    flags: (root) => [
      `--allow-read=${root}`,
      `--allow-write=${root}`,
      "--allow-ffi",
      "--allow-env=DENO_SQLITE_PATH,DENO_SQLITE_LOCAL",
    ],
    needs: [ffi],
  },
  {
    name: "reading credentials",
    code: `await storage.credentials.get("absent").catch(reached);
      await storage.credentials.list().catch(reached);`,
    flags: () => [`--allow-run=${KEYRING_PROGRAM}`],
  },
  {
    name: "writing credentials",
    code: `await storage.credentials.set("permission-test", "x").catch(reached);
      await storage.credentials.delete("permission-test").catch(reached);`,
    flags: (root) => [
      `--allow-run=${KEYRING_PROGRAM}`,
      `--allow-read=${root}`,
      `--allow-write=${root}`,
    ],
  },
  {
    name: "writing credentials in a vault",
    code: `${OPEN_VAULT}
      await credentials.set("a", "x");
      if (await credentials.get("a") !== "x") throw new Error("value");
      await credentials.delete("a");`,
    flags: (root) => [`--allow-read=${root}`, `--allow-write=${root}`],
  },
  {
    name: "reading credentials in a vault",
    code: `${OPEN_VAULT}
      await credentials.get("absent").catch(reached);
      await credentials.list();`,
    flags: (root) => [`--allow-read=${root}/credentials.vault`],
  },
];

const KEYRING_PROGRAM = {
  darwin: "/usr/bin/security",
  windows: "powershell.exe",
}[Deno.build.os as string] ?? "secret-tool";

/** Runs code over a storage in a child; prints "done", or name and flag of the error. */
async function outcome(
  code: string,
  root: string | undefined,
  flags: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { stdout, stderr } = await runCode(
    `import {
      Execution, KeyringCredentialStore, openStorage, SQLiteExecutionRepository, VaultKeyring, Workflow,
    } from "./mod.ts";
    // A keyring that cannot be reached was asked, which is what matters here.
    const reached = (error) => {
      if (error.name !== "KeyringError" && error.name !== "NotFoundError") throw error;
    };
    try {
      await using storage = await openStorage(${
      root === undefined ? "" : JSON.stringify({ root })
    });
      ${code}
      console.log("done");
    } catch (error) {
      console.log(error.name, error.flag);
    }`,
    {
      flags,
      env: {
        DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent",
        DENO_SQLITE_PATH: sqliteLibrary,
        GOFLOW_CONFIG_DIR: "",
        ...env,
      },
    },
  );
  assertEquals(stderr, "");
  return stdout.trim();
}

for (const { name, code, flags, needs = [] } of OPERATIONS) {
  testNeeding(
    needs,
    `openStorage() permits ${name} under exactly the documented flags`,
    () =>
      withRoot(async (root) => {
        assertEquals(await outcome(code, root, flags(root)), "done");
      }),
  );

  testNeeding(
    needs,
    `openStorage() names the flag that ${name} lacks`,
    () =>
      withRoot(async (root) => {
        for (const missing of flags(root)) {
          const rest = flags(root).filter((flag) => flag !== missing);
          assertEquals(await outcome(code, root, rest), `PermissionDeniedError ${missing}`);
        }
      }),
  );
}

Deno.test("openStorage() finds the default root under exactly the documented flags", async () => {
  const variables = Deno.build.os === "windows" ? ["USERPROFILE"] : ["HOME"];
  variables.push("GOFLOW_CONFIG_DIR");
  assertEquals(await outcome("", undefined, [`--allow-env=${variables}`]), "done");
  assertEquals(await outcome("", undefined, []), `PermissionDeniedError --allow-env=${variables}`);
  for (const missing of variables) {
    const rest = variables.filter((variable) => variable !== missing);
    assertEquals(
      await outcome("", undefined, [`--allow-env=${rest}`]),
      `PermissionDeniedError --allow-env=${missing}`,
    );
  }
});

testNeeding(
  ffi,
  "openStorage() names the flags that fetching a library for FFI needs",
  () =>
    withRoot(async (root) => {
      const scoped = [
        `--allow-read=${root}`,
        `--allow-write=${root}`,
        "--allow-env=DENO_SQLITE_PATH,DENO_SQLITE_LOCAL",
      ];
      const wanted = ["--allow-read", "--allow-write", "--allow-env", "--allow-net"];
      const code = `await SQLiteExecutionRepository.open({ root: storage.root, driver: "ffi" });`;
      for (const [index, missing] of wanted.entries()) {
        const flags = ["--allow-ffi", ...wanted.slice(0, index), ...scoped.slice(index)];
        assertEquals(
          await outcome(code, root, flags, { DENO_SQLITE_PATH: "" }),
          `PermissionDeniedError ${missing}`,
        );
      }
    }),
);

testNeeding(
  program("script"),
  "openStorage() never shows a prompt on a terminal, also for what was granted before",
  () =>
    withRoot(async (root) => {
      const code = `import { openStorage, Workflow } from "./mod.ts";
      await using storage = await openStorage({ root: ${JSON.stringify(root)} });
      await storage.workflows.save(Workflow.create("b"));
      for (const name of ["read", "write"]) Deno.permissions.revokeSync({ name, path: storage.root });
      for (
        const use of [
          () => storage.workflows.save(Workflow.create("a")),
          () => storage.workflows.list(),
          () => storage.executions.list(),
          () => storage.credentials.get("a"),
          () => storage.credentials.set("a", "b"),
          () => openStorage(),
        ]
      ) await use().catch((error) => console.log(error.name, error.flag));
      console.log("end of", Deno.stdin.isTerminal());`;
      const command = [
        ...[Deno.execPath(), "run", "-q", `--allow-read=${root}`, `--allow-write=${root}`],
        ...configFlags(),
        codeUrl(code),
      ];
      const { stdout } = await new Deno.Command("script", {
        args: ["-qec", command.map((word) => `'${word}'`).join(" "), "/dev/null"],
        env: { NO_COLOR: "1" },
        stdin: "null",
      }).output();
      const printed = new TextDecoder().decode(stdout);
      assertStringIncludes(printed, "end of true");
      assertEquals(printed.includes("Deno requests"), false, printed);
      assertEquals(printed.match(/^PermissionDeniedError --allow-/gm)?.length, 6, printed);
    }),
);
