import { assertEquals } from "@std/assert";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { sampleRun } from "../executions/sample_runs.ts";
import { openFaulty, testPostgres } from "./databases.ts";

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
        // It is done at once, or waits for this transaction.
        await Promise.race([claiming, pause(200)]);
        return result;
      },
    });
    const executions = PostgresExecutionRepository.over(database);
    for (
      const wakeUp of [
        (id: string) => executions.lease(id, "owner"),
        (id: string) => executions.interrupt(id),
      ]
    ) {
      const run = sampleRun({ status: "running" });
      const { id } = run;
      await executions.record(run);
      await executions.lease(id, "owner", 1);
      await pause(5);
      claim = () => other.claim(id, "claimant");
      const [{ status }] = await Promise.allSettled([wakeUp(id)]);
      assertEquals(await claiming, status === "rejected", String(wakeUp));
    }
    await database.close();
  },
);
