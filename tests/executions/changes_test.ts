import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConflictError, InvalidDataError, NotFoundError } from "../../src/domain/errors.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import { runDeno } from "../helpers/child.ts";
import { rawSql, testBackends } from "./backends.ts";
import { testRepositories } from "./repositories.ts";
import { sampleRun } from "./sample_runs.ts";

const CHILD = new URL("child.ts", import.meta.url);

testRepositories(
  "ExecutionRepository.watch() yields each change once, in order",
  async ({ open }) => {
    using executions = await open();
    const changes = executions.watch({ interval: 5 });
    const first = changes.next();
    const run = sampleRun();
    // The watch begins with the next change: it must have looked before.
    await new Promise((resolve) => setTimeout(resolve, 30));
    await executions.record(run);
    assertEquals((await first).value, { sequence: 1, kind: "created", executionId: run.id });
    await executions.save(run);
    await executions.delete(run.id);
    assertEquals((await changes.next()).value?.kind, "updated");
    assertEquals((await changes.next()).value?.kind, "deleted");
    await changes.return(undefined);

    const again = executions.watch({ after: 1 });
    assertEquals((await again.next()).value?.sequence, 2);
    await again.return(undefined);
  },
);

testBackends(
  "SQLiteExecutionRepository.watch() is complete across processes",
  async ({ root, open, backend }) => {
    using executions = await open();
    await executions.record(sampleRun());
    const children = [1, 2].map(() =>
      runDeno(CHILD, {
        flags: ["-A"],
        args: ["record", JSON.stringify({ root, ...backend }), "20"],
      })
    );
    const seen = new Set<string>();
    const abort = new AbortController();
    for await (const change of executions.watch({ after: 1, interval: 5, signal: abort.signal })) {
      assertEquals(change.sequence, seen.size + 2);
      seen.add(change.executionId);
      if (seen.size === 40) abort.abort();
    }
    for (const { stdout } of await Promise.all(children)) assertEquals(stdout, "done\n");
    assertEquals(seen.size, 40);
  },
);

testBackends(
  "SQLiteExecutionRepository.watch() sees what Go writes, and says what it missed",
  async ({ path, open }) => {
    (await open()).close();
    await rawSql(
      path,
      `INSERT INTO executions (id, workflow_id, workflow_version, status, started_at)
      VALUES ('go', 'orders', '1.0', 'running', '2026-11-23 19:56:42 +0000 UTC')`,
      "UPDATE executions SET status = 'completed' WHERE id = 'go'",
      "DELETE FROM executions WHERE id = 'go'",
      "SELECT 1",
    );
    {
      using executions = await open();
      const kinds: string[] = [];
      for await (const { kind, executionId } of executions.watch({ after: 0 })) {
        assertEquals(executionId, "go");
        if (kinds.push(kind) === 3) break;
      }
      assertEquals(kinds, ["created", "updated", "deleted"]);
    }
    await rawSql(
      path,
      "INSERT INTO changes (sequence, execution_id, kind) VALUES (150000, 'a', 'created')",
      "SELECT 1",
    );
    using executions = await open();
    await assertRejects(() => executions.watch({ after: 2 }).next(), ConflictError, "begins with");
  },
);

testRepositories(
  "ExecutionRepository.watch() ends with its signal and with the store",
  async ({ open }) => {
    using executions = await open();
    const ended = executions.watch({ signal: AbortSignal.timeout(20) }).next();
    assertEquals((await ended).done, true);
    const closed = executions.watch().next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    executions.close();
    assertEquals((await closed).done, true);
    const again = await open();
    await again.record(sampleRun());
    for await (const _ of again.watch({ after: 0 })) again.close();
    using checked = await open();
    for (const interval of [0, -1, NaN, Infinity, 2 ** 31]) {
      await assertRejects(() => checked.watch({ interval }).next(), InvalidDataError, "interval");
      await assertRejects(() => checked.follow("a", { interval }).next(), InvalidDataError);
    }
    for (const after of [-1, 1.5, NaN]) {
      await assertRejects(() => checked.watch({ after }).next(), InvalidDataError, "after");
    }
  },
);

testRepositories(
  "ExecutionRepository.follow() yields the parts of a run until it ends",
  async ({ open }) => {
    using executions = await open();
    const run = sampleRun({ status: "running", nodes: 1 });
    await executions.record(run);
    const seen: string[] = [];
    const following = (async () => {
      for await (const event of executions.follow(run.id, { interval: 5 })) {
        if (event.kind === "node") seen.push(`${event.node.nodeId} ${event.node.status}`);
        else if (event.kind === "snapshot") seen.push(event.snapshot.variableName);
        else seen.push(event.execution.status);
      }
    })();
    const until = async (count: number) => {
      while (seen.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await until(3);
    const node = NodeExecution.create(run.id, "next", "end");
    node.start();
    await executions.saveNodeExecution(node);
    await until(4);
    node.complete();
    await executions.saveNodeExecution(node);
    await until(5);
    run.setVariable("total", 2, node.id);
    await executions.saveVariableSnapshot(run.variableSnapshots.at(-1)!);
    await until(6);
    run.complete();
    await executions.save(run);
    await following;
    assertEquals(seen, [
      "node_0 completed",
      "n",
      "running",
      "next running",
      "next completed",
      "total",
      "completed",
    ]);
    await assertRejects(() => executions.follow("absent").next(), NotFoundError);
  },
);

testBackends(
  "SQLiteExecutionRepository.watch() finds the last 100,000 changes, and says when it is too late",
  async ({ path, open }) => {
    (await open()).close();
    await rawSql(
      path,
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 102500)
      INSERT INTO changes (execution_id, kind) SELECT 'r' || i, 'created' FROM n`,
      "SELECT 1",
    );
    using executions = await open();
    let seen = 0;
    const { value: first } = await executions.watch({ after: 0 }).next();
    assert(first!.sequence <= 2501 && first!.sequence > 1500, `${first!.sequence}`);
    for await (const { sequence, executionId } of executions.watch({ after: 3000 })) {
      assertEquals(executionId, `r${sequence}`);
      if (sequence === 102_500) break;
      seen++;
    }
    assertEquals(seen, 99_499);
    await assertRejects(() => executions.watch({ after: 10 }).next(), ConflictError, "begins with");
  },
  { only: { journalMode: "wal" } },
);
