import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { join } from "@std/path";
import { Execution } from "../../src/domain/execution.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import { MIGRATIONS } from "../../src/executions/migrations.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { cli, type CliOptions, type CliResult, withRoot } from "./cli.ts";

const START = Date.UTC(2025, 0, 5, 10);
const at = (ms: number) => new Date(START + ms);

/** A run that failed after two nodes, with ids and times that do not change. */
function failedRun(): Execution {
  return Execution.from({
    id: "run-1",
    workflowId: "order-import",
    workflowVersion: "1.0",
    status: "failed",
    startedAt: at(0),
    completedAt: at(4000),
    error: { type: "execution", message: "gave up", nodeId: "store", context: { tries: 2 } },
    nodeExecutions: [
      NodeExecution.from({
        id: "node-1",
        executionId: "run-1",
        nodeId: "list",
        nodeType: "mcp_tool",
        status: "completed",
        startedAt: at(0),
        completedAt: at(1000),
        inputs: { region: "eu" },
        outputs: { big: 12345678901234567890n },
        retryCount: 1,
      }),
      NodeExecution.from({
        id: "node-2",
        executionId: "run-1",
        nodeId: "store",
        nodeType: "mcp_tool",
        status: "failed",
        startedAt: at(1000),
        completedAt: at(4000),
        error: { type: "quota", message: "too many requests" },
      }),
      NodeExecution.from({
        id: "node-3",
        executionId: "run-1",
        nodeId: "count",
        nodeType: "transform",
        status: "skipped",
      }),
    ],
    variableSnapshots: [{
      executionId: "run-1",
      nodeExecutionId: "node-1",
      variableName: "orders",
      newValue: [17, 18],
      timestamp: at(1000),
    }],
  });
}

function completedRun(id: string, minutes: number): Execution {
  return Execution.from({
    id,
    workflowId: "release-notes",
    workflowVersion: "2.0",
    status: "completed",
    startedAt: at(minutes * 60_000),
    completedAt: at(minutes * 60_000 + 250),
    returnValue: ["done"],
  });
}

interface Database {
  root: string;
  run(args: string[], options?: CliOptions): Promise<CliResult>;
}

async function withRuns(test: (database: Database) => Promise<void>): Promise<void> {
  await withRoot(async (root) => {
    {
      using store = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
      for (const run of [failedRun(), completedRun("run-2", 1), completedRun("run-3", 2)]) {
        await store.record(run);
      }
    }
    await test({
      root,
      run: (args, options) => cli([...args, "--root", root], options),
    });
  });
}

function idsOf({ stdout }: CliResult): string[] {
  return JSON.parse(stdout).executions.map(({ id }: { id: string }) => id);
}

Deno.test("execution list prints runs, newest first, as a table", () =>
  withRuns(async ({ run }) => {
    const { code, stdout, stderr } = await run(["execution", "list"]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const lines = stdout.split("\n").map((line) => line.split(/ {2,}/).slice(0, 4).join(" | "));
    assertEquals(lines, [
      "ID | WORKFLOW | STATUS | DURATION",
      "run-3 | release-notes | completed | 250ms",
      "run-2 | release-notes | completed | 250ms",
      "run-1 | order-import | failed | 4.0s",
      "",
    ]);
  }));

Deno.test("execution list filters by workflow, status, time and text, and counts", () =>
  withRuns(async ({ run }) => {
    const list = async (...args: string[]) =>
      idsOf(await run(["execution", "list", "--json", ...args]));
    assertEquals(await list("--workflow", "order-import"), ["run-1"]);
    assertEquals(await list("--status", "completed"), ["run-3", "run-2"]);
    assertEquals(await list("--status", "completed", "--status", "failed"), [
      "run-3",
      "run-2",
      "run-1",
    ]);
    assertEquals(await list("--since", "2025-01-05T10:01:00Z"), ["run-3", "run-2"]);
    assertEquals(await list("--until", "2025-01-05T11:01:00+01:00"), ["run-1"]);
    assertEquals(await list("--since", "7d"), []);
    assertEquals(await list("--search", "NOTES"), ["run-3", "run-2"]);
    assertEquals(await list("--min-duration", "1s"), ["run-1"]);
    assertEquals(await list("--max-duration", "250ms"), ["run-3", "run-2"]);
    assertEquals(await list("--error-type", "execution"), ["run-1"]);
    assertEquals(await list("--label", "none"), []);
    assertEquals((await run(["execution", "list", "-q"])).stdout, "run-3\nrun-2\nrun-1\n");
    const counted = await run(["execution", "list", "--total", "--limit", "1"]);
    assertStringIncludes(counted.stderr, "3 executions match\n");
    for (const wrong of [["--since", "yesterday"], ["--status", "done"], ["--limit", "-1"]]) {
      assertEquals((await run(["execution", "list", ...wrong])).code, 2, wrong.join(" "));
    }
  }));

Deno.test("execution list names the cursor of the next page", () =>
  withRuns(async ({ run }) => {
    const first = JSON.parse((await run(["execution", "list", "--limit", "2", "--json"])).stdout);
    assertEquals(first.executions.length, 2);
    const args = ["execution", "list", "--limit", "2", "--cursor", first.next_cursor];
    const second = JSON.parse((await run([...args, "--json"])).stdout);
    assertEquals(second.executions.map(({ id }: { id: string }) => id), ["run-1"]);
    assertEquals(second.next_cursor, undefined);
    const table = await run(["execution", "list", "--limit", "2"]);
    assertStringIncludes(table.stderr, `There are more: --cursor ${first.next_cursor}\n`);
    const other = await run([...args, "--status", "failed"]);
    assertEquals(other.code, 2);
  }));

Deno.test("execution list prints the keys of Go's command line", () =>
  withRuns(async ({ run }) => {
    const { stdout } = await run(["execution", "list", "--status", "failed", "--ndjson"]);
    assertEquals(JSON.parse(stdout), {
      id: "run-1",
      workflow_id: "order-import",
      workflow_version: "1.0",
      status: "failed",
      started_at: "2025-01-05T10:00:00.000Z",
      completed_at: "2025-01-05T10:00:04.000Z",
      duration_ms: 4000,
      error: { type: "execution", message: "gave up", node_id: "store", context: { tries: 2 } },
    });
  }));

Deno.test("execution list finds nothing where no database is, and makes none", () =>
  withRoot(async (root) => {
    const { code, stdout, stderr } = await cli(["execution", "list", "--root", root]);
    assertEquals({ code, stdout }, { code: 0, stdout: "" });
    assertStringIncludes(stderr, "it does not exist yet\nNo executions found\n");
    assertEquals([...Deno.readDirSync(root)], []);
    assertEquals((await cli(["execution", "show", "x", "--root", root])).code, 3);
    assertEquals((await cli(["db", "info", "--root", root])).code, 3);
  }));

Deno.test("execution list brings an older database to the newest schema first", () =>
  withRoot(async (root) => {
    const path = join(root, "goflow.db");
    {
      using database = new DatabaseSync(path);
      database.exec(MIGRATIONS[0]!.sql);
      database.exec(`INSERT INTO migrations (version) VALUES (1);
        INSERT INTO executions (id, workflow_id, workflow_version, status, started_at)
        VALUES ('old', 'orders', '1.0', 'completed', '2026-01-01 00:00:00 -0800 PST')`);
    }
    for (let i = 0; i < 2; i++) {
      const { stdout, stderr } = await cli(["execution", "list", "-q", "--root", root]);
      assertEquals([stdout, stderr], ["old\n", ""]);
    }
    const { schema_version } = JSON.parse(
      (await cli(["db", "info", "--json", "--root", root])).stdout,
    );
    assertEquals(schema_version, MIGRATIONS.length);
  }));

Deno.test("execution list skips runs, and takes wrong values for wrong usage", () =>
  withRuns(async ({ run }) => {
    const ids = async (...args: string[]) =>
      (await run(["execution", "list", "-q", ...args])).stdout.split("\n").filter(Boolean);
    const all = await ids();
    assert(all.length >= 3, `${all}`);
    assertEquals(await ids("--offset", "1"), all.slice(1));
    assertEquals(await ids("--offset", "1", "--limit", "1"), all.slice(1, 2));
    assertEquals(await ids("--offset", "100"), []);
    for (
      const args of [
        ["--limit", "0"],
        ["--limit", "1001"],
        ["--offset", "-1"],
        ["--cursor", "no-cursor"],
        ["--offset", "1", "--cursor", "x"],
      ]
    ) {
      const { code, stdout } = await run(["execution", "list", ...args]);
      assertEquals({ args, code, stdout }, { args, code: 2, stdout: "" });
    }
  }));

Deno.test("execution show draws the nodes as a time line", () =>
  withRuns(async ({ run }) => {
    const { stdout } = await run(["execution", "show", "run-1"]);
    const [head, nodes] = stdout.split("\n\n");
    assertStringIncludes(
      head!,
      "Run       run-1\nWorkflow  order-import 1.0\nStatus    failed\n",
    );
    assertStringIncludes(head!, '\nError     execution at node "store": gave up');
    assertEquals(
      nodes,
      [
        "NODE   TYPE       STATUS     RETRIES  DURATION  TIME LINE, 4.0s",
        "list   mcp_tool   completed        1      1.0s  ████████",
        "store  mcp_tool   failed                  3.0s          ████████████████████████",
        "count  transform  skipped                    -",
        "store: quota: too many requests",
        "",
      ].join("\n"),
    );
    const values = (await run(["execution", "show", "run-1", "--payloads"])).stdout;
    assertStringIncludes(values, 'list inputs: {\n  "region": "eu"\n}\n');
    assertEquals((await run(["execution", "show", "none"])).code, 3);
  }));

Deno.test("execution show draws a run of 70,000 nodes", () =>
  withRoot(async (root) => {
    const run = Execution.create("large", "1.0");
    {
      using store = await SQLiteExecutionRepository.open({ root });
      await store.record(run);
      using database = new DatabaseSync(`${root}/goflow.db`);
      database.prepare(
        `INSERT INTO node_executions
          (id, execution_id, node_id, node_type, status, started_at, completed_at)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70000)
        SELECT i, ?, 'n' || i, 'mcp_tool', 'completed', '2026-01-01 00:00:00.000+00:00',
          '2026-01-01 00:00:01.000+00:00' FROM n`,
      ).run(run.id);
    }
    const { code, stdout } = await cli(["execution", "show", run.id, "--root", root]);
    assertEquals([code, stdout.split("\n\n")[1]?.trim().split("\n").length], [0, 70_001]);
  }));

Deno.test("execution show --json prints everything, large integers included", () =>
  withRuns(async ({ run }) => {
    const { stdout } = await run(["execution", "show", "run-1", "--json"]);
    assertStringIncludes(stdout, '"big": 12345678901234567890\n');
    const shown = JSON.parse(stdout);
    assertEquals(shown.variables, { orders: [17, 18] });
    assertEquals(shown.node_executions[1].error, { type: "quota", message: "too many requests" });
    assertEquals(shown.node_executions[0].retry_count, 1);
    assertEquals(shown.variable_snapshots[0].variable_name, "orders");
  }));

Deno.test("execution logs tells what happened, in order", () =>
  withRuns(async ({ run }) => {
    const lines = async (...args: string[]) => {
      const { stdout } = await run(["execution", "logs", "run-1", ...args]);
      return stdout.trimEnd().split("\n").slice(1).map((line) =>
        line.slice(11, 23) + line.slice(24)
      );
    };
    assertEquals(await lines(), [
      "10:00:00.000  execution  -      started order-import",
      "10:00:00.000  node       list   started (mcp_tool)",
      "10:00:01.000  variable   list   orders = [17,18]",
      "10:00:01.000  node       list   completed after 1.0s, 1 retries",
      "10:00:01.000  node       store  started (mcp_tool)",
      "10:00:04.000  error      store  quota: too many requests",
      "10:00:04.000  error      store  execution: gave up",
      "10:00:04.000  execution  -      failed after 4.0s",
    ]);
    assertEquals((await lines("--tail", "1")).length, 1);
    const messages = async (...args: string[]) =>
      (await run(["execution", "logs", "run-1", "--ndjson", ...args])).stdout.trimEnd()
        .split("\n").map((line) => JSON.parse(line).message);
    assertEquals(await messages("--follow"), await messages());
    assertEquals(await messages("--follow", "--tail", "2"), [
      "execution: gave up",
      "failed after 4.0s",
    ]);
    assertEquals((await lines("--type", "error", "--type", "variable")).length, 3);
  }));

Deno.test("execution delete shows its plan, asks, and deletes nothing unless all exist", () =>
  withRuns(async ({ run }) => {
    assertEquals((await run(["execution", "delete", "run-1", "none", "--yes"])).code, 3);
    const dry = await run(["execution", "delete", "run-1", "--dry-run"]);
    assertStringIncludes(
      dry.stderr,
      'Delete execution "run-1" (order-import, failed, 3 node executions)\n',
    );
    assertEquals((await run(["execution", "delete", "run-1"])).code, 2);
    assertEquals((await run(["execution", "show", "run-1"])).code, 0);
    assertEquals((await run(["execution", "delete", "run-1", "--yes"])).code, 0);
    assertEquals((await run(["execution", "show", "run-1"])).code, 3);
  }));

Deno.test("db info tells what is in use, and why", () =>
  withRuns(async ({ root, run }) => {
    const { stdout } = await run(["db", "info"]);
    assertStringIncludes(stdout, `File        ${join(root, "goflow.db")}\n`);
    assert(/\nExecutions +3\nDriver +builtin, .+\nSQLite +3\.\d+\.\d+\n/.test(stdout), stdout);
    const info = JSON.parse((await run(["db", "info", "--json"])).stdout);
    assertEquals([info.driver, info.journal_mode, info.executions], ["builtin", "wal", 3]);
    assert(info.size > 0);
  }));

Deno.test("execution and db exit with 1 when the file is not a database", () =>
  withRoot(async (root) => {
    await Deno.writeTextFile(join(root, "goflow.db"), "not a database, but long enough".repeat(99));
    for (const args of [["execution", "list"], ["db", "info"]]) {
      const { code, stderr } = await cli([...args, "--root", root]);
      assertEquals(code, 1);
      assertStringIncludes(stderr, "goflow.db");
    }
  }));
