/**
 * Statements that were done, whose answers never came: they are repeated, and
 * nothing is there twice.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { InvalidStateError } from "../../src/domain/errors.ts";
import type { Execution } from "../../src/domain/execution.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { sampleRun } from "../executions/sample_runs.ts";
import { type DatabaseFixture, openFaulty, testPostgres } from "./databases.ts";

/**
 * Opens a database that loses the connection after the next statement of a kind was done, or
 * instead of it, and has something done by others meanwhile.
 */
async function openLosing(fixture: DatabaseFixture) {
  let next: RegExp | undefined;
  let others: { instead?: boolean; meanwhile?: () => Promise<unknown> } = {};
  const database = await openFaulty(fixture, {
    async query(sql, run, connection) {
      if (!next?.test(sql)) return await run();
      next = undefined;
      if (!others.instead) await run();
      await connection.close();
      await others.meanwhile?.();
      throw Object.assign(new Error("lost"), { code: "ECONNRESET" });
    },
  });
  const executions = PostgresExecutionRepository.over(database);
  const losing = async (
    statement: RegExp,
    work: () => Promise<unknown>,
    meant: typeof others = {},
  ) => {
    [next, others] = [statement, meant];
    await work();
    assertEquals(next, undefined, "no such statement was sent");
  };
  return { executions, database, losing };
}

const counts = ({ nodeExecutions, variableSnapshots }: Execution) => [
  nodeExecutions.length,
  variableSnapshots.length,
];

testPostgres("a run that ends is recorded once when the answer is lost", async (fixture) => {
  const { executions, database, losing } = await openLosing(fixture);
  const run = sampleRun({ nodes: 2 });
  for (const statement of [/INSERT INTO executions/, /^COMMIT/]) {
    run.setVariable("late", statement.source);
    await losing(statement, () => executions.record(run));
    const stored = await executions.load(run.id);
    assertEquals(counts(stored), counts(run), statement.source);
    assertEquals(
      stored.variableSnapshots.map(({ id }) => id),
      run.variableSnapshots.map(({ id }) => id),
    );
  }
  assertEquals((await executions.statistics()).runs.count, 1);
  await database.close();
});

testPostgres("a run is deleted when the answer is lost, counted or not", async (fixture) => {
  const { executions, database, losing } = await openLosing(fixture);
  for (const counted of [false, true]) {
    const run = sampleRun();
    await executions.record(run);
    if (counted) await executions.statistics();
    await losing(/^COMMIT/, () => executions.delete(run.id));
    assertEquals((await executions.storedIds([run.id])).size, 0, `counted: ${counted}`);
  }
  assertEquals((await executions.statistics()).runs.count, 2);
  await database.close();
});

testPostgres("an owner ends its run once when the answer is lost", async (fixture) => {
  const { executions, database, losing } = await openLosing(fixture);
  await using other = await PostgresExecutionRepository.open(fixture.url, {
    schema: fixture.schema,
  });
  const owner = "one";
  const start = async () => {
    const run = sampleRun({ status: "running" });
    await executions.record(run);
    await executions.lease(run.id, owner, 1);
    run.setVariable("late", 1);
    run.complete();
    return run;
  };
  for (
    const [write, meanwhile] of [
      [(run: Execution) => executions.record(run, { owner }), undefined],
      // The row of the lease goes with the counting.
      [(run: Execution) => executions.record(run, { owner }), () => other.statistics()],
      [(run: Execution) => executions.save(run, { owner }), () => other.statistics()],
    ] as const
  ) {
    const run = await start();
    await losing(/^COMMIT/, () => write(run), meanwhile && { meanwhile });
    assertEquals((await other.load(run.id)).status, "completed");
  }
  const late = await start();
  const meanwhile = () => other.interrupt(late.id);
  await losing(
    /^COMMIT/,
    () =>
      assertRejects(() => executions.record(late, { owner }), InvalidStateError, "it is failed"),
    { instead: true, meanwhile },
  );
  assertEquals((await other.load(late.id)).error?.type, "interrupted");

  // Ended by who asked for no owner, and not counted yet.
  const cancelled = await start();
  await losing(
    /^COMMIT/,
    () =>
      assertRejects(() => executions.record(cancelled, { owner }), InvalidStateError, "cancelled"),
    {
      instead: true,
      meanwhile: async () => {
        const run = await other.load(cancelled.id);
        run.cancel();
        await other.save(run);
      },
    },
  );
  assertEquals((await other.load(cancelled.id)).status, "cancelled");
  await database.close();
});
