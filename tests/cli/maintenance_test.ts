import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { Execution } from "../../src/domain/execution.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { PROJECT, runDeno } from "../helpers/child.ts";
import { linux, program, realInputs, testNeeding } from "../helpers/skip.ts";
import { cli, type CliOptions, type CliResult, makeRuns, withRoot } from "./cli.ts";
import { cliCommand } from "./terminal.ts";

const DAY = 86_400_000;

interface Database {
  root: string;
  run(args: string[], options?: CliOptions): Promise<CliResult>;
  ids(): Promise<string[]>;
}

/** Runs of the last ten days, one a day with one node; the oldest is pinned. */
async function withRuns(test: (database: Database) => Promise<void>): Promise<void> {
  await withRoot(async (root) => {
    {
      using store = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
      for (let day = 0; day < 10; day++) {
        const startedAt = new Date(Date.now() - day * DAY - 60_000);
        const run = Execution.from({
          id: `run-${day}`,
          workflowId: "etl",
          workflowVersion: "1.0",
          status: "completed",
          startedAt,
          completedAt: new Date(startedAt.getTime() + 1000),
        });
        const node = run.addNodeExecution(NodeExecution.create(run.id, "fetch", "mcp_tool"));
        node.start();
        node.complete({ note: "=1+1" });
        await store.record(run);
      }
      await store.pin("run-9");
    }
    const run = (args: string[], options?: CliOptions) => cli([...args, "--root", root], options);
    const ids = async () =>
      (await run(["execution", "list", "-q"])).stdout.split("\n").filter(Boolean);
    await test({ root, run, ids });
  });
}

Deno.test("execution prune shows its plan, asks, and keeps what is pinned", () =>
  withRuns(async ({ run, ids }) => {
    const prune = ["execution", "prune", "--older-than", "5d", "--max-count", "9"];
    const dry = await run([...prune, "--dry-run", "--json"]);
    assert(/^Delete 4 runs, about .+: .*older than 5d00h/.test(dry.stderr), dry.stderr);
    assertEquals([JSON.parse(dry.stdout).deleted, JSON.parse(dry.stdout).count], [0, 4]);
    assertEquals((await run(prune)).code, 2);
    assertEquals((await ids()).length, 10);
    const done = await run([...prune, "--yes"]);
    assertEquals(done.code, 0);
    assertStringIncludes(done.stderr, "Deleted ");
    assertEquals(await ids(), ["run-0", "run-1", "run-2", "run-3", "run-4", "run-9"]);
    assertStringIncludes((await run([...prune, "--yes"])).stderr, "Nothing to prune\n");
    assertEquals((await run(["execution", "prune"])).code, 2);
    assertEquals((await run(["execution", "prune", "--max-size", "x"])).code, 2);
  }));

Deno.test("execution prune archives what execution import brings back", () =>
  withRuns(async ({ root, run, ids }) => {
    const archive = join(root, "old.ndjson.gz");
    const prune = ["execution", "prune", "--older-than", "5d", "--archive", archive, "--yes"];
    assertEquals((await run([...prune, "--keep-last", "7"])).code, 0);
    assertEquals((await ids()).length, 8);
    const imported = await run(["execution", "import", archive, "--json"]);
    assertEquals(JSON.parse(imported.stdout), { imported: 2, skipped: 0, invalid: [] });
    assertEquals((await ids()).length, 10);
    const show = await run(["execution", "show", "run-8", "--json"]);
    assertEquals(JSON.parse(show.stdout).node_executions[0].outputs, { note: "=1+1" });
  }));

Deno.test("execution export and import move runs to another folder without loss", () =>
  withRuns(async ({ root, run }) => {
    const file = join(root, "runs.ndjson");
    const exported = await run(["execution", "export", "-o", file, "--since", "3d"]);
    assertStringIncludes(exported.stderr, `Exported 3 runs to ${file}`);
    const text = await Deno.readTextFile(file);
    assertEquals((await run(["execution", "export", "--since", "3d"])).stdout, text);
    const other = join(root, "other");
    const args = ["execution", "import", "-", "--root", other];
    const first = await cli(args, { stdin: `${text}nonsense\n` });
    assertEquals(first.code, 1);
    assertStringIncludes(first.stderr, "Line 4: ");
    assertStringIncludes(first.stderr, "Imported 3 runs, 0 were there already\n");
    const again = await cli(args, { stdin: text });
    assertEquals([again.code, again.stderr], [0, "Imported 0 runs, 3 were there already\n"]);
    const csv = await run(["execution", "export", "--format", "csv", "--table", "joined"]);
    assertEquals(csv.stdout.trimEnd().split("\n").length, 11);
    const json = await run(["execution", "export", "--format", "json", "--status", "failed"]);
    assertEquals(JSON.parse(json.stdout), []);
    assertEquals((await run(["execution", "export", "--table", "joined"])).code, 2);
    assertEquals((await run(["execution", "import", join(root, "none")])).code, 3);
  }));

Deno.test("execution export and workflow export never write over the data itself", () =>
  withRuns(async ({ root, run, ids }) => {
    const folder = join(root, "workflows");
    await Deno.mkdir(folder, { recursive: true });
    const workflow = `name: a\ndescription: ghp_${"a1B2".repeat(9)}\n`;
    await Deno.writeTextFile(join(folder, "a.yaml"), workflow);
    await Deno.symlink(join(root, "goflow.db"), join(root, "link"));
    const calls = [
      ["execution", "export", "-o", join(root, "goflow.db")],
      ["execution", "export", "-o", join(root, "link")],
      ["workflow", "export", "a", "-o", join(root, "goflow.db")],
      ["workflow", "export", "a", "-o", join(folder, "a.yaml")],
      ["workflow", "export", "--dir", folder],
    ];
    for (const call of calls) {
      const { code, stderr } = await run(call);
      assertEquals(code, 2, call.join(" "));
      assertStringIncludes(stderr, "it is data of GoFlow itself, name another file");
    }
    assertEquals((await ids()).length, 10);
    assertEquals(await Deno.readTextFile(join(folder, "a.yaml")), workflow);
    for (let i = 0; i < 2; i++) {
      assertEquals((await run(["workflow", "export", "a", "-o", join(root, "a.yaml")])).code, 0);
    }
  }));

Deno.test("An export that is stopped leaves the file from before", () =>
  withRoot(async (root) => {
    await makeRuns(root, 5000);
    const folder = join(root, "out");
    const file = join(folder, "runs.ndjson");
    await Deno.mkdir(folder);
    await Deno.writeTextFile(file, "before");
    const args = ["execution", "export", "-o", file, "--root", root];
    const stopped = await cli(args, {
      terminal: true,
      // As SIGINT, which is for the test runner.
      onWrite: (_stream, text) => {
        if (text.includes("Exporting: ")) Deno.kill(Deno.pid, "SIGTERM");
      },
    });
    assertEquals(stopped.code, 130, stopped.stderr);
    assertEquals(await Deno.readTextFile(file), "before");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["runs.ndjson"]);
    assertEquals((await cli(args)).code, 0);
    assertEquals((await Deno.readTextFile(file)).split("\n").length, 5001);
  }));

Deno.test("An export keeps mode and links of the file that it replaces, and is no file for -", () =>
  withRuns(async ({ root, run }) => {
    await Deno.mkdir(join(root, "workflows"));
    await Deno.writeTextFile(join(root, "workflows", "a.yaml"), "name: a\n");
    const out = join(root, "out");
    await Deno.mkdir(out);
    const [file, link, missing] = [join(out, "file"), join(out, "link"), join(out, "missing")];
    await Deno.writeTextFile(file, "before", { mode: 0o640 });
    await Deno.symlink("file", link);
    await Deno.symlink("missing", join(out, "loose"));
    for (const command of [["execution", "export"], ["workflow", "export", "a"]]) {
      const { stdout } = await run(command);
      assert(stdout.includes("a"), stdout);
      for (const standard of ["-", "/dev/stdout"]) {
        assertEquals((await run([...command, "-o", standard])).stdout, stdout);
      }
      for (const path of [link, join(out, "loose"), join(out, "new")]) {
        assertEquals((await run([...command, "-o", path])).code, 0, path);
      }
      for (const path of [file, missing, join(out, "new")]) {
        assertEquals(await Deno.readTextFile(path), stdout);
      }
      assert((await Deno.lstat(link)).isSymlink);
      if (Deno.build.os !== "windows") {
        assertEquals((await Deno.stat(file)).mode! & 0o777, 0o640);
      }
      await Deno.remove(missing);
      assertEquals((await run([...command, "-o", join(out, "none", "a")])).code, 3);
      assertEquals((await run([...command, "-o", out])).code, 1);
      if (Deno.build.os === "linux") {
        const full = await run([...command, "-o", "/dev/full"]);
        assertEquals(full.code, 1);
        assertStringIncludes(full.stderr, 'Cannot write "/dev/full": ');
        assertStringIncludes(full.stderr, "the disk is full");
      }
    }
    const left = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
    assertEquals(left, ["file", "link", "loose", "new"]);
    await assertRejects(() => Deno.stat("-"), Deno.errors.NotFound);
  }));

Deno.test("Commands that write a file exit with 3 where there is no folder for it", () =>
  withRuns(async ({ root, run, ids }) => {
    const file = join(root, "none", "file");
    for (
      const args of [
        ["execution", "export", "-o", file],
        ["execution", "prune", "--older-than", "5d", "--yes", "--archive", file],
        ["db", "backup", file],
        ["db", "salvage", file],
      ]
    ) {
      const { code, stderr } = await run(args);
      assertStringIncludes(stderr, `: there is no folder "${join(root, "none")}"\n`);
      assertEquals(code, 3, stderr);
    }
    assertEquals((await ids()).length, 10);
  }));

testNeeding(
  [linux, program("bash")],
  "An export goes to another program of a shell",
  () =>
    withRuns(async ({ root }) => {
      const args = cliCommand("execution", "export", "--root", root);
      const script = '"$@" -o >(cat) 2> /dev/null; "$@" -o /dev/stderr 2> >(cat); wait';
      const { stdout } = await new Deno.Command("bash", {
        args: ["-c", script, "bash", ...args],
      }).output();
      const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
      assertEquals(lines.length, 21);
      assertEquals(lines.at(-1), "Exported 10 runs to /dev/stderr");
    }),
);

Deno.test("An output without a name is wrong usage", () =>
  withRuns(async ({ run }) => {
    for (
      const args of [
        ["execution", "export", "-o", ""],
        ["execution", "prune", "--older-than", "5d", "--yes", "--archive", ""],
        ["workflow", "export", "a", "-o", ""],
        ["workflow", "export", "--dir", ""],
        ["db", "backup", ""],
        ["db", "salvage", ""],
      ]
    ) {
      const { code, stderr } = await run(args);
      assertStringIncludes(stderr, "is empty");
      assertEquals(code, 2, stderr);
    }
  }));

testNeeding(
  linux,
  "Commands say what they cannot read when that is a folder",
  () =>
    withRuns(async ({ root, run }) => {
      const { code, stderr } = await run(["execution", "import", root]);
      assertStringIncludes(stderr, `Cannot read "${root}": `);
      assertEquals(code, 1);
      for (
        const args of [["execution", "import", "-"], ["workflow", "save", "-", "--id", "a"]]
      ) {
        const input = ["-c", 'exec "$0" "$@" < /', ...cliCommand(...args, "--root", root)];
        const child = await new Deno.Command("sh", { args: input }).output();
        assertStringIncludes(
          new TextDecoder().decode(child.stderr),
          "Cannot read standard input: ",
        );
        assertEquals(child.code, 1);
      }
    }),
);

Deno.test("db backup and restore bring everything back", () =>
  withRuns(async ({ root, run, ids }) => {
    const copy = join(root, "copy.db");
    const backup = await run(["db", "backup", copy, "--json"]);
    assertEquals(backup.code, 0, backup.stderr);
    assert(JSON.parse(backup.stdout).size > 0);
    assertEquals((await run(["db", "backup", copy])).code, 4);
    await run(["execution", "delete", "run-0", "run-1", "--yes"]);
    assertEquals((await run(["db", "restore", copy])).code, 2);
    assertEquals((await ids()).length, 8);
    const restored = await run(["db", "restore", copy, "--yes"]);
    assertEquals(restored.code, 0, restored.stderr);
    assertEquals((await ids()).length, 10);
    await Deno.writeTextFile(copy, "nonsense");
    assertEquals((await run(["db", "restore", copy, "--yes"])).code, 1);
    assertEquals((await ids()).length, 10);
  }));

Deno.test("db restore makes nothing before it goes on, and says what to do about a damaged database", () =>
  withRuns(async ({ root, run, ids }) => {
    const copy = join(root, "copy.db");
    await run(["db", "backup", copy]);
    const fresh = join(root, "fresh");
    const restore = (...args: string[]) => cli(["db", "restore", ...args, "--root", fresh]);
    assertEquals((await restore(copy, "--dry-run")).code, 0);
    assertEquals((await restore(copy)).code, 2);
    assertEquals((await restore(join(root, "none.db"), "--yes")).code, 3);
    await assertRejects(() => Deno.stat(fresh), Deno.errors.NotFound);

    const path = join(root, "goflow.db");
    await Deno.writeTextFile(path, "nonsense".repeat(1000));
    const refused = await run(["db", "restore", copy, "--yes"]);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, "cannot be opened, so move it away first");
    await Deno.rename(path, `${path}.damaged`);
    assertEquals((await run(["db", "restore", copy, "--yes"])).code, 0);
    assertEquals((await ids()).length, 10);
  }));

Deno.test("db check finds what refers to nothing, and repairs it when asked to", () =>
  withRuns(async ({ root, run }) => {
    assertEquals((await run(["db", "check", "--full"])).stdout, "Nothing is wrong\n");
    {
      using database = new DatabaseSync(join(root, "goflow.db"), {
        enableForeignKeyConstraints: false,
      });
      database.exec("DELETE FROM executions WHERE id = 'run-3'");
    }
    const found = await run(["db", "check", "--json"]);
    assertEquals(found.code, 1);
    assertEquals(JSON.parse(found.stdout).orphans.node_executions, 1);
    assertEquals((await run(["db", "check", "--repair"])).code, 2);
    const repaired = await run(["db", "check", "--repair", "--yes"]);
    assertEquals(repaired.code, 0);
    assertStringIncludes(repaired.stdout, "Repaired: ");
    assertEquals((await run(["db", "check"])).stdout, "Nothing is wrong\n");
  }));

Deno.test("db compact shrinks the file, db migrate tells the versions", () =>
  withRuns(async ({ run }) => {
    const compacted = JSON.parse((await run(["db", "compact", "--json"])).stdout);
    assert(compacted.after <= compacted.before, JSON.stringify(compacted));
    const migrated = await run(["db", "migrate"]);
    assert(/^The schema is version \d+ already\n$/.test(migrated.stderr), migrated.stderr);
  }));

Deno.test("db salvage copies what is readable into a new database", () =>
  withRuns(async ({ root, run }) => {
    const other = join(root, "other");
    await Deno.mkdir(other);
    const file = join(other, "goflow.db");
    const { code, stdout } = await run(["db", "salvage", file, "--json"]);
    assertEquals([code, JSON.parse(stdout).copied.executions], [0, 10]);
    const list = await cli(["execution", "list", "-q", "--root", other]);
    assertEquals(list.stdout.split("\n").length, 11);
    assertEquals((await run(["db", "salvage", file])).code, 4);
    assertEquals((await cli(["db", "salvage", "x.db", "--root", join(root, "none")])).code, 3);
  }));

testNeeding(
  realInputs,
  "db migrate and compact care for a database that Go made",
  () =>
    withRoot(async (root) => {
      const go = join(Deno.env.get("GOFLOW_FIXTURES") ?? "", "go-home", "goflow.db");
      await Deno.writeFile(join(root, "goflow.db"), await Deno.readFile(go));
      const run = (...args: string[]) => cli([...args, "--root", root]);
      assertEquals(JSON.parse((await run("db", "info", "--json")).stdout).schema_version, 1);
      const { from, to } = JSON.parse((await run("db", "migrate", "--json")).stdout);
      assert(from === 1 && to > 1, `${from} -> ${to}`);
      assertEquals(JSON.parse((await run("db", "info", "--json")).stdout).schema_version, to);

      const main = join(PROJECT, "src/cli/main.ts");
      const compact = (flags: string[]) =>
        runDeno(main, { flags, args: ["db", "compact", "--root", root] });
      const refused = await compact([`--allow-read=${root}`, `--allow-write=${root}`]);
      assertEquals(refused.code, 5, refused.stderr);
      assertStringIncludes(refused.stderr, "--allow-all");
      assertEquals((await compact(["--allow-all"])).code, 0);
      assertEquals((await compact([`--allow-read=${root}`, `--allow-write=${root}`])).code, 0);
    }),
);
