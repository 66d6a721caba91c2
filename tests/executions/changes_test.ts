import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  ConflictError,
  DatabaseError,
  InvalidDataError,
  NotFoundError,
} from "../../src/domain/errors.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import { runDeno } from "../helpers/child.ts";
import { makeGoDatabase, rawSql, testBackends } from "./backends.ts";
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
  "SQLiteExecutionRepository.watch() begins before what is stored behind the call of next()",
  async ({ open }) => {
    using executions = await open();
    const changes = executions.watch({ interval: 5, signal: AbortSignal.timeout(2_000) });
    const next = changes.next();
    const run = sampleRun();
    await executions.record(run);
    assertEquals((await next).value?.executionId, run.id);
    await changes.return(undefined);
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

testRepositories(
  "ExecutionRepository.follow() yields what a live node and its run hold each time it changes",
  async ({ open }) => {
    using executions = await open();
    const run = sampleRun({ status: "running", nodes: 1 });
    const [node] = run.nodeExecutions;
    node!.status = "running";
    await executions.record(run);
    const seen: unknown[] = [];
    const steps = [
      async () => {
        node!.outputs = { done: 50 };
        await executions.saveNodeExecution(node!);
      },
      async () => {
        node!.status = "failed";
        node!.error = { type: "io", message: "first" };
        await executions.saveNodeExecution(node!);
      },
      async () => {
        node!.error = { type: "io", message: "second" };
        await executions.saveNodeExecution(node!);
      },
      async () => {
        run.returnValue = { partial: 1 };
        await executions.save(run);
      },
      async () => {
        run.complete();
        await executions.save(run);
      },
    ];
    for await (const event of executions.follow(run.id, { interval: 5 })) {
      if (event.kind === "node") seen.push(event.node.error?.message ?? event.node.outputs);
      else if (event.kind === "execution") seen.push(event.execution.returnValue);
      // The first look yields a node, a snapshot and the run.
      if (seen.length >= 2) await steps.shift()?.();
    }
    const partial = { partial: 1 };
    assertEquals(seen, [
      { ok: true },
      undefined,
      { done: 50 },
      "first",
      "second",
      partial,
      partial,
    ]);
  },
);

testRepositories(
  "ExecutionRepository.follow() and watch() end when they are stopped, at whatever moment",
  async ({ open }) => {
    using executions = await open();
    const run = sampleRun({ status: "running", nodes: 5 });
    await executions.record(run);
    for (let moment = 0; moment < 25; moment++) {
      const abort = new AbortController();
      const options = { interval: 1_000_000, signal: abort.signal };
      const following = executions.follow(run.id, options);
      // Behind the last event the next look is under way.
      for (let i = 0; i < 7; i++) await following.next();
      const ends = [executions.watch(options).next(), following.next()];
      for (let i = 0; i < moment; i++) await Promise.resolve();
      abort.abort();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise((resolve) => timer = setTimeout(resolve, 5000, "late"));
      const ended = await Promise.race([Promise.all(ends), late]);
      clearTimeout(timer);
      assertEquals(ended, Array(2).fill({ done: true, value: undefined }), `moment ${moment}`);
    }
    const abort = new AbortController();
    let count = 0;
    for await (const _ of executions.follow(run.id, { signal: abort.signal })) {
      count++;
      abort.abort();
    }
    assertEquals(count, 1);
  },
);

testBackends(
  "SQLiteExecutionRepository.follow() misses no snapshot when a copy is restored",
  async ({ root, open }) => {
    using executions = await open();
    const run = sampleRun({ status: "running", nodes: 0 });
    await executions.record(run);
    await executions.backup(`${root}/copy`);
    const set = async (value: string) => {
      run.setVariable("v", value);
      await executions.saveVariableSnapshot(run.variableSnapshots.at(-1)!);
    };
    const seen: unknown[] = [];
    await set("old 1");
    await set("old 2");
    for await (const event of executions.follow(run.id, { interval: 5 })) {
      if (event.kind === "snapshot") seen.push(event.snapshot.newValue);
      else if (seen.length === 3) {
        await executions.restore(`${root}/copy`);
        await new Promise((resolve) => setTimeout(resolve, 2));
        // They get the numbers of the old ones.
        await set("new 1");
        await set("new 2");
        run.complete();
        await executions.save(run);
      }
    }
    assertEquals(seen, [1, "old 1", "old 2", "new 1", "new 2"]);
  },
  { only: { journalMode: "wal" } },
);

testBackends(
  "SQLiteExecutionRepository.follow() finds no run of which Go left only the nodes",
  async ({ path, open }) => {
    {
      using executions = await open();
      await executions.record(sampleRun({ id: "gone" }));
    }
    await rawSql(path, "DELETE FROM executions WHERE id = 'gone'", "SELECT 1");
    using executions = await open();
    await assertRejects(() => executions.follow("gone").next(), NotFoundError);
  },
  { only: { journalMode: "wal" } },
);

testBackends(
  "SQLiteExecutionRepository.watch() and follow() end as is told when a copy of an older schema is restored",
  async ({ root, open }) => {
    const copy = join(root, "go.db");
    await makeGoDatabase(copy);
    using executions = await open({ migrate: "never" });
    await executions.record(sampleRun({ id: "a", status: "running", nodes: 0 }));
    const changes = executions.watch({ after: 0, interval: 5 });
    const events = executions.follow("a", { interval: 5 });
    await changes.next();
    for (let i = 0; i < 2; i++) await events.next();
    const next = [changes.next(), events.next()] as const;
    const refused = assertRejects(() => next[0], DatabaseError, "schema version");
    await executions.restore(copy);
    await refused;
    assertEquals((await next[1]).done, true);
    executions.close();
    await assertRejects(() => executions.follow("a").next(), DatabaseError, "closed");
  },
  { only: { journalMode: "wal" } },
);

testBackends(
  "SQLiteExecutionRepository.watch() says that it missed changes of a copy that is restored over nothing",
  async ({ root, open }) => {
    const copy = join(root, "copy.db");
    {
      using other = await open({ path: join(root, "other.db") });
      await other.record(sampleRun({ id: "old" }));
      await other.record(sampleRun({ id: "new" }));
      await other.backup(copy);
    }
    await rawSql(copy, "DELETE FROM changes WHERE execution_id = 'old'", "SELECT 1");
    using executions = await open();
    const missed = assertRejects(() => executions.watch({ interval: 5 }).next(), ConflictError);
    // It looks before the copy is there.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await executions.restore(copy);
    await missed;
  },
  { only: { journalMode: "wal" } },
);
