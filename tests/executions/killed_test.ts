import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { MIGRATIONS } from "../../src/executions/migrations.ts";
import type { UnfinishedOperation } from "../../src/executions/options.ts";
import { denoCommand } from "../helpers/child.ts";
import { type Backend, type Fixture, makeGoDatabase, rawSql, testBackends } from "./backends.ts";
import { sampleRun } from "./sample_runs.ts";

const CHILD = new URL("child.ts", import.meta.url);
const SOAK = Deno.env.get("GOFLOW_SOAK") === "1";
const ROUNDS = SOAK ? 30 : 3;
const only: Partial<Backend> = SOAK ? {} : { driver: "builtin" };

/** Starts a task of the child and kills it at a random moment after its first line. */
async function killDuring(task: string, fixture: Fixture, longest: number): Promise<void> {
  const { root, backend } = fixture;
  const child = denoCommand(CHILD, {
    flags: ["-A"],
    args: [task, JSON.stringify({ root, ...backend }), root],
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It was faster, which is one more moment to look at.
    if (!(error instanceof TypeError)) throw error;
  }
  await reader.cancel();
  await child.stderr.cancel();
  await child.status;
}

/** Checks that the next open works, says what was cut off, and that no run is half there. */
async function checkWhole(
  { open, path }: Fixture,
  operations: UnfinishedOperation["operation"][],
): Promise<number> {
  {
    using executions = await open();
    const { unfinished } = await executions.info();
    for (const { operation, startedAt } of unfinished) {
      assert(operations.includes(operation), operation);
      assert(Math.abs(Date.now() - startedAt.getTime()) < 60_000);
    }
    const { ok, damage, orphans } = await executions.check({ full: true });
    assert(ok, `${damage} ${JSON.stringify(orphans)}`);
  }
  const [row] = await rawSql(
    path,
    `SELECT count(*) AS runs, sum(2 <>
      (SELECT count(*) FROM node_executions WHERE execution_id = e.id)) AS halves
    FROM executions AS e`,
  ) as [{ runs: number; halves: number | null }];
  assertEquals(row.halves ?? 0, 0);
  return row.runs;
}

testBackends(
  "SQLiteExecutionRepository.prune() with an archive loses nothing when it is killed",
  async (fixture) => {
    const { root, open } = fixture;
    for (let round = 0; round < ROUNDS; round++) {
      const ids = new Set<string>();
      {
        using executions = await open();
        for (let i = 0; i < 100; i++) {
          const run = sampleRun({ startedAt: new Date(i) });
          ids.add(run.id);
          await executions.record(run);
        }
      }
      await killDuring("prune", fixture, 100);
      await checkWhole(fixture, ["prune"]);
      using executions = await open();
      // This takes a member away that was cut off.
      await executions.prune({ rules: [{ maxCount: 1000 }] }, {
        archive: join(root, "archive.gz"),
      });
      using archive = await Deno.open(join(root, "archive.gz"));
      await executions.import(archive.readable);
      for (const id of ids) assertEquals((await executions.load(id)).nodeExecutions.length, 2);
      await executions.prune({ rules: [{ maxAge: 0 }], keepLastSuccess: false });
      await Deno.remove(join(root, "archive.gz"));
    }
  },
  { only },
);

testBackends(
  "SQLiteExecutionRepository.import() and compact() leave whole runs when they are killed",
  async (fixture) => {
    const { root, open } = fixture;
    {
      using executions = await open();
      for (let i = 0; i < 300; i++) await executions.record(sampleRun());
      const text = await new Response(executions.export()).text();
      await Deno.writeTextFile(join(root, "runs.ndjson"), text);
      await executions.prune({ rules: [{ maxCount: 0 }], keepLastSuccess: false });
    }
    for (let round = 0; round < ROUNDS; round++) {
      await killDuring("importAndCompact", fixture, 120);
      assert(await checkWhole(fixture, ["import", "prune", "compact"]) <= 300);
    }
  },
  { only },
);

testBackends(
  "SQLiteExecutionRepository.restore() is whole or absent when it is killed",
  async (fixture) => {
    const { root, open } = fixture;
    const copy = join(root, "copy.db");
    {
      using executions = await open();
      for (let i = 0; i < 300; i++) await executions.record(sampleRun());
      await executions.backup(copy);
      for (let i = 0; i < 100; i++) await executions.record(sampleRun());
    }
    for (let round = 0; round < ROUNDS; round++) {
      await killDuring("restore", fixture, 60);
      const count = await checkWhole(fixture, ["restore"]);
      assert(count === 300 || count === 400, `${count} runs`);
    }
  },
  { only },
);

testBackends(
  "SQLiteExecutionRepository.open() migrates or leaves the old version when it is killed",
  async (fixture) => {
    const { path, open } = fixture;
    for (let round = 0; round < ROUNDS; round++) {
      await makeGoDatabase(
        path,
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
      INSERT INTO executions (id, workflow_id, workflow_version, status, started_at)
      SELECT 'r' || i, 'orders', '1.0', 'completed', '2026-01-01 00:00:00 -0800 PST' FROM n`,
      );
      await killDuring("migrate", fixture, 80);
      {
        using executions = await open();
        const { schemaVersion, migration } = await executions.info();
        assertEquals(schemaVersion, MIGRATIONS.length);
        // Unless the other one came to its end.
        if (migration !== undefined) assertEquals(migration.from, 1);
        assertEquals((await executions.list({ limit: 1, total: "exact" })).total?.count, 5000);
        assertEquals((await executions.statistics()).runs.count, 5000);
      }
      for (const { name } of Deno.readDirSync(fixture.root)) {
        await Deno.remove(join(fixture.root, name));
      }
    }
  },
  { only },
);

testBackends(
  "SQLiteExecutionRepository.info() tells which operations a crash cut off, until they are done",
  async (fixture) => {
    const { root, open } = fixture;
    {
      using executions = await open();
      for (let i = 0; i < 120; i++) await executions.record(sampleRun({ startedAt: new Date(i) }));
      const text = await new Response(executions.export()).text();
      await Deno.writeTextFile(join(root, "runs.ndjson"), text);
    }
    const policy = { rules: [{ maxCount: 0 }], keepLastSuccess: false };
    for (const operation of ["prune", "import"] as const) {
      // It stops for ever after its first batch.
      await killDuring(`${operation}AndStop`, fixture, 0);
      const count = await checkWhole(fixture, [operation]);
      assert(count > 0 && count < 120, `${count} runs`);
      {
        using executions = await open();
        const { unfinished } = await executions.info();
        assertEquals(unfinished.map((one) => one.operation), [operation]);
        if (operation === "prune") await executions.prune(policy);
        else await executions.import((await Deno.open(join(root, "runs.ndjson"))).readable);
      }
      using executions = await open();
      assertEquals((await executions.info()).unfinished, []);
    }
  },
);
