import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { bar, sparkLine } from "../../src/cli/charts.ts";
import { Execution } from "../../src/domain/execution.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { configFlags, PROJECT } from "../helpers/child.ts";
import { cli, type CliResult, withRoot } from "./cli.ts";

const START = Date.UTC(2025, 0, 5, 10);

interface Runs {
  store: SQLiteExecutionRepository;
  root: string;
  run(...args: string[]): Promise<CliResult>;
}

/** Eleven runs within three hours, the last one failed, and one that is running. */
async function withRuns(test: (runs: Runs) => Promise<void>): Promise<void> {
  await withRoot(async (root) => {
    using store = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
    for (let index = 0; index <= 10; index++) {
      const startedAt = new Date(START + (index < 8 ? 0 : 2) * 3_600_000 + index * 1000);
      await store.record(Execution.from({
        id: `run-${index}`,
        workflowId: index < 6 ? "etl" : "mail",
        workflowVersion: "1.0",
        status: index < 10 ? "completed" : "failed",
        startedAt,
        completedAt: new Date(startedAt.getTime() + 1000),
        ...(index < 10 ? {} : { error: { type: "quota", message: "too many" } }),
      }));
    }
    const live = Execution.create("etl", "1.0");
    live.id = "live";
    live.start();
    await store.save(live);
    await test({ store, root, run: (...args) => cli(["execution", ...args, "--root", root]) });
  });
}

Deno.test("execution stats draws statuses, durations, runs over time and workflows", () =>
  withRuns(async ({ run }) => {
    const { code, stdout } = await run("stats", "--by", "hour");
    assertEquals(code, 0);
    assertEquals(
      stdout,
      `\
Runs      11 ended, 1 running, 0 pending
Success   90.9 %
Duration  1.0s to 1.0s, p50 1.0s, p95 1.0s, p99 1.0s, mean 1.0s

Runs per hour, 2025-01-05 10:00 to 2025-01-05 12:00 UTC, at most 8
█ ▃

STATUS     RUNS
completed    10  ${"█".repeat(30)}
failed        1  ███

DURATION      RUNS
1.0s to 2.0s    11  ${"█".repeat(30)}

ERROR  RUNS
quota     1  ${"█".repeat(30)}

WORKFLOW  RUNS  SUCCESS   P50   P95
etl          6  100.0 %  1.0s  1.0s
mail         5   80.0 %  1.0s  1.0s
`,
    );
  }));

Deno.test("execution stats filters, and prints JSON", () =>
  withRuns(async ({ run }) => {
    const { stdout } = await run("stats", "--workflow", "mail", "--json");
    const statistics = JSON.parse(stdout);
    assertEquals(statistics.runs.by_status, { completed: 4, failed: 1 });
    assertEquals([statistics.runs.success_rate, statistics.runs.duration.p50_ms], [0.8, 1000]);
    assertEquals(statistics.workflows[0].workflow_id, "mail");
    assertEquals(statistics.active, { pending: 0, running: 0 });
    const later = JSON.parse(
      (await run("stats", "--since", "2025-01-05T12:00:00Z", "--json")).stdout,
    );
    assertEquals(later.runs.count, 3);
    const none = await run("stats", "--since", "1h");
    assertStringIncludes(none.stdout, "Runs  0 ended, ");
    assertEquals((await run("stats", "--by", "year")).code, 2);
  }));

Deno.test("execution pin, unpin and label change the labels of runs", () =>
  withRuns(async ({ run }) => {
    assertEquals((await run("pin", "run-1", "run-2")).code, 0);
    assertEquals((await run("label", "run-1", "incident")).stdout, "incident\npinned\n");
    assertEquals((await run("list", "-q", "--label", "pinned")).stdout, "run-2\nrun-1\n");
    assertStringIncludes((await run("show", "run-1")).stdout, "\nLabels    incident, pinned\n");
    assertEquals((await run("unpin", "run-1")).code, 0);
    assertEquals((await run("label", "run-1", "incident", "--remove")).stdout, "");
    assertEquals(JSON.parse((await run("label", "run-2", "--json")).stdout).labels, ["pinned"]);
    for (const command of [["pin"], ["unpin"], ["label"]]) {
      assertEquals((await run(...command, "none")).code, 3);
    }
  }));

Deno.test("execution claim and interrupt care for runs whose owner is gone", () =>
  withRuns(async ({ store, run }) => {
    const refusal = async (found: string) => {
      const { code, stderr } = await run("claim", "live", "--owner", "b");
      assertEquals(code, 4);
      assertStringIncludes(stderr, `: it is ${found}, wanted is a live run whose owner is gone\n`);
    };
    await refusal("without an owner");
    await store.lease("live", "a", 60_000);
    await refusal('owned by "a"');
    assertEquals((await run("list", "--abandoned", "-q")).stdout, "");
    await store.lease("live", "a", 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals((await run("list", "--abandoned", "-q")).stdout, "live\n");
    const claimed = JSON.parse(
      (await run("claim", "live", "--owner", "b", "--for", "1ms", "--json")).stdout,
    );
    assertEquals([claimed.id, claimed.owner], ["live", "b"]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals((await run("interrupt")).code, 2);
    assertStringIncludes((await run("interrupt", "--dry-run")).stderr, 'End as failed: "live"\n');
    assertEquals((await run("interrupt", "live", "none", "--dry-run")).code, 3);
    assertEquals((await run("interrupt", "live", "none", "--yes")).code, 3);
    assertEquals((await store.load("live")).status, "running");
    assertEquals((await run("interrupt", "--yes")).code, 0);
    assertEquals((await store.load("live")).status, "failed");
    assertEquals((await run("interrupt")).stderr, "No abandoned executions found\n");
    await refusal("failed");
    assertEquals((await run("claim", "live")).code, 2);
  }));

function child(root: string, ...args: string[]): Deno.ChildProcess {
  const main = join(PROJECT, "src/cli/main.ts");
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", ...configFlags(), main, "execution", ...args, "--root", root],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("execution logs --follow tells what happens until the run ends", () =>
  withRuns(async ({ store, root }) => {
    const logs = child(root, "logs", "live", "-f", "--ndjson");
    const lines = logs.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (part: string) => {
      while (!text.includes(part)) {
        const { value } = await lines.read();
        assert(value !== undefined, `no ${part} in ${text}`);
        text += value;
      }
    };
    await until("started etl");
    const node = NodeExecution.create("live", "fetch", "mcp_tool");
    node.start();
    await store.saveNodeExecution(node);
    await until('"node":"fetch","message":"started (mcp_tool)"');
    node.complete();
    await store.saveNodeExecution(node);
    await until("completed after");
    const live = await store.load("live");
    live.complete();
    await store.save(live);
    await until('"type":"execution","message":"completed after');
    assertEquals((await logs.status).code, 0);
    assertEquals(text.match(/started \(mcp_tool\)/g)?.length, 1);
    await lines.cancel();
    await logs.stderr.cancel();
  }));

Deno.test("execution logs --follow fails when the run is deleted before its end", () =>
  withRuns(async ({ store, root }) => {
    const logs = child(root, "logs", "live", "-f");
    const lines = logs.stdout.pipeThrough(new TextDecoderStream()).getReader();
    await lines.read();
    const node = NodeExecution.create("live", "fetch", "mcp_tool");
    node.start();
    await store.saveNodeExecution(node);
    // It follows by now.
    for (let text = ""; !text.includes("fetch");) text += (await lines.read()).value ?? "";
    await store.delete("live");
    assertEquals((await logs.status).code, 3);
    assertStringIncludes(
      await new Response(logs.stderr).text(),
      'Cannot follow execution "live" to its end: it was deleted',
    );
    await lines.cancel();
  }));

Deno.test("execution watch tells about changes until it is interrupted", () =>
  withRuns(async ({ store, root }) => {
    const watch = child(root, "watch", "--ndjson", "--after", "0");
    const lines = watch.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes('"execution_id":"live"')) text += (await lines.read()).value ?? "";
    await store.delete("live");
    while (!text.includes('"kind":"deleted"')) text += (await lines.read()).value ?? "";
    watch.kill("SIGINT");
    await lines.read();
    const stderr = await new Response(watch.stderr).text();
    assert(/Stopped after \d+ changes\n$/.test(stderr), stderr);
    assertEquals((await watch.status).code, 0);
  }));

Deno.test("sparkLine() and bar() show anything above 0", () => {
  assertEquals(sparkLine([0, 1, 50, 100]), " ▁▄█");
  assertEquals(sparkLine([]), "");
  assertEquals([bar(0, 10, 4), bar(1, 1000, 4), bar(5, 10, 4), bar(10, 10, 4)], [
    "",
    "▏",
    "██",
    "████",
  ]);
});
