/**
 * Values and settings that PostgreSQL takes in another way than one would think.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { Workflow } from "../../src/domain/workflow.ts";
import { PostgresDatabase } from "../../src/postgres/database.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { PostgresWorkflowRepository } from "../../src/postgres/workflow_repository.ts";
import { sampleRun } from "../executions/sample_runs.ts";
import { rawPostgres, testPostgres } from "./databases.ts";

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

testPostgres("settings of the role change nothing", async ({ url, schema }) => {
  const role = `${schema}_role`;
  await rawPostgres(
    `CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD 'never-shown'` +
      Object.entries({
        array_nulls: "off",
        datestyle: "SQL, DMY",
        timezone: "Asia/Tokyo",
        default_transaction_isolation: "repeatable read",
        standard_conforming_strings: "off",
      }).map(([name, value]) => `; ALTER ROLE ${role} SET ${name} TO '${value}'`).join(""),
  );
  const place = Object.assign(new URL(url), { username: role, password: "never-shown" }).href;
  const databases: PostgresDatabase[] = [];
  try {
    const open = async () => {
      databases.push(await PostgresDatabase.open(place, { schema }));
      return PostgresExecutionRepository.over(databases.at(-1)!);
    };
    const stores = await Promise.all([open(), open(), open()]);
    const runs = Array.from({ length: 12 }, () => sampleRun());
    await Promise.all(runs.map(async (run, i) => {
      const store = stores[i % 3]!;
      await store.record(run);
      await Array.fromAsync(store.watch({ after: 0, signal: AbortSignal.abort() }));
      await store.statistics();
    }));
    assertEquals(await stores[0]!.load(runs[0]!.id), runs[0]);
    assertEquals((await stores[0]!.statistics()).runs.count, 12);
    let changes = 0;
    for await (const _ of stores[1]!.watch({ after: 0 })) if (++changes === 12) break;
  } finally {
    for (const database of databases) await database.close();
    await rawPostgres(
      `DROP SCHEMA IF EXISTS "${schema}" CASCADE; DROP OWNED BY ${role}; DROP ROLE ${role}`,
    );
  }
});
