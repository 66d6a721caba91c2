import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { Execution } from "../../src/domain/execution.ts";
import { rawSql, testBackends } from "../executions/backends.ts";
import {
  at,
  AWKWARD,
  COUNT,
  defined,
  type GoDatabase,
  instant,
  NEWEST_FIRST,
  NOT_SET,
  readWithGo,
  rowsOf,
  steps,
  writeAllZones,
  writeWithGo,
  ZONES,
} from "./go_database.ts";
import { withoutGo } from "./go_program.ts";

const skip = { skip: withoutGo };

/** The text of every time in a database that nobody has open, by table. */
async function timeTexts(path: string): Promise<Record<string, unknown[]>> {
  return {
    executions: await rawSql(
      path,
      "SELECT id, started_at, completed_at, created_at FROM executions ORDER BY id",
    ),
    nodes: await rawSql(
      path,
      "SELECT id, started_at, completed_at FROM node_executions ORDER BY id",
    ),
    snapshots: await rawSql(path, "SELECT id, timestamp FROM variable_snapshots ORDER BY id"),
    migrations: await rawSql(path, "SELECT version, applied_at FROM migrations WHERE version = 1"),
  };
}

/** Checks a run that Go wrote against what Go reads of it. */
function assertAsGoSees(execution: Execution, seen: GoDatabase): void {
  const row = seen.executions.find((e) => e.id === execution.id)!;
  assertEquals(execution.startedAt.getTime(), instant(row.startedAt));
  assertEquals(execution.completedAt?.getTime(), instant(row.completedAt));
  assertEquals<string>(execution.status, row.status);
  assertEquals(execution.returnValue, row.returnValue);
  assertEquals(execution.error, row.error);
  assertEquals(execution.invalidColumns, undefined);
  assertEquals(execution.nodeExecutions.map((n) => n.nodeId), ["early", "late", "never"]);
  for (const node of execution.nodeExecutions) {
    const { startedAt, completedAt, ...rest } = seen.nodeExecutions.find((n) => n.id === node.id)!;
    assertEquals(
      defined(node),
      defined({
        inputs: {},
        outputs: {},
        ...rest,
        startedAt: startedAt === NOT_SET ? undefined : new Date(instant(startedAt)!),
        completedAt: completedAt && new Date(instant(completedAt)!),
      }),
    );
  }
  const snapshots = seen.snapshots.filter((s) => s.executionId === execution.id);
  assertEquals(
    execution.variableSnapshots.map((snapshot) => ({ ...snapshot })),
    snapshots.map(({ timestamp, ...rest }) => ({
      ...rest,
      timestamp: new Date(instant(timestamp)!),
    })),
  );
  assertEquals(execution.variables, { x: AWKWARD });
}

testBackends(
  "SQLiteExecutionRepository.load() reads what Go wrote in several zones",
  async ({ path, open }) => {
    await writeAllZones(path);
    const seen = await readWithGo(path);
    assertEquals(seen.executions.length, COUNT);
    using repository = await open();
    for (const { id } of seen.executions) assertAsGoSees(await repository.load(id), seen);
  },
  skip,
);

testBackends(
  "SQLiteExecutionRepository.load() reads a zone that Go writes and cannot read",
  async ({ path, open }) => {
    // Kathmandu has no letters: Go writes "+0545 +0545", and takes "+05" for the name.
    await writeWithGo(path, { executions: rowsOf(0).executions }, "Asia/Kathmandu");
    await assertRejects(() => readWithGo(path), Error, "unsupported Scan");
    using repository = await open();
    const { startedAt } = await repository.load("run-0");
    assertEquals(startedAt.getTime(), instant(at(0)));
  },
  skip,
);

testBackends(
  "SQLiteExecutionRepository.list() orders rows of several zones by instant",
  async ({ path, open }) => {
    await writeAllZones(path);
    const { executions } = await readWithGo(path);
    assertNotEquals(steps(executions), NEWEST_FIRST);
    using repository = await open();
    assertEquals(steps(await repository.listByWorkflow("flow")), NEWEST_FIRST);
    assertEquals(
      steps(await repository.listByStatus("failed")),
      NEWEST_FIRST.filter((step) => Math.floor(step / ZONES.length) === 1),
    );
    let page = await repository.list({ limit: 5 });
    const paged = steps(page.executions);
    while (page.nextCursor !== undefined) {
      page = await repository.list({ limit: 5, cursor: page.nextCursor });
      paged.push(...steps(page.executions));
    }
    assertEquals(paged, NEWEST_FIRST);
    const between = await repository.list({
      startedAfter: new Date(at(3, "000")),
      startedBefore: new Date(at(7, "000")),
    });
    assertEquals(steps(between.executions), [6, 5, 4, 3]);
  },
  skip,
);

testBackends(
  "SQLiteExecutionRepository.save() keeps the text of times that did not change",
  async ({ path, open }) => {
    await writeAllZones(path);
    // Times of a running program carry a monotonic reading, "m=+0.1".
    const now = { ...rowsOf(0).executions[0]!, id: "now", startedAt: "-1h", completedAt: "0s" };
    await writeWithGo(path, { executions: [now] }, "Asia/Kolkata");
    const before = await timeTexts(path);
    assert(JSON.stringify(before.executions).includes(" IST m=+"));
    {
      using repository = await open();
      for (const { id } of await repository.listByWorkflow("flow")) {
        const execution = await repository.load(id);
        await repository.save(execution);
        for (const node of execution.nodeExecutions) await repository.saveNodeExecution(node);
        await repository.record(execution);
      }
    }
    assertEquals(await timeTexts(path), before);
  },
  skip,
);

testBackends(
  "SQLiteExecutionRepository.save() writes a changed time for Go beside old ones",
  async ({ path, open }) => {
    await writeAllZones(path);
    const before = await timeTexts(path);
    let completed: Date | undefined;
    {
      using repository = await open();
      const running = await repository.load("run-8");
      running.complete("done");
      completed = running.completedAt!;
      await repository.save(running);
    }
    const text = completed.toISOString().replace("T", " ").replace("Z", "+00:00");
    assertEquals(await timeTexts(path), {
      ...before,
      executions: before.executions!.map((row) => {
        const { id } = row as { id: string };
        return id === "run-8" ? { ...row as object, completed_at: text } : row;
      }),
    });
    const seen = (await readWithGo(path)).executions.find((e) => e.id === "run-8")!;
    assertEquals([seen.status, seen.returnValue], ["completed", "done"]);
    assertEquals(instant(seen.completedAt), completed.getTime());
    assertEquals(seen.startedAt, at(8));
  },
  skip,
);

testBackends(
  "SQLiteExecutionRepository migrates a file that Go goes on using",
  async ({ path, open }) => {
    await writeAllZones(path);
    const { migrations: first, journalMode: _, ...rows } = await readWithGo(path);
    (await open()).close();
    const { migrations, journalMode: __, ...after } = await readWithGo(path);
    assertEquals(after, rows);
    assertEquals(migrations?.[0], first?.[0]);
    assert(migrations!.length > 1);

    // Go inserts and updates through whatever the migrations added.
    const run = `run-${COUNT}`;
    await writeWithGo(path, {
      executions: [
        { ...rowsOf(0).executions[0]!, id: run, startedAt: at(COUNT) },
        { ...rowsOf(0).executions[2]!, status: "cancelled", completedAt: at(99) },
      ],
      nodeExecutions: [{ ...rowsOf(0).nodeExecutions[0]!, id: "added", executionId: run }],
      snapshots: [{ executionId: run, variableName: "y", newValue: 2, timestamp: at(COUNT) }],
    }, "America/Los_Angeles");
    using repository = await open();
    assertEquals(steps(await repository.listByWorkflow("flow")), [COUNT, ...NEWEST_FIRST]);
    const added = await repository.load(run);
    assertEquals(added.nodeExecutions.map((n) => n.id), ["added"]);
    assertEquals(added.variables, { y: 2 });
    assertEquals(steps(await repository.listByStatus("cancelled")), [8]);
  },
  skip,
);
