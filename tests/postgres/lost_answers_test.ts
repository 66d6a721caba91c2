/**
 * Statements that were done, whose answers never came: they are repeated, and
 * nothing is there twice.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Execution } from "../../src/domain/execution.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { sampleRun } from "../executions/sample_runs.ts";
import { type DatabaseFixture, openFaulty, testPostgres } from "./databases.ts";

/** Opens a database that loses the connection after the next statement of a kind was done. */
async function openLosing(fixture: DatabaseFixture) {
  let next: RegExp | undefined;
  const database = await openFaulty(fixture, {
    async query(sql, run, connection) {
      const result = await run();
      if (!next?.test(sql)) return result;
      next = undefined;
      await connection.close();
      throw Object.assign(new Error("lost"), { code: "ECONNRESET" });
    },
  });
  const executions = PostgresExecutionRepository.over(database);
  const losing = async (statement: RegExp, work: () => Promise<unknown>) => {
    next = statement;
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
