/**
 * Values and settings that PostgreSQL takes in another way than one would think.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { DatabaseError, InvalidDataError } from "../../src/domain/errors.ts";
import { Workflow } from "../../src/domain/workflow.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { PostgresWorkflowRepository } from "../../src/postgres/workflow_repository.ts";
import { sampleRun } from "../executions/sample_runs.ts";
import { type DatabaseFixture, rawPostgres, testPostgres } from "./databases.ts";

/** Text that the server cannot compress. */
const noise = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes / 2)).toHex();

testPostgres("runs are counted whose texts have no room in an index", async ({ url, schema }) => {
  await using executions = await PostgresExecutionRepository.open(url, { schema });
  const types = [noise(4000), noise(4000), "short"];
  const runs = types.map((errorType) => sampleRun({ status: "failed", errorType }));
  for (const run of runs) {
    run.nodeExecutions[0]!.nodeId = noise(4000);
    await executions.record(run);
  }
  const errors = async () => {
    const { runs } = await executions.statistics();
    return Object.entries(runs.errorTypes).map(([type, count]) => [type.slice(0, 16), count]);
  };
  const wanted = types.map((type) => [type.slice(0, 16), 1]);
  assertEquals((await errors()).sort(), wanted.toSorted());
  // What is counted again is taken out where it was counted.
  for (const run of runs) {
    run.error!.type = "short";
    await executions.record(run);
  }
  assertEquals(await errors(), [["short", 3]]);
  const workflowId = noise(2400);
  await executions.record(sampleRun({ workflowId, status: "failed", errorType: noise(200) }));
  assertEquals((await executions.statistics()).runs.count, 4);
  const { count } = await executions.prune({
    rules: [{ maxCount: 0 }],
    keepLastSuccess: false,
  });
  assertEquals(count, 4);
});

testPostgres("half a surrogate pair means no other run", async ({ url, schema, open }) => {
  await using executions = await PostgresExecutionRepository.open(url, { schema });
  const run = sampleRun({ id: "a\ufffd", status: "running" });
  await executions.record(run);
  const half = "a\ud800";
  const calls: (() => Promise<unknown>)[] = [
    () => executions.load(half),
    () => executions.delete(half),
    () => executions.lease(half, "engine"),
    () => executions.pin(half),
    () => executions.storedIds([half]),
    () => executions.listByWorkflow(half),
  ];
  for (const call of calls) await assertRejects(call, InvalidDataError, "half a surrogate pair");
  assertEquals(await executions.getLabels(run.id), []);
  assertEquals((await executions.load(run.id)).id, run.id);
  const workflows = PostgresWorkflowRepository.over(await open());
  const workflow = Workflow.create("greet", "", { id: "greet" });
  await assertRejects(
    () => workflows.save(workflow, { message: half }),
    InvalidDataError,
    "half a surrogate pair",
  );
  assertEquals((await workflows.list()).workflows, []);
});

/** Runs a function with the URL of a new role, which is dropped in the end. */
async function asRole(
  { url, schema }: DatabaseFixture,
  attributes: string,
  run: (url: string, role: string) => Promise<void>,
): Promise<void> {
  const role = `${schema}_role`;
  await rawPostgres(`CREATE ROLE ${role} LOGIN ${attributes} PASSWORD 'never-shown'`);
  try {
    await run(Object.assign(new URL(url), { username: role, password: "never-shown" }).href, role);
  } finally {
    await rawPostgres(
      `DROP SCHEMA IF EXISTS "${schema}" CASCADE; DROP OWNED BY ${role}; DROP ROLE ${role}`,
    );
  }
}

testPostgres(
  "settings of the role change nothing",
  (fixture) =>
    asRole(fixture, "SUPERUSER", async (place, role) => {
      const settings = {
        array_nulls: "off",
        datestyle: "SQL, DMY",
        timezone: "Asia/Tokyo",
        default_transaction_isolation: "repeatable read",
        standard_conforming_strings: "off",
      };
      for (const [name, value] of Object.entries(settings)) {
        await rawPostgres(`ALTER ROLE ${role} SET ${name} TO '${value}'`);
      }
      const { schema } = fixture;
      const open = () => PostgresExecutionRepository.open(place, { schema });
      await using one = await open();
      await using two = await open();
      const runs = Array.from({ length: 12 }, () => sampleRun());
      await Promise.all(runs.map(async (run, i) => {
        const store = i % 2 ? one : two;
        await store.record(run);
        await store.watch({ after: 0 }).next();
        await store.statistics();
      }));
      assertEquals(await one.load(runs[0]!.id), runs[0]);
      assertEquals((await one.statistics()).runs.count, 12);
      let changes = 0;
      for await (const _ of two.watch({ after: 0 })) if (++changes === 12) break;
    }),
);

testPostgres("bytes that are no text are refused, and named", async ({ url, schema }) => {
  await using executions = await PostgresExecutionRepository.open(url, { schema });
  const line = {
    ...{ id: "a", workflow_id: "w", workflow_version: "1", status: "failed" },
    ...{ started_at: "2024-01-01 00:00:00", error_message: { $bytes: "Yeli" } },
  };
  const { imported, invalid } = await executions.import(new Blob([JSON.stringify(line)]).stream());
  assertEquals([imported, ...invalid.map(({ error }) => error.message)], [
    0,
    'Cannot import run "a": "error_message" holds bytes that are no UTF-8 text, ' +
    "which PostgreSQL cannot hold; correct them in the source",
  ]);
});

testPostgres("a server that takes no more connections is waited for", async (fixture) => {
  const { schema, open } = fixture;
  await open();
  await asRole(fixture, "CONNECTION LIMIT 2", async (place, role) => {
    await rawPostgres(`GRANT USAGE ON SCHEMA "${schema}" TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO ${role}`);
    await using executions = await PostgresExecutionRepository.open(place, { schema });
    await Promise.all(Array.from({ length: 20 }, () => executions.record(sampleRun())));
    assertEquals((await executions.list()).executions.length, 20);
    await rawPostgres(`ALTER ROLE ${role} CONNECTION LIMIT 10`);
    await using impatient = await PostgresExecutionRepository.open(place, { schema, timeout: 20 });
    await rawPostgres(`ALTER ROLE ${role} CONNECTION LIMIT 0`);
    await rawPostgres(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`,
    );
    const error = await assertRejects(() => impatient.list(), DatabaseError, '"maxConnections"');
    assertEquals(error.code, "busy");
  });
});

testPostgres("a server that takes writes again is counted and watched again", async (fixture) => {
  const { schema, open } = fixture;
  const writer = PostgresExecutionRepository.over(await open());
  await asRole(fixture, "SUPERUSER", async (place, role) => {
    await rawPostgres(`ALTER ROLE ${role} SET default_transaction_read_only TO on`);
    await using reader = await PostgresExecutionRepository.open(place, { schema });
    await writer.record(sampleRun());
    assertEquals((await reader.statistics()).runs.count, 0);
    await rawPostgres(`ALTER ROLE ${role} RESET default_transaction_read_only`);
    await rawPostgres(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`,
    );
    assertEquals((await reader.statistics()).runs.count, 1);
    assertEquals((await reader.watch({ after: 0 }).next()).value?.sequence, 1);
  });
});

testPostgres("a long queue of changes gets its places bit by bit", async ({ open, schema }) => {
  const executions = PostgresExecutionRepository.over(await open());
  await rawPostgres(`INSERT INTO "${schema}".queued_changes
    SELECT 'run', 'updated', now() + i * interval '1 ms' FROM generate_series(1, 50100) AS i`);
  await executions.watch({ after: 50_099 }).next();
  const [[placed, order]] = await rawPostgres(
    `SELECT count(*), count(*) FILTER (WHERE sequence > 50000) FROM "${schema}".changes`,
  ) as [[number, number]];
  assertEquals([placed, order], [50_100, 100]);
});

testPostgres("numbers and times beyond what programs use are taken", async ({ url, schema }) => {
  await using executions = await PostgresExecutionRepository.open(url, { schema });
  const run = sampleRun({ nodes: 1 });
  await executions.record(run);
  const all = async () => await new Response(executions.export()).text();
  const line = (await all()).replace('"retry_count":0', '"retry_count":"9007199254740993"');
  await executions.delete(run.id);
  assertEquals((await executions.import(new Blob([line]).stream())).imported, 1);
  assertEquals(await all(), line);
  const [from, to] = [new Date(-8.64e15), new Date(8.64e15)];
  assertEquals((await executions.statistics({ from, to, exact: true })).runs.duration?.count, 1);
});
