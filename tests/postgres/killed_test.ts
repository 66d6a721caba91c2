/**
 * A server that is killed as a power failure would, and started again, while
 * runs are written: what was acknowledged is there, once and whole.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { PostgresDatabase } from "../../src/postgres/database.ts";
import { MIGRATIONS } from "../../src/postgres/migrations.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { withRoot } from "../executions/backends.ts";
import { sampleRun } from "../executions/sample_runs.ts";
import { testNeeding } from "../helpers/skip.ts";
import { PostgresServer, postgresServer } from "./server.ts";

const SOAK = Deno.env.get("GOFLOW_SOAK") === "1";
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Records runs until told to stop; returns the ids of those that were acknowledged. */
function recordForever(executions: PostgresExecutionRepository, workers: number) {
  const acknowledged: string[] = [];
  let running = true;
  const work = async () => {
    while (running) {
      const run = sampleRun({ nodes: 3, startedAt: new Date(Date.now() - 1000) });
      await executions.record(run);
      acknowledged.push(run.id);
    }
  };
  const done = Promise.all(Array.from({ length: workers }, work));
  const until = async (count: number) => {
    while (acknowledged.length < count) await Promise.race([pause(5), done]);
  };
  const stop = async () => {
    running = false;
    await done;
  };
  return { acknowledged, until, stop };
}

/** Checks that all acknowledged runs are there, and that all runs are whole and counted once. */
async function checkAll(
  executions: PostgresExecutionRepository,
  acknowledged: readonly string[],
): Promise<void> {
  const stored = await executions.storedIds(acknowledged);
  assertEquals(stored.size, acknowledged.length, "every acknowledged run is there");
  let count = 0;
  for await (const { id } of executions.iterate()) {
    const { nodeExecutions, variableSnapshots } = await executions.load(id);
    assertEquals([nodeExecutions.length, variableSnapshots.length], [3, 1], `run ${id} is whole`);
    count++;
  }
  assertEquals((await executions.statistics()).runs.count, count, "each run is counted once");
}

testNeeding(postgresServer, "record() loses nothing when the server is killed", async () => {
  await using server = await PostgresServer.start({ fsync: true });
  await using executions = await PostgresExecutionRepository.open(server.url());
  const { acknowledged, until, stop } = recordForever(executions, 6);
  for (let round = 1; round <= (SOAK ? 20 : 2); round++) {
    await until(acknowledged.length + 60);
    await server.kill();
    await server.restart();
  }
  await until(acknowledged.length + 60);
  await stop();
  await checkAll(executions, acknowledged);
});

testNeeding(postgresServer, "record() loses nothing when all connections are ended", async () => {
  await using server = await PostgresServer.start();
  await using executions = await PostgresExecutionRepository.open(server.url());
  const other = await PostgresDatabase.open(server.url(), { applicationName: "other" });
  const { acknowledged, until, stop } = recordForever(executions, 8);
  for (let round = 0; round < (SOAK ? 100 : 10); round++) {
    await until(acknowledged.length + 30);
    await other.query(
      "Cannot terminate",
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'goflow-storage'`,
    );
  }
  await other.close();
  await stop();
  await checkAll(executions, acknowledged);
});

testNeeding(
  postgresServer,
  "prune() with an archive loses nothing when the server is killed",
  () =>
    withRoot(async (root) => {
      await using server = await PostgresServer.start({ fsync: true });
      await using executions = await PostgresExecutionRepository.open(server.url());
      const ids = new Set<string>();
      for (let i = 0; i < 200; i++) {
        const run = sampleRun({ nodes: 3, startedAt: new Date(i * 1000) });
        await executions.record(run);
        ids.add(run.id);
      }
      const archive = join(root, "archive.gz");
      const policy = { rules: [{ maxAge: 1 }], keepLastSuccess: false };
      let batches = 0;
      const errors: unknown[] = [];
      for (let left = 200; left > 0;) {
        let restarted: Promise<void> | undefined;
        try {
          await executions.prune(policy, {
            archive,
            batchSize: 10,
            onProgress: () => {
              if (++batches % 4 === 0) restarted ??= server.kill().then(() => server.restart());
            },
          });
        } catch (error) {
          errors.push(error);
        }
        await restarted;
        left = (await executions.list({ limit: 1, total: "exact" })).total!.count;
      }
      await using copy = await PostgresExecutionRepository.open(server.url(), { schema: "copy" });
      using file = await Deno.open(archive);
      const { imported, invalid } = await copy.import(file.readable);
      assertEquals([imported, invalid], [200, []], `after ${errors.length} errors`);
      await checkAll(copy, [...ids]);
      assertEquals((await executions.statistics()).runs.count, 200);
    }),
);

testNeeding(
  postgresServer,
  "a migration is whole or absent when the server is killed",
  async () => {
    await using server = await PostgresServer.start({ fsync: true });
    for (const delay of SOAK ? Array.from({ length: 20 }, (_, i) => i * 10) : [5, 40, 80]) {
      const schema = `migrated_${delay}`;
      const opening = PostgresExecutionRepository.open(server.url(), { schema }).then(
        (executions) => executions[Symbol.asyncDispose](),
        (error) => assertEquals(error.name, "DatabaseError"),
      );
      await pause(delay);
      await server.kill();
      await opening;
      await server.restart();
      await using executions = await PostgresExecutionRepository.open(server.url(), { schema });
      assertEquals((await executions.info()).schemaVersion, MIGRATIONS.length);
      const run = sampleRun();
      await executions.record(run);
      assert((await executions.load(run.id)).nodeExecutions.length === 2);
    }
  },
);
