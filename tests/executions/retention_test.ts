import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Execution, ExecutionStatus } from "../../src/domain/execution.ts";
import type { RetentionPolicy } from "../../src/domain/execution_retention.ts";
import { testRepositories } from "./repositories.ts";
import { ids, sampleRun } from "./sample_runs.ts";

const DAY = 86_400_000;
const SOAK = Deno.env.get("GOFLOW_SOAK") === "1";

/** What a policy lets go, worked out run by run. */
function model(policy: RetentionPolicy, runs: Execution[], bytes: Map<string, number>): string[] {
  const { rules, keepLast = 0, keepLastSuccess = true } = policy;
  // The oldest first; those recorded first come first.
  const sorted = [...runs].sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  const kept = new Set<string>();
  for (const workflowId of new Set(sorted.map((run) => run.workflowId))) {
    const own = sorted.filter((run) => run.workflowId === workflowId);
    if (keepLast > 0) own.slice(-keepLast).forEach(({ id }) => kept.add(id));
    const success = own.findLast(({ status }) => status === "completed");
    if (keepLastSuccess && success !== undefined) kept.add(success.id);
  }
  const gone: string[] = [];
  for (const { workflowId, status, maxAge, maxCount, maxBytes } of rules) {
    const scope = sorted.filter((run) =>
      !gone.includes(run.id) && run.completedAt !== undefined &&
      (workflowId === undefined || run.workflowId === workflowId) &&
      (status === undefined || [status].flat().includes(run.status))
    );
    let left = maxBytes === undefined
      ? scope.length
      : scope.reduce((sum, { id }) => sum + bytes.get(id)!, 0);
    for (const { id, startedAt } of scope) {
      const goes = maxAge !== undefined
        ? startedAt.getTime() < NOW - maxAge
        : left > (maxCount ?? maxBytes)!;
      if (!goes || kept.has(id)) continue;
      gone.push(id);
      left -= maxBytes === undefined ? 1 : bytes.get(id)!;
    }
  }
  return gone;
}

const NOW = Date.now();
const WORKFLOWS = ["orders", "notes"];
const status = fc.constantFrom<ExecutionStatus>("completed", "failed", "cancelled", "running");
const limit = fc.oneof(
  fc.record({ maxAge: fc.integer({ min: 1, max: 20 }).map((days) => (days + 0.5) * DAY) }),
  fc.record({ maxCount: fc.nat(12) }),
  fc.record({ maxBytes: fc.nat(30_000) }),
);
const scope = fc.record(
  { workflowId: fc.constantFrom(...WORKFLOWS), status: fc.uniqueArray(status, { minLength: 1 }) },
  { requiredKeys: [] },
);
const policies: fc.Arbitrary<RetentionPolicy> = fc.record({
  rules: fc.array(fc.tuple(scope, limit).map((parts) => Object.assign({}, ...parts)), {
    minLength: 1,
    maxLength: 4,
  }),
  keepLast: fc.nat(3),
  keepLastSuccess: fc.boolean(),
});

testRepositories(
  "ExecutionRepository.planPrune() and prune() apply any policy, rule by rule",
  async ({ open }) => {
    using executions = await open();
    // So that a limit of bytes does not end with the size of the file.
    const padding = sampleRun({ id: "padding", workflowId: "padding", status: "running" });
    padding.returnValue = "x".repeat(50_000);
    await executions.record(padding);
    const run = fc.record({
      workflowId: fc.constantFrom(...WORKFLOWS),
      status,
      age: fc.nat(20),
      nodes: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(run, { maxLength: 14 }), policies, async (samples, policy) => {
        for await (const { id } of executions.iterate()) {
          if (id !== "padding") await executions.delete(id);
        }
        const runs = samples.map(({ age, ...sample }) =>
          sampleRun({ ...sample, startedAt: new Date(NOW - age * DAY) })
        );
        for (const run of runs) await executions.record(run);
        const all = await executions.planPrune({
          rules: [{ maxCount: 0 }],
          keepLastSuccess: false,
        });
        const bytes = new Map(all.runs.map(({ id, bytes }) => [id, bytes]));
        const wanted = model(policy, runs, bytes);
        const { runs: planned, ...plan } = await executions.planPrune(policy);
        assertEquals(planned.map(({ id }) => id), wanted);
        const { freedPages: _freed, ...done } = await executions.prune(policy, { batchSize: 2 });
        assertEquals(done, plan);
        assertEquals(
          new Set(await ids(executions)),
          new Set(["padding", ...runs.map(({ id }) => id).filter((id) => !wanted.includes(id))]),
        );
      }),
      { numRuns: SOAK ? 200 : 25 },
    );
  },
  { only: { journalMode: "wal" } },
);
