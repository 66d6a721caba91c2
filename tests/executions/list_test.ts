import { assert, assertEquals, assertRejects } from "@std/assert";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { Execution, type ExecutionStatus } from "../../src/domain/execution.ts";
import type { ExecutionQuery } from "../../src/domain/execution_repository.ts";
import type { ExecutionRepository } from "../../src/domain/execution_repository.ts";
import { testRepositories } from "./repositories.ts";

const START = Date.UTC(2026, 0, 1);
const STATUSES: ExecutionStatus[] = ["completed", "failed", "running"];

/** Thirty runs a minute apart, two at each time: `r00` is the oldest. */
async function fill(executions: ExecutionRepository): Promise<void> {
  for (let i = 0; i < 30; i++) {
    const run = Execution.create(i % 2 ? "Orders_%" : "notes", "1.0");
    run.id = `r${String(i).padStart(2, "0")}`;
    run.status = STATUSES[i % 3]!;
    run.startedAt = new Date(START + Math.floor(i / 2) * 60_000);
    await executions.save(run);
  }
}

/** Ids of all pages, walking by `nextCursor`, and back by `previousCursor`. */
async function walk(
  executions: ExecutionRepository,
  query: ExecutionQuery,
): Promise<{ there: string[][]; back: string[][] }> {
  const there: string[][] = [];
  const back: string[][] = [];
  let page = await executions.list(query);
  assertEquals(page.previousCursor, undefined);
  there.push(page.executions.map(({ id }) => id));
  while (page.nextCursor !== undefined) {
    page = await executions.list({ ...query, cursor: page.nextCursor });
    there.push(page.executions.map(({ id }) => id));
  }
  back.unshift(page.executions.map(({ id }) => id));
  while (page.previousCursor !== undefined) {
    page = await executions.list({ ...query, cursor: page.previousCursor });
    back.unshift(page.executions.map(({ id }) => id));
  }
  return { there, back };
}

testRepositories("ExecutionRepository.list() pages in both directions", async ({ open }) => {
  using executions = await open();
  await fill(executions);
  const all = Array.from({ length: 30 }, (_, i) => `r${String(29 - i).padStart(2, "0")}`);
  const numberOf = (id: string) => Number(id.slice(1));
  const queries: [ExecutionQuery, (id: string) => boolean][] = [
    [{}, () => true],
    [{ workflowId: "notes" }, (id) => numberOf(id) % 2 === 0],
    [{ status: "failed" }, (id) => numberOf(id) % 3 === 1],
    [{ status: ["failed", "running"] }, (id) => numberOf(id) % 3 > 0],
    [
      { status: ["running", "failed"], workflowId: "notes" },
      (id) => numberOf(id) % 3 > 0 && numberOf(id) % 2 === 0,
    ],
    [{ startedAfter: new Date(START + 120_000) }, (id) => numberOf(id) >= 4],
    [{ startedBefore: new Date(START + 120_000) }, (id) => numberOf(id) < 4],
    [{ nameSearch: "oRD" }, (id) => numberOf(id) % 2 === 1],
    [{ nameSearch: "s_%" }, (id) => numberOf(id) % 2 === 1],
    [{ nameSearch: "n%t" }, () => false],
    [{ status: [] }, () => false],
  ];
  for (const [query, matches] of queries) {
    const wanted = all.filter(matches);
    const { there, back } = await walk(executions, { ...query, limit: 7 });
    assertEquals(there.flat(), wanted);
    assertEquals(back, there);
    assert(there.slice(0, -1).every((page) => page.length === 7));
    const { total, nextCursor } = await executions.list({ ...query, limit: 1000, total: "exact" });
    assertEquals(total, { count: wanted.length, capped: false });
    assertEquals(nextCursor, undefined);
  }
});

testRepositories(
  "ExecutionRepository.list() keeps its place while runs are added",
  async ({ open }) => {
    using executions = await open();
    await fill(executions);
    const first = await executions.list({ limit: 10 });
    const newest = Execution.create("notes", "1.0");
    await executions.save(newest);
    await executions.delete(first.executions.at(-1)!.id);
    const second = await executions.list({ limit: 10, cursor: first.nextCursor! });
    assertEquals(second.executions[0]?.id, "r19");
    const before = await executions.list({ limit: 100, cursor: second.previousCursor! });
    assertEquals(before.executions.length, 10);
    assertEquals(before.executions[0]?.id, newest.id);
  },
);

testRepositories(
  "ExecutionRepository.list() leads back from a page whose runs were deleted meanwhile",
  async ({ open }) => {
    using executions = await open();
    await fill(executions);
    const list = async (cursor?: string) =>
      await executions.list({ limit: 5, ...(cursor === undefined ? {} : { cursor }) });
    const first = await list();
    const second = await list(first.nextCursor);
    for (const { id } of first.executions) await executions.delete(id);
    const before = await list(second.previousCursor);
    assertEquals([before.executions, before.previousCursor], [[], undefined]);
    assertEquals((await list(before.nextCursor)).executions, second.executions);

    const third = await list(second.nextCursor);
    for (let i = 0; i < 15; i++) await executions.delete(`r${String(i).padStart(2, "0")}`);
    const after = await list(third.nextCursor);
    assertEquals([after.executions, after.nextCursor], [[], undefined]);
    assertEquals((await list(after.previousCursor)).executions, third.executions);
  },
);

testRepositories(
  "ExecutionRepository.list() takes bounds that no run can reach",
  async ({ open }) => {
    using executions = await open();
    await fill(executions);
    const count = async (query: ExecutionQuery) =>
      (await executions.list({ ...query, status: "completed" })).executions.length;
    const [first, last] = [new Date(-8.64e15), new Date(8.64e15)];
    const all = await count({});
    assertEquals(await count({ minDuration: 0 }), await count({ maxDuration: Infinity }));
    assertEquals([await count({ minDuration: Infinity }), await count({ minDuration: 1e300 })], [
      0,
      0,
    ]);
    assertEquals([await count({ startedAfter: first }), await count({ startedBefore: last })], [
      all,
      all,
    ]);
    assertEquals([await count({ startedAfter: last }), await count({ startedBefore: first })], [
      0,
      0,
    ]);
  },
);

testRepositories("ExecutionRepository.list() caps its total at 1000", async ({ open }) => {
  using executions = await open();
  const run = Execution.create("notes", "1.0");
  const saves: Promise<void>[] = [];
  for (let i = 0; i < 1001; i++) {
    saves.push(executions.save(Execution.from({ ...run, id: `n${i}` })));
  }
  await Promise.all(saves);
  const { total } = await executions.list({ limit: 1, total: "capped" });
  assertEquals(total, { count: 1000, capped: true });
  await executions.delete("n0");
  const { total: exact } = await executions.list({ limit: 1, total: "capped" });
  assertEquals(exact, { count: 1000, capped: false });
}, { only: { driver: "builtin", journalMode: "wal" } });

testRepositories("ExecutionRepository.list() refuses wrong options", async ({ open }) => {
  using executions = await open();
  await fill(executions);
  const { nextCursor } = await executions.list({ limit: 5, status: "failed" });
  const wrong: ExecutionQuery[] = [
    { limit: 0 },
    { limit: 1001 },
    { limit: 1.5 },
    { status: "done" as ExecutionStatus },
    { total: "all" as "exact" },
    { startedAfter: new Date(NaN) },
    { cursor: "garbage" },
    { cursor: "" },
    { cursor: nextCursor! },
    { cursor: nextCursor!, status: "running" },
  ];
  for (const query of wrong) {
    await assertRejects(() => executions.list(query), InvalidDataError, "Cannot list executions");
  }
  assertEquals(
    (await executions.list({ cursor: nextCursor!, status: ["failed"] })).executions.length,
    5,
  );
});

testRepositories("ExecutionRepository lists by workflow and by status", async ({ open }) => {
  using executions = await open();
  await fill(executions);
  const byWorkflow = await executions.listByWorkflow("notes");
  assertEquals(byWorkflow.length, 15);
  assertEquals(byWorkflow[0]?.id, "r28");
  const byStatus = await executions.listByStatus("failed");
  assertEquals(byStatus.map(({ id }) => id).slice(0, 2), ["r28", "r25"]);
  assertEquals(await executions.listByWorkflow("absent"), []);
  await assertRejects(() => executions.listByStatus("x" as ExecutionStatus), InvalidDataError);
});

testRepositories("list() takes any duration", async ({ open }) => {
  using executions = await open();
  await fill(executions);
  const run = Execution.create("notes", "1.0");
  run.start();
  run.complete();
  await executions.save(run);
  const idsOf = async (query: ExecutionQuery) =>
    (await executions.list(query)).executions.map(({ id }) => id);
  for (const most of [1e17, Number.MAX_VALUE, Infinity]) {
    assertEquals(await idsOf({ maxDuration: most }), [run.id]);
    assertEquals(await idsOf({ minDuration: most }), []);
  }
});
