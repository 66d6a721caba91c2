import { assertEquals, assertRejects } from "@std/assert";
import { DatabaseError } from "../../src/domain/errors.ts";
import { Execution } from "../../src/domain/execution.ts";
import { rawSql, testBackends } from "./backends.ts";
import { testRepositories } from "./repositories.ts";

testBackends(
  "SQLiteExecutionRepository.record() stores a snapshot once when it is called twice at once",
  async ({ open, path }) => {
    const run = Execution.create("greet", "1.0", { who: "world" });
    {
      using executions = await open();
      await Promise.all([executions.record(run), executions.record(run), executions.record(run)]);
      assertEquals((await executions.load(run.id)).variableSnapshots.length, 1);
      assertEquals(run.variableSnapshots.map(({ id }) => id), [1]);
      run.start();
      run.setVariable("count", 1);
      await executions.record(run);
    }
    const rows = await rawSql(path, "SELECT id, variable_name FROM variable_snapshots");
    assertEquals(rows.map((row) => ({ ...row as object })), [
      { id: 1, variable_name: "who" },
      { id: 2, variable_name: "count" },
    ]);
  },
);

testRepositories(
  "ExecutionRepository.saveVariableSnapshot() stores a snapshot once when it is called twice at once",
  async ({ open }) => {
    using executions = await open();
    const run = Execution.create("greet", "1.0");
    await executions.save(run);
    run.setVariable("count", 1);
    const [snapshot] = run.variableSnapshots;
    await Promise.all([
      executions.saveVariableSnapshot(snapshot!),
      executions.record(run),
      executions.saveVariableSnapshot(snapshot!),
    ]);
    assertEquals(typeof snapshot!.id, "number");
    assertEquals((await executions.load(run.id)).variableSnapshots.length, 1);
  },
);

testBackends(
  "SQLiteExecutionRepository.record() leaves snapshots without a number when nothing was stored",
  async ({ open, path }) => {
    {
      using _executions = await open();
    }
    await rawSql(
      path,
      `CREATE TRIGGER refuse BEFORE UPDATE OF status ON executions BEGIN
         SELECT RAISE(ABORT, 'refused'); END`,
      "SELECT 1",
    );
    using executions = await open();
    const run = Execution.create("greet", "1.0", { who: "world" });
    run.start();
    await executions.record(run);
    run.setVariable("count", 1);
    await assertRejects(() => executions.record(run), DatabaseError);
    assertEquals(run.variableSnapshots.map(({ id }) => id), [1, undefined]);
  },
);
