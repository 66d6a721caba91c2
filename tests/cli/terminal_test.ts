import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { Workflow } from "../../src/domain/workflow.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { FilesystemWorkflowRepository } from "../../src/workflows/repository.ts";
import { fakeProgram } from "../credentials/fakes.ts";
import { linux, testNeeding } from "../helpers/skip.ts";
import { cli, makeRuns, withRoot } from "./cli.ts";
import { fakeKeyring } from "./keyring.ts";
import { cliCommand, onTerminal, python } from "./terminal.ts";

testNeeding(
  [...fakeKeyring, python],
  "credential set never shows what is typed on a terminal",
  () =>
    withRoot(async (root) => {
      await using fake = await fakeProgram("linux");
      await Deno.mkdir(join(root, "bin"));
      await Deno.symlink(fake.program, join(root, "bin", "secret-tool"));
      const env = { PATH: `${join(root, "bin")}:${Deno.env.get("PATH")}` };
      const set = cliCommand("credential", "set", "k", "--root", root);
      const typed = await onTerminal(set, [{ expect: 'Value of "k": ', send: "s3cret\r" }], {
        env,
      });
      assertEquals([typed.code, typed.echo], [0, [false]]);
      assert(!typed.output.includes("s3cret"), typed.output);
      assertStringIncludes(typed.output, 'Stored credential "k"');

      const get = cliCommand("credential", "get", "k", "--root", root);
      assertEquals((await onTerminal(get, [], { env })).code, 2);
      const shown = await onTerminal([...get, "--reveal"], [], { env });
      assertStringIncludes(shown.output, "s3cret");

      const stopped = await onTerminal(
        cliCommand("credential", "set", "other", "--root", root),
        [{ expect: 'Value of "other": ', send: "half\x03" }],
        { env },
      );
      assertEquals(stopped.code, 130);
      assertStringIncludes(stopped.output, "Interrupted");

      for (const signal of [1, 2, 15]) {
        const steps = [{ expect: 'Value of "k": ', signal }, { expect: "Interrupted" }];
        const { code, echo } = await onTerminal([...set, "--yes"], steps, { env });
        assertEquals([code, echo], [130, [false, true]], `The terminal shows what is typed again`);
      }
    }),
);

testNeeding(
  python,
  "workflow list fits the width of the terminal and colours it",
  () =>
    withRoot(async (root) => {
      const store = await FilesystemWorkflowRepository.open({ root });
      const name = "a name that is far too long for any terminal that is not very wide";
      await store.save(Workflow.create(name, undefined, { id: "long" }));
      const list = cliCommand("workflow", "list", "--root", root);
      const { output } = await onTerminal(["env", "-u", "NO_COLOR", ...list], [], { columns: 70 });
      assertStringIncludes(output, "\x1b[1mID\x1b[0m");
      assertStringIncludes(output, "…");
      const plain = await onTerminal(list, [], { columns: 70, env: { NO_COLOR: "1" } });
      assert(!plain.output.includes("\x1b["), plain.output);
      for (const line of plain.output.split("\r\n")) assert(line.length <= 70, line);
      assertStringIncludes((await cli(["workflow", "list", "--root", root])).stdout, name);
    }),
);

testNeeding(python, "workflow delete asks on a terminal", () =>
  withRoot(async (root) => {
    const store = await FilesystemWorkflowRepository.open({ root });
    await store.save(Workflow.create("a", undefined, { id: "a" }));
    const remove = cliCommand("workflow", "delete", "a", "--root", root);
    const refused = await onTerminal(remove, [{ expect: "? [y/N] ", send: "n\n" }]);
    assertEquals([refused.code, refused.echo], [1, [true]]);
    const agreed = await onTerminal(remove, [{ expect: "? [y/N] ", send: "y\n" }]);
    assertEquals(agreed.code, 0);
    assertEquals((await store.list()).workflows, []);
  }));

testNeeding(
  python,
  "workflow export draws a bar, and says on Ctrl-C what was done",
  () =>
    withRoot(async (root) => {
      await Deno.mkdir(join(root, "workflows"));
      for (let index = 0; index < 1500; index++) {
        Deno.writeTextFileSync(join(root, "workflows", `w${index}.yaml`), `name: w${index}\n`);
      }
      const folder = join(root, "shared");
      const { output, code } = await onTerminal(
        cliCommand("workflow", "export", "--dir", folder, "--root", root),
        [{ expect: "] Exporting: ", signal: 2 }],
        { columns: 60 },
      );
      assertEquals(code, 130, output);
      assertStringIncludes(output, "[------------------------] Exporting: 1 files of 1500");
      const exported = Number(/Exported (\d+) workflows to/.exec(output)?.[1]);
      assertEquals(exported, [...Deno.readDirSync(folder)].length);
      assert(exported < 1500, output);
      assertStringIncludes(output, "Interrupted");
    }),
);

testNeeding(
  python,
  "execution prune draws a bar, and says on Ctrl-C what was done",
  () =>
    withRoot(async (root) => {
      await makeRuns(root, 6000);
      const prune = ["execution", "prune", "--older-than", "1d", "--yes", "--root", root];
      const { output, code } = await onTerminal(
        cliCommand(...prune),
        [{ expect: "] Pruning: ", signal: 2 }],
      );
      assertEquals(code, 130, output);
      const deleted = Number(/Deleted (\d+) runs/.exec(output)?.[1]);
      assert(deleted > 0 && deleted < 5999, output);
      const rest = await cli(["execution", "list", "--total", "--limit", "1", "--root", root]);
      assertStringIncludes(rest.stderr, `${6000 - deleted} executions match\n`);
      assertEquals((await cli(prune)).code, 0);
    }),
);

Deno.test("execution export stops on Ctrl-C, and says how much it wrote", () =>
  withRoot(async (root) => {
    await makeRuns(root, 5000);
    const [command = "", ...args] = cliCommand("execution", "export", "--root", root);
    const child = new Deno.Command(command, { args, stdout: "piped", stderr: "piped" }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    // The pipe is full before all is written, so that it cannot end sooner.
    let text = (await reader.read()).value ?? "";
    child.kill("SIGINT");
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    const stderr = await new Response(child.stderr).text();
    assertEquals((await child.status).code, 130, stderr);
    const told = Number(/Interrupted: about (\d+) runs were exported/.exec(stderr)?.[1]);
    const lines = text.trimEnd().split("\n");
    for (const line of lines) JSON.parse(line);
    assert(lines.length < 5000 && Math.abs(lines.length - told) <= 500, `${lines.length}, ${told}`);
  }));

Deno.test("workflow import stops on Ctrl-C while it waits for its input", () =>
  withRoot(async (root) => {
    const [command = "", ...args] = cliCommand("workflow", "import", "-", "--root", root);
    const signal = AbortSignal.timeout(10_000);
    const child = new Deno.Command(command, { args, signal, stdin: "piped", stdout: "null" })
      .spawn();
    const writer = child.stdin.getWriter();
    // More than a pipe holds: it was read, and the rest is waited for.
    await writer.write(new Uint8Array(1_000_000).fill(32));
    child.kill("SIGINT");
    assertEquals((await child.status).signal, "SIGINT");
    await writer.abort();
  }));

testNeeding(
  linux,
  "A command that cannot stop at once on Ctrl-C says how to end it",
  () =>
    withRoot(async (root) => {
      await makeRuns(root, 1);
      using database = new DatabaseSync(join(root, "goflow.db"));
      database.exec("BEGIN IMMEDIATE");
      const [command = "", ...args] = cliCommand("db", "compact", "--root", root);
      const signal = AbortSignal.timeout(10_000);
      const child = new Deno.Command(command, { args, signal, stderr: "piped" }).spawn();
      const hears = () =>
        Number(/SigCgt:.*(.)$/m.exec(Deno.readTextFileSync(`/proc/${child.pid}/status`))?.[1]) & 2;
      while (!hears()) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill("SIGINT");
      const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
      assertEquals((await reader.read()).value, "Stopping, Ctrl-C again ends it at once\n");
      child.kill("SIGINT");
      assertEquals((await child.status).signal, "SIGINT");
      await reader.cancel();
    }),
);

testNeeding(python, "db backup, restore and compact draw a bar", () =>
  withRoot(async (root) => {
    (await SQLiteExecutionRepository.open({ root, driver: "builtin" })).close();
    {
      using database = new DatabaseSync(join(root, "goflow.db"));
      database.exec(`
      INSERT INTO executions
        (id, workflow_id, workflow_version, status, started_at, completed_at, return_value)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
      SELECT 'run-' || i, 'etl', '1.0', 'completed', '2020-01-01 10:00:00.000+00:00',
        '2020-01-01 10:00:01.000+00:00', '"' || hex(zeroblob(250000)) || '"' FROM n`);
    }
    const onBar = async (...args: string[]) =>
      (await onTerminal(cliCommand(...args, "--root", root), [], { columns: 100 })).output;
    const dumb = cliCommand("db", "backup", join(root, "dumb.db"), "--root", root);
    const { output } = await onTerminal(["env", "-u", "NO_COLOR", ...dumb], [], {
      env: { TERM: "dumb" },
    });
    assert(output.includes("Backed up to ") && !output.includes("\x1b"), output);
    const copy = join(root, "copy.db");
    assertStringIncludes(await onBar("db", "backup", copy), "] Backing up: ");
    assertStringIncludes(await onBar("db", "restore", copy, "--yes"), "] Restoring: ");
    {
      using database = new DatabaseSync(join(root, "goflow.db"));
      database.exec("DELETE FROM executions");
    }
    assertStringIncludes(await onBar("db", "compact"), "] Compacting: ");
  }));
