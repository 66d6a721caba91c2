import { assertEquals } from "@std/assert";
import type { Execution } from "../../src/domain/execution.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { sampleRun } from "../executions/sample_runs.ts";
import { openFaulty, rawPostgres, testPostgres, waitFor } from "./databases.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

testPostgres(
  "of an engine that wakes up late and one that claims its run, exactly one has it",
  async (fixture) => {
    const { url, schema } = fixture;
    await using other = await PostgresExecutionRepository.open(url, { schema });
    let claim: (() => Promise<boolean>) | undefined;
    let claiming: Promise<boolean> | undefined;
    const database = await openFaulty(fixture, {
      async query(sql, run) {
        const result = await run();
        if (claim === undefined || !/FROM leases\s+WHERE execution_id/.test(sql)) return result;
        claiming = claim();
        claim = undefined;
        let done = false;
        claiming.then(() => done = true);
        // It is done at once, or waits for this transaction.
        const waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        await waitFor(async () => done || Number((await rawPostgres(waiting))[0]![0]) > 0);
        return result;
      },
    });
    const executions = PostgresExecutionRepository.over(database);
    for (
      const wakeUp of [
        ({ id }: Execution) => executions.lease(id, "owner"),
        ({ id }: Execution) => executions.interrupt(id),
        (run: Execution) => executions.save(run, { owner: "owner" }),
        (run: Execution) => executions.record(run, { owner: "owner" }),
      ]
    ) {
      const run = sampleRun({ status: "running" });
      const { id } = run;
      await executions.record(run);
      await executions.lease(id, "owner", 1);
      await pause(5);
      run.complete();
      claim = () => other.claim(id, "claimant");
      const [{ status }] = await Promise.allSettled([wakeUp(run)]);
      assertEquals(await claiming, status === "rejected", String(wakeUp));
    }
    await database.close();
  },
);

testPostgres("the lease of a run ends with it, and its row with the counting", async ({ open }) => {
  const database = await open();
  await using executions = PostgresExecutionRepository.over(database);
  const run = sampleRun({ status: "running" });
  await executions.record(run);
  await executions.lease(run.id, "owner");
  run.complete();
  await executions.save(run, { owner: "owner" });
  assertEquals(await executions.getLease(run.id), undefined);
  await executions.statistics();
  const { rows } = await database.query("Cannot look", "SELECT count(*) FROM leases");
  assertEquals(rows, [[0]]);
});
