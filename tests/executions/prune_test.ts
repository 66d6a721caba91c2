import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { InvalidDataError } from "../../src/domain/errors.ts";
import type { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import type { RetentionPolicy } from "../../src/domain/execution_retention.ts";
import { rawSql, testBackends } from "./backends.ts";
import { sampleRun } from "./sample_runs.ts";

const DAY = 86_400_000;

/** Twenty runs, `r00` twenty days old, of two workflows; every fourth failed. */
async function fill(executions: SQLiteExecutionRepository): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await executions.record(sampleRun({
      id: `r${String(i).padStart(2, "0")}`,
      workflowId: i % 2 ? "orders" : "notes",
      status: i % 4 === 0 ? "failed" : "completed",
      startedAt: new Date(Date.now() - (20 - i) * DAY),
    }));
  }
}

async function ids(executions: SQLiteExecutionRepository): Promise<string[]> {
  const { executions: all } = await executions.list({ limit: 1000 });
  return all.map(({ id }) => id).reverse();
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `r${String(from + i).padStart(2, "0")}`);

testBackends(
  "SQLiteExecutionRepository.prune() deletes what planPrune() says",
  async ({ open }) => {
    const policies: [RetentionPolicy, string[]][] = [
      [{ rules: [{ maxAge: 15.5 * DAY }] }, range(0, 5)],
      [{ rules: [{ maxCount: 4 }] }, range(0, 16)],
      [{ rules: [{ maxAge: 10.5 * DAY, status: "failed" }] }, ["r00", "r04", "r08"]],
      [{ rules: [{ maxCount: 2, workflowId: "orders" }] }, range(0, 16).filter((_, i) => i % 2)],
      [{ rules: [{ maxAge: 0 }], keepLast: 2 }, range(0, 16)],
      [{ rules: [{ maxAge: 0 }] }, [...range(0, 18)]],
      [{ rules: [{ maxAge: 0 }], keepLastSuccess: false }, range(0, 20)],
      [{ rules: [{ maxAge: 18.5 * DAY }, { maxCount: 17 }] }, range(0, 3)],
    ];
    for (const [policy, gone] of policies) {
      using executions = await open();
      await fill(executions);
      const plan = await executions.planPrune(policy);
      assertEquals(plan.runs.map(({ id }) => id).sort(), gone, JSON.stringify(policy));
      assertEquals(plan.count, gone.length);
      assert(plan.bytes > gone.length * 200);
      const dry = await executions.prune(policy, { dryRun: true });
      assertEquals([dry.count, dry.bytes], [plan.count, plan.bytes]);
      assertEquals((await ids(executions)).length, 20);
      const done = await executions.prune(policy);
      assertEquals([done.count, done.bytes, done.rules], [plan.count, plan.bytes, plan.rules]);
      assertEquals(await ids(executions), range(0, 20).filter((id) => !gone.includes(id)));
      for (const id of await ids(executions)) await executions.delete(id);
    }
  },
  { only: { journalMode: "wal" } },
);

testBackends(
  "SQLiteExecutionRepository.prune() spares live, pinned and labelled runs",
  async ({ open }) => {
    using executions = await open();
    await fill(executions);
    await executions.record(sampleRun({ id: "live", status: "running", startedAt: new Date(0) }));
    await executions.record(
      sampleRun({ id: "pending", status: "pending", startedAt: new Date(0) }),
    );
    await executions.pin("r00");
    await executions.addLabels("r01", "release");
    const policy: RetentionPolicy = { rules: [{ maxAge: 0 }], keepLastSuccess: false };
    await executions.prune({ ...policy, keepLabels: [] }, { dryRun: true });
    const plan = await executions.planPrune(policy);
    assertEquals(plan.count, 18);
    assertEquals((await executions.planPrune({ ...policy, keepLabels: [] })).count, 19);
    await executions.prune(policy);
    assertEquals((await ids(executions)).sort(), ["live", "pending", "r00", "r01"]);
  },
);

testBackends(
  "SQLiteExecutionRepository.prune() gives the disk space back",
  async ({ path, open }) => {
    {
      using executions = await open();
      for (let i = 0; i < 60; i++) {
        const run = sampleRun({ startedAt: new Date(Date.now() - DAY) });
        run.returnValue = "x".repeat(20_000);
        await executions.record(run);
      }
      await executions.checkpoint();
      const before = (await Deno.stat(path)).size;
      const { freedPages } = await executions.prune({ rules: [{ maxCount: 5 }] });
      await executions.checkpoint();
      const after = (await Deno.stat(path)).size;
      assert(freedPages > 200 && after < before / 3, `${before} ${after}`);
    }
    const [{ freelist_count }] = await rawSql(path, "PRAGMA freelist_count") as [
      { freelist_count: number },
    ];
    assertEquals(freelist_count, 0);
  },
);

testBackends(
  "SQLiteExecutionRepository.prune() archives before it deletes, and comes back",
  async ({ root, open }) => {
    using executions = await open();
    await fill(executions);
    const before = await Promise.all((await ids(executions)).map((id) => executions.load(id)));
    const archive = join(root, "archive.ndjson.gz");
    const policy: RetentionPolicy = { rules: [{ maxAge: 0 }] };
    await executions.prune(policy, { archive, batchSize: 3 });
    assertEquals((await ids(executions)).length, 2);
    if (Deno.build.os !== "windows") assertEquals((await Deno.stat(archive)).mode! & 0o777, 0o600);
    const bring = async () => {
      using file = await Deno.open(archive);
      return await executions.import(file.readable);
    };
    assertEquals(await bring(), { imported: 18, skipped: 0, invalid: [] });
    assertEquals(await bring(), { imported: 0, skipped: 18, invalid: [] });
    const after = await Promise.all((await ids(executions)).map((id) => executions.load(id)));
    for (const run of [...before, ...after]) {
      for (const snapshot of run.variableSnapshots) delete snapshot.id;
    }
    assertEquals(after, before);
  },
);

testBackends(
  "SQLiteExecutionRepository.prune() takes a cut off end of the archive away",
  async ({ root, open }) => {
    using executions = await open();
    await fill(executions);
    const archive = join(root, "archive.ndjson.gz");
    await executions.prune({ rules: [{ maxCount: 15 }] }, { archive, batchSize: 5 });
    const whole = await Deno.readFile(archive);
    await executions.prune({ rules: [{ maxCount: 10 }] }, { archive, batchSize: 5 });
    const both = await Deno.readFile(archive);
    for (const cut of [both.length - 1, whole.length + 30, whole.length + 3]) {
      await Deno.writeFile(archive, both.slice(0, cut));
      await executions.prune({ rules: [{ maxCount: 1000 }] }, { archive });
      assertEquals(await Deno.readFile(archive), whole);
    }
  },
);

testBackends(
  "SQLiteExecutionRepository.prune() deletes nothing when the archive fails",
  async ({ root, open }) => {
    using executions = await open();
    await fill(executions);
    await assertRejects(() =>
      executions.prune({ rules: [{ maxAge: 0 }] }, { archive: join(root, "absent", "archive.gz") })
    );
    assertEquals((await ids(executions)).length, 20);
  },
);

testBackends(
  "SQLiteExecutionRepository.prune() can be stopped and goes on later",
  async ({ open }) => {
    using executions = await open();
    await fill(executions);
    const abort = new AbortController();
    const policy: RetentionPolicy = { rules: [{ maxAge: 0 }], keepLastSuccess: false };
    const { count } = await executions.prune(policy, {
      signal: abort.signal,
      batchSize: 4,
      onProgress: ({ count }) => count >= 8 && abort.abort(),
    });
    assertEquals(count, 8);
    assertEquals((await executions.prune(policy)).count, 12);
  },
);

testBackends(
  "SQLiteExecutionRepository.prune() refuses a policy that is not valid",
  async ({ open }) => {
    using executions = await open();
    const wrong: RetentionPolicy[] = [
      { rules: [] },
      { rules: [{}] },
      { rules: [{ maxAge: 1, maxCount: 1 }] },
      { rules: [{ maxAge: -1 }] },
      { rules: [{ maxCount: 1, status: "odd" as "failed" }] },
      { rules: [{ maxAge: 1 }], keepLast: -1 },
    ];
    for (const policy of wrong) {
      await assertRejects(() => executions.prune(policy), InvalidDataError, "Cannot prune");
    }
  },
);

testBackends(
  "SQLiteExecutionRepository.compact() shrinks a file that Go made",
  async ({ path, open }) => {
    const { MIGRATIONS } = await import("../../src/executions/migrations.ts");
    await rawSql(
      path,
      MIGRATIONS[0]!.sql,
      "INSERT INTO migrations (version) VALUES (1)",
      "SELECT 1",
    );
    using executions = await open();
    assertEquals((await executions.info()).incrementalVacuum, false);
    for (let i = 0; i < 30; i++) {
      const run = sampleRun({ startedAt: new Date(0) });
      run.returnValue = "x".repeat(20_000);
      await executions.record(run);
    }
    await executions.prune({ rules: [{ maxAge: DAY }], keepLastSuccess: false });
    await executions.checkpoint();
    const before = (await Deno.stat(path)).size;
    await executions.compact();
    assert((await Deno.stat(path)).size < before / 2);
    assertEquals((await executions.info()).incrementalVacuum, true);
  },
);
