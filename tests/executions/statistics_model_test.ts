import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Execution, ExecutionStatus } from "../../src/domain/execution.ts";
import type { RunStatistics } from "../../src/domain/execution_statistics.ts";
import { testRepositories } from "./repositories.ts";
import { sampleRun } from "./sample_runs.ts";

const SOAK = Deno.env.get("GOFLOW_SOAK") === "1";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Sunday, one hour before Monday. */
const START = Date.UTC(2026, 0, 4, 23);

/** What the statistics of runs are, worked out one by one. */
function model(runs: readonly Execution[]): RunStatistics {
  const countBy = (names: (string | undefined)[]): Record<string, number> =>
    Object.fromEntries(
      [...Map.groupBy(names.filter((name) => name !== undefined), (name) => name)]
        .map(([name, { length }]) => [name, length]),
    );
  const byStatus = countBy(runs.map(({ status }) => status));
  const errorTypes = countBy(runs.map(({ error }) => error?.type));
  // A clock may have gone backwards.
  const sorted = runs.map((run) => Math.max(0, run.duration!)).sort((a, b) => a - b);
  const at = (fraction: number) => sorted[Math.ceil(fraction * sorted.length) - 1]!;
  return {
    count: runs.length,
    byStatus,
    ...(runs.length === 0 ? {} : { successRate: (byStatus["completed"] ?? 0) / runs.length }),
    errorTypes,
    ...(runs.length === 0 ? {} : {
      duration: {
        count: runs.length,
        min: sorted[0]!,
        mean: sorted.reduce((sum, ms) => sum + ms, 0) / runs.length,
        max: sorted.at(-1)!,
        percentiles: { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
      },
    }),
  };
}

/** Percentiles may be 2 % off, and where runs changed the extremes as well. */
function assertClose(actual: RunStatistics, wanted: RunStatistics, extremes: number): void {
  const { duration: found, ...rest } = actual;
  const { duration, ...counts } = wanted;
  assertEquals(rest, counts);
  assertEquals(found?.count, duration?.count);
  if (found === undefined || duration === undefined) return;
  assert(Math.abs(found.mean - duration.mean) < 1e-6 * (1 + duration.mean));
  const isClose = (a: number, b: number, share: number) =>
    assert(Math.abs(a - b) <= b * share + (share === 0 ? 0 : 0.5), `${a} is not about ${b}`);
  isClose(found.min, duration.min, extremes);
  isClose(found.max, duration.max, extremes);
  for (const [name, value] of Object.entries(found.percentiles ?? {})) {
    isClose(value, duration.percentiles![name as "p50"], 0.02);
  }
}

const STATUSES = ["completed", "failed", "cancelled", "timed_out", "running"] as const;
const sample = fc.record({
  id: fc.nat(11).map((n) => `r${n}`),
  workflowId: fc.constantFrom("orders", "notes", "constructor"),
  status: fc.constantFrom<ExecutionStatus>(...STATUSES),
  errorType: fc.constantFrom("timeout", "toString"),
  after: fc.integer({ min: 0, max: 30 }).map((n) => n * 2.5 * HOUR),
  // From nothing to a year, and some that end before they begin.
  duration: fc.oneof(
    fc.double({ min: 0, max: 10.5, noNaN: true }).map((power) => Math.round(10 ** power)),
    fc.integer({ min: -5000, max: 200 }),
  ),
});
const step = fc.oneof(
  { weight: 8, arbitrary: sample.map((sample) => ({ record: sample })) },
  { weight: 1, arbitrary: fc.nat(11).map((n) => ({ delete: `r${n}` })) },
  { weight: 1, arbitrary: fc.constant({ look: true }) },
);

testRepositories(
  "ExecutionRepository.statistics() are those of the runs, whatever was recorded, changed and deleted",
  async ({ open }) => {
    // What was counted stays so: each time has weeks and workflows of its own.
    let start = START;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        using executions = await open();
        start += 28 * DAY;
        for await (const { id } of executions.iterate()) await executions.delete(id);
        const workflow = crypto.randomUUID();
        const stored = new Map<string, Execution>();
        const counted: Execution[] = [];
        let changed = false;
        const keep = (id: string) => {
          const run = stored.get(id);
          if (run !== undefined && run.status !== "running") counted.push(run);
          stored.delete(id);
        };
        for (const step of steps) {
          if ("look" in step) await executions.statistics();
          else if ("delete" in step) {
            if (stored.has(step.delete)) await executions.delete(step.delete);
            keep(step.delete);
          } else {
            const { workflowId, after, ...rest } = step.record;
            const run = sampleRun({
              ...rest,
              startedAt: new Date(start + after),
              workflowId: `${workflow} ${workflowId}`,
              nodes: 0,
            });
            changed ||= stored.has(run.id);
            await executions.record(run);
            stored.set(run.id, run);
          }
        }
        for (const id of [...stored.keys()]) keep(id);
        const extremes = changed ? 0.025 : 0;
        for (const name of ["orders", "notes", "constructor"]) {
          const workflowId = `${workflow} ${name}`;
          const own = counted.filter((run) => run.workflowId === workflowId);
          for (const [by, bucketOf] of Object.entries(BUCKETS)) {
            const { runs, workflows, buckets } = await executions.statistics({
              workflowId,
              by: by as "hour",
              percentiles: true,
            });
            assertClose(runs, model(own), extremes);
            assertEquals(workflows.length, own.length === 0 ? 0 : 1);
            if (workflows[0] !== undefined) {
              const { workflowId: found, ...rest } = workflows[0];
              assertEquals(found, workflowId);
              assertClose(rest, model(own), extremes);
            }
            const wanted = Map.groupBy(own, ({ startedAt }) => bucketOf(startedAt.getTime()));
            const starts = [...wanted.keys()].sort((a, b) => a - b);
            assertEquals(buckets.map(({ start }) => start.getTime()), starts);
            for (const { start, ...rest } of buckets) {
              assertClose(rest, model(wanted.get(start.getTime())!), extremes);
            }
          }
          const from = new Date(start + DAY);
          const to = new Date(start + 2 * DAY);
          const within = own.filter(({ startedAt }) => startedAt >= from && startedAt < to);
          const { runs } = await executions.statistics({ workflowId, from, to });
          assertClose(runs, model(within), extremes);
          const { workflows } = await executions.statistics();
          const one = workflows.find((workflow) => workflow.workflowId === workflowId);
          if (one !== undefined) {
            const { workflowId: _, ...rest } = one;
            assertClose(rest, model(own), extremes);
          } else assertEquals(own, []);
        }
        for (const by of ["day", "week"] as const) {
          const bucketOf = BUCKETS[by];
          const { buckets } = await executions.statistics({ by });
          const wanted = Map.groupBy(counted, ({ startedAt }) => bucketOf(startedAt.getTime()));
          const found = buckets.filter((bucket) => bucket.start.getTime() >= bucketOf(start));
          assertEquals(found.length, wanted.size);
          for (const { start, ...rest } of found) {
            assertClose(rest, model(wanted.get(start.getTime())!), extremes);
          }
        }
      }),
      { numRuns: SOAK ? 150 : 10 },
    );
  },
  { only: { journalMode: "wal" } },
);

const BUCKETS = {
  hour: (time: number) => Math.floor(time / HOUR) * HOUR,
  day: (time: number) => Math.floor(time / DAY) * DAY,
  // 5 January 2026 is a Monday.
  week: (time: number) => {
    const monday = Date.UTC(2026, 0, 5);
    return Math.floor((time - monday) / (7 * DAY)) * 7 * DAY + monday;
  },
};

testRepositories(
  "ExecutionRepository.statistics() has percentiles that are at most 2 % off",
  async ({ open }) => {
    using executions = await open();
    let seed = 1;
    const random = () => (seed = seed * 16_807 % 2_147_483_647) / 2_147_483_647;
    const shapes: Record<string, () => number> = {
      uniform: () => random() * 90_000,
      log: () => 10 ** (random() * 9),
      two: () => random() < 0.5 ? 40 + random() * 3 : 7_000_000 + random() * 1000,
      one: () => 1234,
    };
    for (const [workflowId, duration] of Object.entries(shapes)) {
      const runs = Array.from(
        { length: 300 },
        () => sampleRun({ workflowId, nodes: 0, duration: Math.round(duration()) }),
      );
      for (const run of runs) await executions.record(run);
      const wanted = model(runs);
      assertClose((await executions.statistics({ workflowId })).runs, wanted, 0);
      const exact = await executions.statistics({ workflowId, exact: true });
      assertEquals(exact.runs.duration?.percentiles, wanted.duration?.percentiles);
    }
  },
  { only: { journalMode: "wal" } },
);

testRepositories(
  "ExecutionRepository.statistics() counts a node by what became of it",
  async ({ open }) => {
    using executions = await open();
    const run = sampleRun({ nodes: 3, startedAt: new Date(START) });
    const [first, second, third] = run.nodeExecutions as [
      Execution["nodeExecutions"][0],
      Execution["nodeExecutions"][0],
      Execution["nodeExecutions"][0],
    ];
    first.nodeType = "toString";
    second.nodeType = "__proto__";
    third.completedAt = new Date(START + 50_000);
    await executions.record(run);
    const nodes = async () => (await executions.statistics()).nodes;
    assertEquals(Object.entries((await nodes()).types).sort(), [
      ["__proto__", 1],
      ["toString", 1],
      ["transform", 1],
    ]);
    assertEquals((await nodes()).slowest[0], {
      workflowId: "orders",
      nodeId: "node_2",
      count: 1,
      mean: 50_000,
      max: 50_000,
    });
    first.nodeType = "transform";
    second.nodeType = "transform";
    third.completedAt = new Date(START + 10);
    await executions.record(run);
    assertEquals((await nodes()).types, { transform: 3 });
    assertEquals((await nodes()).slowest[0]?.max, 20);
    // The end of a range does not belong to it.
    const day = async (from: number, to: number) =>
      (await executions.statistics({ from: new Date(from), to: new Date(to) })).nodes.types;
    const midnight = START + HOUR;
    assertEquals(await day(midnight - DAY, midnight), { transform: 3 });
    assertEquals(await day(midnight - 2 * DAY, midnight - DAY), {});
    run.status = "running";
    delete run.completedAt;
    await executions.save(run);
    assertEquals((await executions.statistics()).runs, {
      count: 0,
      byStatus: {},
      errorTypes: {},
    });
    assertEquals((await nodes()).types, {});
    run.complete();
    await executions.save(run);
    assertEquals((await nodes()).types, { transform: 3 });
  },
);
