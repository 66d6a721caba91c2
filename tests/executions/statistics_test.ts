import { assert, assertEquals, assertRejects } from "@std/assert";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { binSql } from "../../src/executions/statistics_schema.ts";
import { rawSql, testBackends } from "./backends.ts";
import { testRepositories } from "./repositories.ts";
import { sampleRun } from "./sample_runs.ts";
import { DatabaseSync } from "node:sqlite";

const DAY = 86_400_000;
/** A Monday. */
const START = Date.UTC(2026, 0, 5);

testRepositories(
  "ExecutionRepository.statistics() counts no duration of a run without an end or that goes on",
  async ({ open }) => {
    using executions = await open();
    const endless = sampleRun();
    delete (endless as { completedAt?: Date }).completedAt;
    const again = sampleRun();
    for (const run of [sampleRun({ duration: 2000 }), endless, again]) await executions.record(run);
    again.status = "running";
    await executions.record(again);
    for (const exact of [false, true]) {
      const { runs } = await executions.statistics({ exact });
      assertEquals([runs.count, runs.duration?.count, runs.duration?.min], [2, 1, 2000]);
    }
  },
);

testRepositories(
  "ExecutionRepository.statistics() counts runs by workflow, time, status and error",
  async ({ open }) => {
    using executions = await open();
    for (let i = 0; i < 40; i++) {
      await executions.record(sampleRun({
        workflowId: i % 2 ? "orders" : "notes",
        status: i % 4 === 3 ? "failed" : "completed",
        errorType: i % 8 === 3 ? "timeout" : "quota",
        startedAt: new Date(START + Math.floor(i / 10) * 4 * DAY + i * 60_000),
        duration: (i + 1) * 100,
      }));
    }
    await executions.record(sampleRun({ status: "running" }));
    const { runs, active, workflows, buckets, nodes } = await executions.statistics({ by: "week" });
    assertEquals(runs.count, 40);
    assertEquals(runs.byStatus, { completed: 30, failed: 10 });
    assertEquals(runs.successRate, 0.75);
    assertEquals(runs.errorTypes, { timeout: 5, quota: 5 });
    assertEquals(active, { pending: 0, running: 1 });
    assertEquals(
      workflows.map(({ workflowId, count, successRate }) => [workflowId, count, successRate]),
      [
        ["notes", 20, 1],
        ["orders", 20, 0.5],
      ],
    );
    assertEquals(buckets.map(({ start, count }) => [start.toISOString().slice(0, 10), count]), [
      ["2026-01-05", 20],
      ["2026-01-12", 20],
    ]);
    const { duration } = runs;
    assertEquals([duration?.count, duration?.min, duration?.max, duration?.mean], [
      40,
      100,
      4000,
      2050,
    ]);
    for (const [key, wanted] of [["p50", 2000], ["p95", 3800], ["p99", 4000]] as const) {
      assert(
        Math.abs(duration!.percentiles![key] - wanted) <= wanted * 0.02,
        `${key} ${duration!.percentiles![key]}`,
      );
    }
    assertEquals(nodes.types, { transform: 80 });
    assertEquals(nodes.slowest[0]?.nodeId, "node_1");
    assertEquals([nodes.slowest[0]?.mean, nodes.slowest[0]?.max], [20, 20]);

    assertEquals(workflows[0]?.duration?.percentiles, undefined);
    const detailed = await executions.statistics({ by: "week", percentiles: true });
    assertEquals(detailed.workflows.map(({ count }) => count), [20, 20]);
    assertEquals(detailed.buckets.map(({ duration }) => duration?.percentiles?.p50), [1000, 3000]);

    const exact = await executions.statistics({ exact: true });
    assertEquals([exact.runs.duration?.percentiles?.p50, exact.runs.duration?.percentiles?.p95], [
      2000,
      3800,
    ]);
    const some = await executions.statistics({
      workflowId: "orders",
      from: new Date(START),
      to: new Date(START + DAY),
      by: "hour",
    });
    assertEquals(some.runs.count, 5);
    assertEquals(some.buckets.length, 1);
    assertEquals(some.workflows.length, 1);
    await assertRejects(() => executions.statistics({ by: "year" as "day" }), InvalidDataError);
    await assertRejects(() => executions.statistics({ from: new Date(NaN) }), InvalidDataError);
  },
);

testRepositories(
  "ExecutionRepository.statistics() follows changes and outlives deletion",
  async ({ open }) => {
    using executions = await open();
    const run = sampleRun({ status: "running", nodes: 0 });
    await executions.save(run);
    assertEquals((await executions.statistics()).runs.count, 0);
    run.complete();
    await executions.save(run);
    await executions.save(run);
    assertEquals((await executions.statistics()).runs.byStatus, { completed: 1 });
    const late = sampleRun({ nodes: 1 }).nodeExecutions[0]!;
    late.executionId = run.id;
    late.status = "running";
    await executions.saveNodeExecution(late);
    assertEquals((await executions.statistics()).nodes.types, {});
    late.status = "completed";
    late.retryCount = 2;
    await executions.saveNodeExecution(late);
    await executions.saveNodeExecution(late);
    assertEquals((await executions.statistics()).nodes.retries, 2);
    run.status = "failed";
    run.error = { type: "quota", message: "too many" };
    await executions.save(run);
    const { runs, nodes } = await executions.statistics();
    assertEquals([runs.count, runs.byStatus, runs.errorTypes], [1, { failed: 1 }, { quota: 1 }]);
    assertEquals(nodes.types, { transform: 1 });
    await executions.delete(run.id);
    assertEquals((await executions.statistics()).runs.count, 1);
  },
);

testBackends(
  "SQLiteExecutionRepository.statistics() counts what Go writes",
  async ({ path, open }) => {
    (await open()).close();
    await rawSql(
      path,
      `INSERT INTO executions (id, workflow_id, workflow_version, status, started_at)
      VALUES ('go', 'orders', '1.0', 'running', '2026-11-23 11:56:42.8 -0800 PST m=+0.1')`,
      `INSERT INTO node_executions
      (id, execution_id, node_id, node_type, status, started_at, completed_at) VALUES
      ('n1', 'go', 'one', 'mcp_tool', 'completed', '2026-11-23 11:56:42.9 -0800 PST m=+0.2',
        '2026-11-24 01:26:43.4 +0530 IST'),
      ('n2', 'go', 'two', 'mcp_tool', 'skipped', '0001-01-01 00:00:00 +0000 UTC', NULL)`,
      `UPDATE executions SET status = 'completed',
      completed_at = '2026-11-24 01:26:44.05 +0530 IST m=+2' WHERE id = 'go'`,
      `INSERT INTO node_executions
      (id, execution_id, node_id, node_type, status, started_at, completed_at) VALUES
      ('n3', 'go', 'late', 'end', 'completed', '2026-11-23 19:56:44 +0000 UTC',
        '2026-11-23 19:56:45.25 +0000 UTC m=+3')`,
      "SELECT 1",
    );
    using executions = await open();
    const { runs, nodes, buckets } = await executions.statistics({ by: "day" });
    assertEquals([runs.count, runs.duration?.min], [1, 1250]);
    assertEquals(buckets.map(({ start }) => start.toISOString()), ["2026-11-23T00:00:00.000Z"]);
    assertEquals(nodes.types, { end: 1, mcp_tool: 2 });
    assertEquals(nodes.slowest.map(({ nodeId, mean }) => [nodeId, mean]), [
      ["late", 1250],
      ["one", 500],
      ["two", 0],
    ]);
  },
);

Deno.test("binSql() names bins that are at most 2 % off in their middle", () => {
  using database = new DatabaseSync(":memory:");
  const statement = database.prepare(
    `SELECT ${binSql("ms")} AS bin FROM (SELECT CAST(? AS INTEGER) AS ms)`,
  );
  const binOf = (ms: number) => Number(statement.get(ms)!["bin"]);
  let last = -1;
  for (let ms = 0; ms < 5e10; ms = Math.ceil((ms + 1) * 1.0007)) {
    const bin = binOf(ms);
    assert(bin <= ms && bin >= last && ms - bin <= ms * 0.026, `${ms} ${bin}`);
    assertEquals(binOf(bin), bin);
    last = bin;
  }
  assertEquals(Number(database.prepare(`SELECT ${binSql("NULL")} AS bin`).get()!["bin"]), -1);
});
