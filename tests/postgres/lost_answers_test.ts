/**
 * Statements that were done, whose answers never came: they are repeated, and
 * nothing is there twice.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Execution } from "../../src/domain/execution.ts";
import { PostgresDatabase } from "../../src/postgres/database.ts";
import type { PostgresConnection } from "../../src/postgres/driver.ts";
import { resolvePostgresOptions } from "../../src/postgres/options.ts";
import { connectPg } from "../../src/postgres/pg_driver.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { sampleRun } from "../executions/sample_runs.ts";
import { type DatabaseFixture, testPostgres } from "./databases.ts";

/** Opens a database that loses the connection after the next statement of a kind was done. */
async function openLosing({ url, schema }: DatabaseFixture) {
  let next: RegExp | undefined;
  const connect = async (): Promise<PostgresConnection> => {
    const connection = await connectPg(resolvePostgresOptions(url, { schema }));
    return {
      get lost() {
        return connection.lost;
      },
      async query(sql, params) {
        const result = await connection.query(sql, params);
        if (next?.test(sql)) {
          next = undefined;
          await connection.close();
          throw new Error("Connection terminated unexpectedly");
        }
        return result;
      },
      exec: (sql) => connection.exec(sql),
      onNotification: (call) => connection.onNotification(call),
      close: () => connection.close(),
    };
  };
  const database = await PostgresDatabase.open(url, { schema }, connect);
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
    await losing(/DELETE FROM executions/, () => executions.delete(run.id));
    assertEquals((await executions.storedIds([run.id])).size, 0, `counted: ${counted}`);
  }
  assertEquals((await executions.statistics()).runs.count, 2);
  await database.close();
});
