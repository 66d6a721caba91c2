import { assertEquals, assertRejects } from "@std/assert";
import {
  ConflictError,
  DatabaseError,
  InvalidDataError,
  InvalidStateError,
  NotFoundError,
  StorageError,
} from "../../src/domain/errors.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { runDeno } from "../helpers/child.ts";
import { rawSql, testBackends } from "./backends.ts";
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
  for (const owner of ["", "a\0b", "\ud800"]) {
    await assertRejects(() => executions.lease(run.id, owner), InvalidDataError);
  }
  for (const duration of [0, -1, 0.5, NaN, Infinity, 1e17]) {
    await assertRejects(() => executions.lease(run.id, "engine", duration), InvalidDataError);
    await assertRejects(() => executions.claim(run.id, "engine", duration), InvalidDataError);
  }
});

testBackends(
  "SQLiteExecutionRepository.claim() lets exactly one of eight processes win each run",
  async ({ root, open, backend }) => {
    using executions = await open();
    const ids = Array.from({ length: 20 }, (_, i) => `r${i}`);
    for (const id of ids) {
      await executions.record(sampleRun({ id, status: "running", nodes: 0 }));
      await executions.lease(id, "crashed", 1);
    }
    const children = Array.from(
      { length: 8 },
      (_, i) =>
        runDeno(new URL("child.ts", import.meta.url), {
          flags: ["-A"],
          args: ["claim", JSON.stringify({ root, ...backend }), `engine ${i}`],
        }),
    );
    const outputs = await Promise.all(children);
    for (const { code, stderr } of outputs) assertEquals([code, stderr], [0, ""]);
    const won = outputs.flatMap(({ stdout }) => stdout.split("\n").slice(0, -1));
    assertEquals(won.toSorted(), ids.toSorted());
    for (const [i, { stdout }] of outputs.entries()) {
      for (const id of stdout.split("\n").slice(0, -1)) {
        assertEquals((await executions.getLease(id))?.owner, `engine ${i}`);
      }
    }
  },
);

testBackends(
  "SQLiteExecutionRepository.lease() ends with its run, whoever ends it",
  async ({ path, open }) => {
    {
      using executions = await open();
      for (const id of ["saved", "recorded", "Go's", "live"]) {
        const run = sampleRun({ id, status: "running" });
        await executions.record(run);
        await executions.lease(id, "engine", 1);
        if (id === "live") {
          await executions.save(run);
          continue;
        }
        if (id === "Go's") continue;
        run.complete();
        await (id === "saved" ? executions.save(run) : executions.record(run));
        assertEquals(await executions.getLease(id), undefined);
      }
    }
    await rawSql(path, "UPDATE executions SET status = 'failed' WHERE id = 'Go''s'", "SELECT 1");
    assertEquals(await rawSql(path, "SELECT execution_id AS id FROM leases"), [{ id: "live" }]);
  },
);

testBackends(
  "SQLiteExecutionRepository.claim() takes nothing from the living when a clock goes backwards",
  async ({ open }) => {
    using executions = await open();
    const run = sampleRun({ status: "running" });
    await executions.record(run);
    const { now } = Date;
    try {
      await executions.lease(run.id, "one", 60_000);
      Date.now = () => now() - 3_600_000;
      assertEquals(await executions.listAbandoned(), []);
      assertEquals(await executions.claim(run.id, "two"), false);
      await assertRejects(() => executions.interrupt(run.id), ConflictError);
      // The heartbeat goes on by the new clock.
      const { expiresAt } = await executions.lease(run.id, "one", 60_000);
      assertEquals(expiresAt.getTime() < now(), true);
      assertEquals(await executions.claim(run.id, "two"), false);
      Date.now = () => now();
      assertEquals(await executions.claim(run.id, "two"), true);
      await assertRejects(() => executions.lease(run.id, "one"), ConflictError);
      // A run that ends before it began lasts no time.
      Date.now = () => now() - 3_600_000;
      await executions.lease(run.id, "two", 1);
      Date.now = () => now() - 3_500_000;
      await executions.interrupt(run.id);
      const { runs } = await executions.statistics();
      assertEquals([runs.count, runs.duration?.min, runs.duration?.max], [1, 0, 0]);
    } finally {
      Date.now = now;
    }
  },
);

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

testRepositories(
  "ExecutionRepository.save(), { owner } stores for the owner of a live run alone",
  async ({ open }) => {
    using executions = await open();
    const run = sampleRun({ status: "running" });
    const [node] = run.nodeExecutions;
    const [first] = run.variableSnapshots;
    const snapshot = () => {
      const { id: _, ...unsaved } = first!;
      return unsaved;
    };
    const writes = (owner: string) => [
      () => executions.saveNodeExecution(node!, { owner }),
      () => executions.saveVariableSnapshot(snapshot(), { owner }),
      () => executions.record(run, { owner }),
      () => executions.save(run, { owner }),
    ];
    const refused = async (owner: string, name: string, message: string) => {
      for (const write of writes(owner)) {
        assertEquals((await assertRejects(write, StorageError, message)).name, name);
      }
    };

    await refused("one", "NotFoundError", "it does not exist");
    await executions.record(run);
    await refused("one", "ConflictError", 'it has no owner, wanted is "one"');

    await executions.lease(run.id, "one", 1);
    await wait(5);
    // Whose lease ran out is still the owner.
    for (const write of writes("one")) await write();
    assertEquals(await executions.claim(run.id, "two"), true);
    const before = await executions.load(run.id);
    node!.status = "failed";
    run.fail({ type: "late", message: "the engine slept" });
    await refused("one", "ConflictError", 'its owner is "two", wanted is "one"');
    assertEquals(await executions.load(run.id), before);

    await executions.record(run, { owner: "two" });
    assertEquals((await executions.load(run.id)).status, "failed");
    await refused("two", "InvalidStateError", "it is failed");
    assertEquals(await executions.getLease(run.id), undefined);
  },
);
