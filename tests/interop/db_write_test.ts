import { assert, assertEquals } from "@std/assert";
import { Execution } from "../../src/domain/execution.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import { testBackends } from "../executions/backends.ts";
import {
  at,
  AWKWARD,
  defined,
  type GoDatabase,
  instant,
  NOT_SET,
  readWithGo,
  rowsOf,
  steps,
  writeWithGo,
  ZONES,
} from "./go_database.ts";
import { withoutGo } from "./go_program.ts";

const skip = { skip: withoutGo };

/** A run with node executions in every state and snapshots of every kind. */
function sampleRun(id: string, startedAt: Date): Execution {
  const execution = Execution.from({
    id,
    workflowId: "flow",
    workflowVersion: "1.10",
    status: "running",
    startedAt,
  });
  execution.setVariable("input", AWKWARD);
  const done = execution.addNodeExecution(NodeExecution.create(id, "done", "mcp_tool"));
  done.inputs = AWKWARD;
  done.start();
  done.fail({ type: "connection", message: "<no>", context: AWKWARD });
  done.retry();
  done.complete({ list: [1, "1", null, { a: [] }] });
  execution.setVariable("input", null, done.id);
  const failed = execution.addNodeExecution(NodeExecution.create(id, "failed", "transform"));
  failed.start();
  failed.fail({ type: "data", message: "line 1\nline 2" });
  execution.addNodeExecution(NodeExecution.create(id, "waiting", "end"));
  execution.addNodeExecution(NodeExecution.create(id, "skipped", "end")).skip();
  execution.fail({ type: "execution", message: "日本", nodeId: "failed", context: { a: 1 } });
  execution.completedAt = new Date(startedAt.getTime() + 1_000);
  execution.returnValue = [AWKWARD];
  return execution;
}

/** Checks a run of ours in what Go read. */
function assertSeenByGo(seen: GoDatabase, execution: Execution): void {
  const { createdAt, ...row } = seen.executions.find((e) => e.id === execution.id)!;
  assert(Math.abs(Date.now() - instant(createdAt)!) < 60_000, createdAt);
  const { nodeExecutions, variableSnapshots, variables: _, ...fields } = execution;
  assertEquals(
    { ...row },
    defined({
      ...fields,
      startedAt: goTime(execution.startedAt),
      completedAt: execution.completedAt && goTime(execution.completedAt),
    }),
  );
  for (const node of nodeExecutions) {
    assertEquals(
      { ...seen.nodeExecutions.find((n) => n.id === node.id) },
      defined({
        ...node,
        startedAt: node.startedAt === undefined ? NOT_SET : goTime(node.startedAt),
        completedAt: node.completedAt && goTime(node.completedAt),
        inputs: Object.keys(node.inputs).length === 0 ? undefined : node.inputs,
        outputs: Object.keys(node.outputs).length === 0 ? undefined : node.outputs,
      }),
    );
  }
  assertEquals(
    seen.snapshots.filter((s) => s.executionId === execution.id).map((s) => ({ ...s })),
    variableSnapshots.map((snapshot) =>
      defined({
        ...snapshot,
        // Go has one nil for no value and for the value null.
        oldValue: snapshot.oldValue ?? undefined,
        newValue: snapshot.newValue ?? undefined,
        timestamp: goTime(snapshot.timestamp),
      })
    ) as unknown,
  );
}

/** A `Date` as Go prints its instant: without zeros at the end of the fraction. */
function goTime(date: Date): string {
  return date.toISOString().replace(/\.?0+Z$/, "Z");
}

const TIMES = [
  "2026-11-23T00:00:00.000Z",
  "2026-11-23T19:48:11.620Z",
  "2026-03-29T01:30:00.001Z",
  "1970-01-01T00:00:00.000Z",
  "1969-12-31T23:59:59.999Z",
  "9999-12-31T23:59:58.990Z",
].map((text) => new Date(text));

testBackends(
  "SQLiteExecutionRepository.record() writes rows that Go reads",
  async ({ path, open, backend }) => {
    const executions = TIMES.map((time, i) => sampleRun(`own-${i}`, time));
    {
      using repository = await open();
      for (const execution of executions) await repository.record(execution);
      const seen = await readWithGo(path);
      assertEquals(seen.journalMode, backend.journalMode);
      for (const execution of executions) assertSeenByGo(seen, execution);
    }
    const seen = await readWithGo(path, "America/Los_Angeles");
    for (const execution of executions) assertSeenByGo(seen, execution);
    assertEquals(seen.executions.length, executions.length);
    assertEquals(seen.migrations?.[0]?.version, 1);
  },
  skip,
);

testBackends(
  "SQLiteExecutionRepository.save() writes times that sort for Go among its own of UTC",
  async ({ path, open }) => {
    const template = rowsOf(0).executions[0]!;
    const odd = [1, 3, 5].map((step) => ({ ...template, id: `run-${step}`, startedAt: at(step) }));
    await writeWithGo(path, { executions: odd });
    using repository = await open();
    for (const step of [0, 2, 4]) {
      await repository.save(sampleRun(`run-${step}`, new Date(at(step, "620"))));
    }
    assertEquals(steps((await readWithGo(path)).executions), [5, 4, 3, 2, 1, 0]);
  },
  skip,
);

testBackends(
  "SQLiteExecutionRepository takes turns with Go on one file",
  async ({ path, open }) => {
    using repository = await open();
    const { executions: [run], nodeExecutions: [node] } = rowsOf(0);
    for (const [turn, zone] of ZONES.entries()) {
      const step = turn * 3;
      const id = `run-${step}`;
      await repository.record(sampleRun(id, new Date(at(step, "620"))));
      await writeWithGo(path, {
        executions: [1, 2].map((i) => ({
          ...run!,
          id: `run-${step + i}`,
          startedAt: at(step + i),
        })),
        nodeExecutions: [{ ...node!, id: `extra-${step}`, executionId: id }],
        snapshots: [{ executionId: id, variableName: "go", newValue: step, timestamp: at(step) }],
      }, zone);
      const listed = steps(await repository.listByWorkflow("flow"));
      assertEquals(listed, Array.from({ length: step + 3 }, (_, i) => step + 2 - i));
      const own = await repository.load(id);
      assert(own.nodeExecutions.some((n) => n.id === `extra-${step}`));
      assertEquals(own.variables.go, step);
      own.error = { type: "execution", message: `after Go ${step}` };
      await repository.save(own);
      const row = (await readWithGo(path)).executions.find((e) => e.id === id);
      assertEquals(row?.error?.message, `after Go ${step}`);
    }
  },
  skip,
);

testBackends(
  "SQLiteExecutionRepository counts and watches what Go writes through its own library",
  async ({ path, open }) => {
    using repository = await open();
    const { executions: [run], nodeExecutions: [node] } = rowsOf(0);
    const { completedAt: _run, ...began } = run!;
    const { completedAt: _node, ...nodeBegan } = node!;
    for (const [i, zone] of ZONES.entries()) {
      const id = `go-${i}`;
      const row = { ...began, id, status: "running", startedAt: at(i) };
      const part = { ...nodeBegan, id: `node-${i}`, executionId: id, startedAt: at(i) };
      await writeWithGo(path, {
        executions: [row],
        nodeExecutions: [{ ...part, status: "running" }],
      }, zone);
      await repository.lease(id, "engine");
      assertEquals((await repository.statistics()).runs.count, i);
      await writeWithGo(path, {
        executions: [{ ...row, status: "completed", completedAt: at(i + 1) }],
        nodeExecutions: [{ ...part, status: "completed", completedAt: at(i + 1) }],
      }, zone);
      assertEquals(await repository.getLease(id), undefined);
      const { runs, nodes } = await repository.statistics();
      assertEquals(runs.byStatus, { completed: i + 1 });
      // The runs of Go are 20 minutes long, whatever the zone.
      assertEquals([runs.duration?.min, runs.duration?.max], [1_200_000, 1_200_000]);
      assertEquals([nodes.slowest[0]?.count, nodes.slowest[0]?.mean], [i + 1, 1_200_000]);
    }
    const changes: string[] = [];
    for await (const { kind, executionId } of repository.watch({ after: 0 })) {
      changes.push(`${kind} ${executionId}`);
      if (changes.length === 2 * ZONES.length) break;
    }
    assertEquals(
      changes,
      ZONES.flatMap((_, i) => [`created go-${i}`, `updated go-${i}`]),
    );
  },
  skip,
);

testBackends(
  "SQLiteExecutionRepository loses no row while Go writes at the same time",
  async ({ path, open }) => {
    using repository = await open();
    const [template] = rowsOf(0).executions;
    const rows = Array.from({ length: 40 }, (_, i) => ({ ...template!, id: `go-${i}` }));
    const own = Array.from({ length: 40 }, (_, i) => sampleRun(`own-${i}`, TIMES[0]!));
    await Promise.all([
      writeWithGo(path, { executions: rows.slice(0, 20) }),
      writeWithGo(path, { executions: rows.slice(20) }, "Asia/Kolkata"),
      ...own.map((execution) => repository.record(execution)),
    ]);
    const page = await repository.list({ limit: 100, total: "exact" });
    assertEquals(page.total?.count, 80);
    const ids = [...rows, ...own].map(({ id }) => id);
    assertEquals(page.executions.map(({ id }) => id).toSorted(), ids.toSorted());
    assertEquals((await readWithGo(path)).executions.length, 80);
  },
  skip,
);
