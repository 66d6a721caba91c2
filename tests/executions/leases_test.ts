import { assertEquals, assertRejects } from "@std/assert";
import {
  ConflictError,
  DatabaseError,
  InvalidDataError,
  InvalidStateError,
  NotFoundError,
} from "../../src/domain/errors.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { testBackends } from "./backends.ts";
import { testRepositories } from "./repositories.ts";
import { sampleRun } from "./sample_runs.ts";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

testBackends(
  "SQLiteExecutionRepository.claim() lets exactly one of many win",
  async ({ root, open, backend }) => {
    using executions = await open();
    const run = sampleRun({ status: "running" });
    await executions.record(run);
    await executions.lease(run.id, "crashed", 1);
    await wait(5);
    const others = await Promise.all(
      Array.from({ length: 8 }, () => SQLiteExecutionRepository.open({ root, ...backend })),
    );
    const won = await Promise.all(others.map((other, i) => other.claim(run.id, `engine ${i}`)));
    for (const other of others) other.close();
    assertEquals(won.filter(Boolean).length, 1);
    assertEquals((await executions.getLease(run.id))?.owner, `engine ${won.indexOf(true)}`);
  },
);

testRepositories("ExecutionRepository leaves runs without an owner alone", async ({ open }) => {
  using executions = await open();
  const run = sampleRun({ status: "running" });
  await executions.record(run);
  assertEquals(await executions.listAbandoned(), []);
  assertEquals(await executions.claim(run.id, "engine"), false);
  await assertRejects(() => executions.interrupt(run.id), ConflictError, "no owner");
  await assertRejects(() => executions.claim("absent", "engine"), NotFoundError);
  await assertRejects(() => executions.lease(run.id, ""), InvalidDataError);
  await assertRejects(() => executions.lease(run.id, "engine", 0), InvalidDataError);
});

testRepositories("ExecutionRepository.lease() renews for its owner alone", async ({ open }) => {
  using executions = await open();
  const run = sampleRun({ status: "running" });
  await executions.record(run);
  const first = await executions.lease(run.id, "one", 50_000);
  const second = await executions.lease(run.id, "one", 60_000);
  assertEquals(second.expiresAt > first.expiresAt, true);
  assertEquals(await executions.claim(run.id, "two"), false);
  const error = await assertRejects(() => executions.lease(run.id, "two"), ConflictError);
  assertEquals([error.expected, error.actual], ["two", "one"]);
  assertEquals(await executions.releaseLease(run.id, "two"), false);
  assertEquals(await executions.releaseLease(run.id, "one"), true);
  assertEquals(await executions.getLease(run.id), undefined);
  const ended = sampleRun();
  await executions.record(ended);
  await assertRejects(() => executions.lease(ended.id, "one"), InvalidStateError, "completed");
});

testRepositories(
  "ExecutionRepository.interrupt() ends an abandoned run and its nodes",
  async ({ open }) => {
    using executions = await open();
    const run = sampleRun({ status: "running" });
    run.nodeExecutions[1]!.status = "running";
    await executions.record(run);
    await executions.lease(run.id, "crashed", 1);
    await wait(5);
    assertEquals((await executions.listAbandoned()).map(({ id }) => id), [run.id]);
    await executions.interrupt(run.id);
    const loaded = await executions.load(run.id);
    assertEquals([loaded.status, loaded.error?.type], ["failed", "interrupted"]);
    assertEquals(loaded.nodeExecutions.map(({ status }) => status), ["completed", "failed"]);
    assertEquals(await executions.listAbandoned(), []);
    await assertRejects(() => executions.interrupt(run.id), InvalidStateError);
  },
);

testRepositories(
  "ExecutionRepository.addLabels() labels, filters and unlabels",
  async ({ open }) => {
    using executions = await open();
    const run = sampleRun();
    await executions.record(run);
    await executions.record(sampleRun());
    await executions.addLabels(run.id, "release", "eu");
    await executions.addLabels(run.id, "eu");
    await executions.pin(run.id);
    assertEquals(await executions.getLabels(run.id), ["eu", "pinned", "release"]);
    const { executions: found } = await executions.list({ label: "eu" });
    assertEquals(found.map(({ id }) => id), [run.id]);
    await executions.removeLabels(run.id, "eu", "absent");
    await executions.unpin(run.id);
    assertEquals(await executions.getLabels(run.id), ["release"]);
    const error = await assertRejects(() => executions.addLabels("absent", "a"), DatabaseError);
    assertEquals(error.code, "constraint");
    await assertRejects(() => executions.addLabels(run.id, ""), InvalidDataError);
  },
);
