import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { RetentionPolicy } from "../../src/domain/execution_retention.ts";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { runDeno } from "../helpers/child.ts";
import { linux } from "../helpers/skip.ts";
import { makeGoDatabase, rawSql, testBackends } from "./backends.ts";
import { testRepositories } from "./repositories.ts";
import { fill, ids, range, sampleRun } from "./sample_runs.ts";

const DAY = 86_400_000;

testRepositories(
  "ExecutionRepository.prune() deletes what planPrune() says",
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
  "SQLiteExecutionRepository.planPrune() counts bytes that are about those of the file",
  async ({ path, open }) => {
    using executions = await open();
    const fileSize = async () => {
      await executions.checkpoint();
      return (await Deno.stat(path)).size;
    };
    const empty = await fileSize();
    for (let i = 0; i < 300; i++) {
      await executions.record(sampleRun({ startedAt: new Date(i * 1000), nodes: i % 5 }));
    }
    const size = await fileSize() - empty;
    const plan = await executions.planPrune({ rules: [{ maxCount: 0 }], keepLastSuccess: false });
    assert(plan.bytes > 0.6 * size && plan.bytes < size, `${plan.bytes} of ${size}`);
    const maxBytes = Math.round(plan.bytes / 2);
    await executions.prune({ rules: [{ maxBytes }] });
    const left = await executions.planPrune({ rules: [{ maxCount: 0 }], keepLastSuccess: false });
    assert(left.bytes <= maxBytes && left.bytes > maxBytes * 0.95, `${left.bytes} of ${maxBytes}`);
    const shrunk = await fileSize() - empty;
    assert(shrunk < 0.65 * size && shrunk > 0.4 * size, `${shrunk} of ${size}`);
  },
);

testRepositories(
  "ExecutionRepository.prune() spares runs that changed after they were found",
  async ({ root, open }) => {
    for (const archive of [undefined, join(root, "archive.gz")]) {
      using executions = await open();
      await fill(executions);
      const changes: Promise<void>[] = [];
      const onProgress = () => {
        if (changes.length > 0) return;
        const [again, resumed] = [sampleRun({ id: "r16" }), sampleRun({ id: "r17" })];
        resumed.status = "running";
        changes.push(
          executions.addLabels("r15", "release"),
          executions.record(again),
          executions.record(resumed),
        );
      };
      await executions.prune({ rules: [{ maxCount: 0 }], keepLastSuccess: false }, {
        batchSize: 2,
        onProgress,
        ...(archive === undefined ? {} : { archive }),
      });
      await Promise.all(changes);
      assertEquals((await ids(executions)).sort(), ["r15", "r16", "r17"]);
      for (const id of await ids(executions)) await executions.delete(id);
    }
  },
);

testRepositories(
  "ExecutionRepository.prune() leaves what the policy keeps where several prune at once",
  async ({ root, open }) => {
    await using executions = await open();
    const runs = Array.from(
      { length: 600 },
      (_, i) => sampleRun({ startedAt: new Date(i), nodes: 0 }),
    );
    await Promise.all(runs.map((run) => executions.save(run)));
    const text = await new Response(executions.export()).text();
    const fillAnew = () => executions.import(new Response(text).body!);
    await using other = await open();
    const pruneTwice = async (policy: RetentionPolicy) => {
      const archive = join(root, `${crypto.randomUUID()}.gz`);
      const done = await Promise.all([
        executions.prune(policy, { batchSize: 5 }),
        other.prune(policy, { archive }),
      ]);
      return done.reduce((sum, { count }) => sum + count, 0);
    };
    assertEquals(await pruneTwice({ rules: [{ maxCount: 50 }] }), 550);
    assertEquals(await ids(executions), runs.slice(550).map(({ id }) => id));

    await fillAnew();
    const all = await executions.planPrune({ rules: [{ maxCount: 0 }], keepLastSuccess: false });
    const maxBytes = Math.round(all.bytes / 10);
    await pruneTwice({ rules: [{ maxBytes }], keepLastSuccess: false });
    const left = await executions.planPrune({ rules: [{ maxCount: 0 }], keepLastSuccess: false });
    assert(left.bytes > 0.9 * maxBytes, `${left.bytes} of ${maxBytes}`);
  },
  { only: { journalMode: "wal" } },
);

testBackends(
  "SQLiteExecutionRepository.prune() goes by the end where there is no start",
  async ({ path, open }) => {
    (await open()).close();
    const insert = (id: string, started: string, completed: string) =>
      `INSERT INTO executions (id, workflow_id, workflow_version, status, started_at, completed_at)
      VALUES ('${id}', 'w', '1', 'cancelled', '${started}', ${completed})`;
    await rawSql(
      path,
      insert("old", "0001-01-01 00:00:00 +0000 UTC", "'2020-01-01 00:00:00'"),
      insert("new", "0001-01-01 00:00:00 +0000 UTC", "CURRENT_TIMESTAMP"),
      insert("unknown", "0001-01-01 00:00:00 +0000 UTC", "NULL"),
      insert("unreadable", "next Monday", "NULL"),
      // An id whose text ends at its first NUL is not met again and again.
      insert("nul", "2020-01-01 00:00:00", "'2020-01-01 00:00:00'").replace(
        "'w'",
        "'w' || char(0) || 'x'",
      ),
      "SELECT 1",
    );
    using executions = await open();
    const { runs } = await executions.planPrune({ rules: [{ maxAge: DAY }] });
    assertEquals(runs.map(({ id }) => id).sort(), ["nul", "old"]);
  },
);

testRepositories(
  "ExecutionRepository.prune() spares live, pinned and labelled runs",
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

testRepositories(
  "ExecutionRepository.prune() can be stopped and goes on later",
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
    // Batches are smaller on a slow machine.
    assert(count >= 8 && count < 12, `${count}`);
    assertEquals((await executions.prune(policy)).count, 20 - count);
  },
);

testRepositories(
  "ExecutionRepository.prune() refuses a policy that is not valid",
  async ({ open }) => {
    using executions = await open();
    const wrong: RetentionPolicy[] = [
      { rules: [] },
      { rules: [{}] },
      { rules: [{ maxAge: 1, maxCount: 1 }] },
      { rules: [{ maxAge: -1 }] },
      { rules: [{ maxCount: 1, status: "odd" as "failed" }] },
      { rules: [{ maxAge: 1 }], keepLast: -1 },
      { rules: [{ maxAge: 1 }], keepLast: 1.5 },
      { rules: [{ maxAge: Infinity }] },
      { rules: [{ maxCount: 1.5 }] },
      { rules: [{ maxCount: 1, status: [] }] },
      ...[
        {},
        null,
        { rules: { maxAge: 1 } },
        { rules: [null] },
        { rules: [{ maxAge: "30d" }] },
        { rules: [{ maxAge: 1, workflow: "orders" }] },
        { rules: [{ maxAge: 1, workflowId: 1 }] },
        { rules: [{ maxAge: 1 }], keeplast: 5 },
        { rules: [{ maxAge: 1 }], keepLastSuccess: "no" },
        { rules: [{ maxAge: 1 }], keepLabels: "release" },
        { rules: [{ maxAge: 1 }], keepLabels: false },
      ] as unknown as RetentionPolicy[],
    ];
    for (const policy of wrong) {
      await assertRejects(() => executions.prune(policy), InvalidDataError, "Cannot prune");
      await assertRejects(() => executions.planPrune(policy), InvalidDataError, "Cannot prune");
      await assertRejects(() => open({ autoPrune: { policy } }), InvalidDataError, "Cannot prune");
    }
    for (const batchSize of [0, -1, 1.5, NaN]) {
      await assertRejects(
        () => executions.prune({ rules: [{ maxAge: 1 }] }, { batchSize }),
        InvalidDataError,
        "batch",
      );
    }
    for (const interval of [0, NaN, 30 * DAY]) {
      await assertRejects(
        () => open({ autoPrune: { policy: { rules: [{ maxAge: 1 }] }, interval } }),
        InvalidDataError,
        "interval",
      );
    }
  },
);

testBackends(
  "SQLiteExecutionRepository.compact() shrinks a file that Go made",
  async ({ path, open }) => {
    await makeGoDatabase(path);
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

testBackends(
  "SQLiteExecutionRepository.compact() needs no memory for the whole file",
  async ({ root, path, open, backend }) => {
    await makeGoDatabase(path);
    {
      using executions = await open();
      await executions.record(sampleRun({ id: "large" }));
    }
    await rawSql(
      path,
      `INSERT INTO variable_snapshots (execution_id, variable_name, new_value, timestamp)
      WITH RECURSIVE row(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM row WHERE i < 48)
      SELECT 'large', 'v', hex(zeroblob(1000000)), '2026-11-23 19:48:11.620+00:00' FROM row`,
      "SELECT 1",
    );
    const { stdout } = await runDeno(new URL("child.ts", import.meta.url), {
      flags: ["-A"],
      args: ["compact", JSON.stringify({ root, ...backend })],
    });
    const { size } = await Deno.stat(path);
    assert(size > 90_000_000, `${size}`);
    assert(Number(stdout) < size / 2, stdout);
  },
  {
    only: { driver: "builtin", journalMode: "wal" },
    skip: linux.missing ? linux.reason : undefined,
  },
);
