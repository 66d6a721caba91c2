import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Execution } from "../../src/domain/execution.ts";
import { Workflow } from "../../src/domain/workflow.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { FilesystemWorkflowRepository } from "../../src/workflows/repository.ts";
import { configFlags, PROJECT, runDeno } from "../helpers/child.ts";
import { mounts, READ_ONLY, runMounted } from "../helpers/mounts.ts";
import { testNeeding } from "../helpers/skip.ts";
import { withRoot } from "./cli.ts";
import { fakeKeyring, withFakeKeyring } from "./keyring.ts";
import { onTerminal, python } from "./terminal.ts";

const MAIN = join(PROJECT, "src/cli/main.ts");

/** Runs a command under exactly these flags, then without each of them. */
async function needsExactly(flags: string[], args: string[], env = {}): Promise<void> {
  const { code, stderr } = await runDeno(MAIN, { flags, args, env });
  assertEquals({ args, code }, { args, code: 0 }, stderr);
  for (const flag of flags) {
    const fewer = flags.filter((other) => other !== flag);
    const refused = await runDeno(MAIN, { flags: fewer, args, env });
    assertEquals({ args, flag, code: refused.code }, { args, flag, code: 5 }, refused.stderr);
    const [name] = flag.split("=");
    assertStringIncludes(refused.stderr, `${name}=`);
    assertEquals(refused.stderr.trim().split("\n").length, 1, refused.stderr);
  }
}

async function withData(test: (root: string) => Promise<void>): Promise<void> {
  await withRoot(async (root) => {
    const workflows = await FilesystemWorkflowRepository.open({ root });
    await workflows.save(Workflow.create("a", undefined, { id: "a" }));
    {
      using store = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
      await store.record(Execution.create("a", "1.0"));
    }
    await test(root);
  });
}

Deno.test("Commands that only explain need no permission", async () => {
  for (const args of [["--version"], ["help", "workflow", "save"], ["completions", "bash"]]) {
    assertEquals((await runDeno(MAIN, { args })).code, 0, args.join(" "));
  }
});

Deno.test("Commands that read workflows need to read the root", () =>
  withData(async (root) => {
    for (const args of [["workflow", "list"], ["workflow", "scan"], ["workflow", "history", "a"]]) {
      await needsExactly([`--allow-read=${root}`], [...args, "--root", root]);
    }
  }));

Deno.test("Commands that write workflows need to read and write the root", () =>
  withData(async (root) => {
    const flags = [`--allow-read=${root}`, `--allow-write=${root}`];
    const file = join(root, "workflows", "a.yaml");
    await needsExactly(flags, ["workflow", "save", file, "--root", root]);
  }));

Deno.test("Commands on executions need to read and write the root", () =>
  withData(async (root) => {
    const flags = [`--allow-read=${root}`, `--allow-write=${root}`];
    for (const args of [["execution", "list"], ["db", "info"]]) {
      await needsExactly(flags, [...args, "--root", root]);
    }
  }));

testNeeding(
  mounts,
  "Commands on executions say what to do where SQLite cannot write beside the database",
  () =>
    withData(async (root) => {
      const deno = [Deno.execPath(), "run", "-q", ...configFlags(), "-A", MAIN];
      const command = [...deno, "execution", "list", "--root", root];
      const { code, stderr } = await runMounted(READ_ONLY, root, command);
      assertEquals(code, 5, stderr);
      assertStringIncludes(stderr, "in WAL mode also to read; a copy elsewhere can be read");
    }),
);

testNeeding(
  mounts,
  "db salvage names the folder that it may not write",
  () =>
    withData(async (root) => {
      const folder = join(root, "out");
      await Deno.mkdir(folder);
      const deno = [Deno.execPath(), "run", "-q", ...configFlags(), "-A", MAIN];
      const command = [...deno, "db", "salvage", join(folder, "saved.db"), "--root", root];
      const { code, stderr } = await runMounted(READ_ONLY, folder, command);
      assertEquals(code, 5, stderr);
      assertStringIncludes(stderr, `refused access to "${folder}"`);
    }),
);

testNeeding(
  fakeKeyring,
  "Commands that read credentials need to run secret-tool",
  () =>
    withFakeKeyring(() =>
      withRoot((root) =>
        needsExactly(["--allow-run=secret-tool"], ["credential", "list", "--root", root])
      )
    ),
);

Deno.test("Without --root the environment is needed", () =>
  withData(async (root) => {
    const flags = [`--allow-read=${root}`, "--allow-env=HOME,GOFLOW_CONFIG_DIR"];
    await needsExactly(flags, ["workflow", "list"], { GOFLOW_CONFIG_DIR: root });
    const { stdout } = await runDeno(MAIN, {
      flags,
      args: ["workflow", "list", "--json"],
      env: { GOFLOW_CONFIG_DIR: root },
    });
    assert(JSON.parse(stdout).workflows.length === 1);
  }));

Deno.test("example and verify name the flags that they need", () =>
  withRoot(async (root) => {
    for (const command of ["example", "verify"]) {
      const named = async (flags: string[], ...args: string[]) => {
        const { code, stderr } = await runDeno(MAIN, { flags, args: [command, ...args] });
        assertEquals(code, 5, stderr);
        return /^Cannot work in .*: .* run again with (.*)$/m.exec(stderr)?.[1];
      };
      const path = join(root, command);
      assertEquals(await named([], "--root", path), `--allow-read=${path}`);
      const read = `--allow-read=${path}`;
      assertEquals(await named([read], "--root", path), `--allow-write=${path}`);
      if (Deno.build.os === "linux") assertEquals(await named([]), "--allow-read=/tmp");
    }
  }));

Deno.test("Commands on a server name the variable or the place that they may not use", async () => {
  const args = ["workflow", "list", "--url", "postgres://a@127.0.0.1:1/b"];
  const env = "--allow-env=PGBINARY,PGOPTIONS,PGREPLICATION";
  const refused = async (...flags: string[]) => {
    const { code, stderr } = await runDeno(MAIN, { flags, args });
    assertEquals(code, 5, stderr);
    return stderr;
  };
  const net = "--allow-net=127.0.0.1:1";
  assertStringIncludes(await refused(net, env), "run again with --allow-env=PGPASSWORD\n");
  const all = await refused("--allow-env");
  assertStringIncludes(all, `run again with ${net}\n`);
});

testNeeding(python, "Deno asks for no permission on a terminal", () =>
  withRoot(async (root) => {
    const deno = [Deno.execPath(), "run", "-q", ...configFlags(), MAIN];
    for (
      const args of [
        ["example", "--root", join(root, "new")],
        ["workflow", "list", "--url", "postgres://a@127.0.0.1:1/b"],
      ]
    ) {
      // Without the step it would wait for an answer.
      const steps = [{ expect: "Allow?", send: "n\n" }];
      const { code, output } = await onTerminal([...deno, ...args], steps);
      assertEquals(code, 5, output);
      assert(!output.includes("Allow?"), output);
    }
  }));
