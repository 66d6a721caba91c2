import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { AlreadyExistsError, DatabaseError } from "../../src/domain/errors.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { nextNumber } from "../../src/postgres/columns.ts";
import { rawSql, withRoot } from "../executions/backends.ts";
import { sampleRun } from "../executions/sample_runs.ts";
import {
  type DatabaseFixture,
  openFaulty,
  rawPostgres,
  testPostgres,
  waitForListener,
} from "./databases.ts";

const text = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();
const bytes = (value: string) => new Blob([value]).stream();

/** Opens a database that counts what is sent. */
async function openCounting(fixture: DatabaseFixture) {
  const sent: string[] = [];
  const database = await openFaulty(fixture, {
    query(sql, run) {
      if (!sql.includes("pg_notify")) sent.push(sql);
      return run();
    },
  });
  const executions = PostgresExecutionRepository.over(database);
  const tripsOf = async (work: () => Promise<unknown>): Promise<number> => {
    sent.length = 0;
    await work();
    return sent.length;
  };
  return { executions, database, tripsOf };
}

testPostgres("record(), load() and list() take few round trips", async (fixture) => {
  const { executions, database, tripsOf } = await openCounting(fixture);
  const run = sampleRun({ status: "running", nodes: 30 });
  assertEquals(await tripsOf(() => executions.record(run)), 1);
  run.setVariable("n", 2);
  assertEquals(await tripsOf(() => executions.record(run)), 1);
  run.complete();
  assertEquals(await tripsOf(() => executions.record(run)), 1);
  // Only what may be counted already takes the lock of the roll-ups.
  assertEquals(await tripsOf(() => executions.record(run)), 7);
  assertEquals(await tripsOf(() => executions.save(sampleRun())), 1);
  assertEquals(await tripsOf(() => executions.load(run.id)), 1);
  assertEquals(await tripsOf(() => executions.list()), 1);
  assertEquals(await tripsOf(() => executions.list({ total: "capped" })), 2);
  const live = sampleRun({ status: "running" });
  await executions.record(live);
  assertEquals(await tripsOf(() => executions.saveNodeExecution(live.nodeExecutions[0]!)), 1);
  await database.close();
});

testPostgres(
  "times of Go, text that is no JSON and odd values survive SQLite, PostgreSQL and SQLite",
  ({ url, schema }) =>
    withRoot(async (root) => {
      const [from, to] = [join(root, "from.db"), join(root, "to.db")];
      (await SQLiteExecutionRepository.open({ path: from })).close();
      const run = (id: string, started: string, completed: string) =>
        `INSERT INTO executions (id, workflow_id, workflow_version, status, started_at, completed_at,
          error_type, error_message, error_context, return_value, workflow_revision)
        VALUES ('${id}', 'w', '1.10', 'odd', '${started}', ${completed}, '', NULL, '{"half',
          '[1.0, 1e400, 12345678901234567890, {"b":1,"a":"\\u003c"}]', 'r1')`;
      await rawSql(
        from,
        run(
          "go",
          "2026-11-23 11:48:11.620066549 -0800 PST m=+0.011448479",
          "'2026-11-23 19:48:12'",
        ),
        run("zero", "0001-01-01 00:00:00 +0000 UTC", "NULL"),
        run("rfc", "2026-11-23T11:48:11-08:00", "'2026-11-23T19:48:11.5Z'"),
        run("own", "2026-11-23 19:48:11.620+00:00", "'2026-02-30 00:00:00.000+00:00'"),
        run("year", "0000-01-01 00:00:00.001+00:00", "'never'"),
        run("unreadable", "next Monday", "NULL"),
        `INSERT INTO node_executions (id, execution_id, node_id, node_type, status, started_at,
          inputs, outputs, retry_count) VALUES
          ('n2', 'go', 'b', 't', 'pending', '0001-01-01 00:00:00+00:00', NULL, '', 0),
          ('n1', 'go', 'a', 't', 'completed', '2026-11-23 11:48:11.7 -0800 PST', '{"a":1 }', '{}', 3)`,
        `INSERT INTO variable_snapshots (execution_id, node_execution_id, variable_name, old_value,
          new_value, timestamp) VALUES ('go', 'n1', 'x', NULL, '1.50',
          '2026-11-23 11:48:11.62006654 -0800 PST')`,
        "SELECT 1",
      );
      using source = await SQLiteExecutionRepository.open({ path: from });
      await using server = await PostgresExecutionRepository.open(url, { schema });
      using target = await SQLiteExecutionRepository.open({ path: to });
      const exported = await text(source.export());
      assertEquals((await server.import(bytes(exported))).imported, 6);
      const middle = await text(server.export());
      await target.import(bytes(middle));
      const sorted = (lines: string) => lines.trim().split("\n").sort();
      assertEquals(sorted(middle), sorted(exported));
      assertEquals(sorted(await text(target.export())), sorted(exported));
      const order = async (executions: { list: SQLiteExecutionRepository["list"] }) =>
        (await executions.list()).executions.map(({ id, startedAt }) => [id, startedAt.getTime()]);
      assertEquals(await order(server), await order(source));

      // What is read, changed elsewhere and saved keeps the texts of its times.
      const loaded = await server.load("go");
      loaded.workflowVersion = "1.11";
      await server.record(loaded);
      assertEquals(
        (await rawPostgres(`SELECT started_text, started_at::text FROM "${schema}".executions
          WHERE id = 'go'`))[0],
        [
          "2026-11-23 11:48:11.620066549 -0800 PST m=+0.011448479",
          "2026-11-23 19:48:11.620066+00",
        ],
      );
    }),
);

testPostgres(
  "import() reports what PostgreSQL cannot hold, and nothing of it is written",
  async ({ url, schema }) => {
    await using executions = await PostgresExecutionRepository.open(url, { schema });
    const run = {
      id: "a",
      workflow_id: "w",
      workflow_version: "1",
      status: "completed",
      started_at: "2026-11-23 19:48:11.620+00:00",
    };
    const lines = [
      { ...run, id: "b", workflow_id: "nul \0" },
      { ...run, id: "c", error_message: "half \ud800" },
      {
        ...run,
        id: "d",
        node_executions: [{
          id: "n",
          node_id: "a",
          node_type: "t",
          status: "failed",
          started_at: "0001-01-01 00:00:00+00:00",
          retry_count: "many",
        }],
      },
      { ...run, id: "e", error_type: { $bytes: "/w==" } },
      run,
    ];
    const { imported, invalid } = await executions.import(
      bytes(lines.map((line) => JSON.stringify(line)).join("\n")),
    );
    assertEquals([imported, invalid.map(({ line }) => line)], [1, [1, 2, 3, 4]]);
    assertEquals((await executions.list()).executions.map(({ id }) => id), ["a"]);
  },
);

testPostgres(
  "record() refuses a node execution of another run and writes nothing",
  async ({ url, schema }) => {
    await using executions = await PostgresExecutionRepository.open(url, { schema });
    const one = sampleRun();
    await executions.record(one);
    const two = sampleRun();
    two.nodeExecutions[1]!.id = one.nodeExecutions[0]!.id;
    const error = await assertRejects(() => executions.record(two), AlreadyExistsError, one.id);
    assertEquals(error.id, one.nodeExecutions[0]!.id);
    assertEquals((await executions.storedIds([two.id])).size, 0);
    await assertRejects(() => executions.saveNodeExecution(two.nodeExecutions[1]!), DatabaseError);
  },
);

testPostgres(
  "an id that is too long for an index is refused with a reason",
  async ({ url, schema }) => {
    await using executions = await PostgresExecutionRepository.open(url, { schema });
    const run = sampleRun({ nodes: 0 });
    run.workflowId = crypto.getRandomValues(new Uint8Array(6000)).toHex();
    await assertRejects(() => executions.record(run), Error, "2,500 bytes");
    assertEquals((await executions.list()).executions, []);
  },
);

testPostgres(
  "writers, readers and pruners of the same runs never deadlock and count each run once",
  async ({ url, schema }) => {
    const open = () => PostgresExecutionRepository.open(url, { schema });
    await using one = await open();
    await using two = await open();
    const runs = Array.from(
      { length: 30 },
      (_, i) => sampleRun({ startedAt: new Date(i * 1000), nodes: 3 }),
    );
    for (const run of runs) {
      await one.record(run);
    }
    const errors: unknown[] = [];
    const tolerant = async (work: () => Promise<unknown>) => {
      try {
        await work();
      } catch (error) {
        // A run that was pruned meanwhile is no mistake.
        const { name, code } = error as { name: string; code?: string };
        if (name !== "NotFoundError" && code !== "constraint") errors.push(error);
      }
    };
    const pick = () => runs[Math.floor(Math.random() * runs.length)]!;
    const tasks = [
      (store: PostgresExecutionRepository) => store.record(pick()),
      (store: PostgresExecutionRepository) => store.saveNodeExecution(pick().nodeExecutions[0]!),
      (store: PostgresExecutionRepository) => store.addLabels(pick().id, "a", "b"),
      (store: PostgresExecutionRepository) => store.removeLabels(pick().id, "b", "a"),
      (store: PostgresExecutionRepository) => store.statistics(),
      (store: PostgresExecutionRepository) => store.delete(pick().id),
      (store: PostgresExecutionRepository) =>
        store.prune({ rules: [{ maxCount: 20 }] }, { batchSize: 3 }),
    ];
    await Promise.all([one, two].flatMap((store) =>
      tasks.map(async (task) => {
        for (let i = 0; i < 25; i++) await tolerant(() => task(store));
      })
    ));
    assertEquals(errors, []);
    const { runs: counted } = await one.statistics();
    // Each deletion keeps its run counted, and each record after that counts it again.
    assert(counted.count >= runs.length && Object.keys(counted.byStatus).length === 1);
  },
);

testPostgres(
  "statistics() are those of the runs, whatever was saved again",
  async ({ url, schema }) => {
    await using executions = await PostgresExecutionRepository.open(url, { schema });
    const runs = Array.from({ length: 20 }, (_, i) => sampleRun({ nodes: 2, duration: i * 37 }));
    await Promise.all(runs.map((run) => executions.record(run)));
    for (let round = 0; round < 3; round++) {
      await Promise.all(runs.map(async (run, i) => {
        run.status = i % 3 === round ? "failed" : "completed";
        run.nodeExecutions[0]!.retryCount = round;
        await executions.record(run);
        await executions.saveNodeExecution(run.nodeExecutions[1]!);
        if (i % 5 === 0) await executions.statistics();
      }));
    }
    const { runs: counted, nodes } = await executions.statistics();
    const failed = runs.filter(({ status }) => status === "failed").length;
    assertEquals(counted.byStatus, { completed: 20 - failed, failed });
    assertEquals([nodes.types, nodes.retries], [{ transform: 40 }, 40]);
  },
);

testPostgres("delete() counts a run that ends meanwhile", async ({ url, schema, open }) => {
  await using executions = await PostgresExecutionRepository.open(url, { schema });
  const database = await open();
  const run = sampleRun({ status: "running" });
  await executions.record(run);
  let deleting: Promise<void> | undefined;
  // What another host commits while the deletion waits for the row.
  await database.transaction("Cannot test", async ({ query }) => {
    await query(
      "UPDATE executions SET status = 'completed', completed_at = now() WHERE id = $1",
      [run.id],
    );
    await query("INSERT INTO uncounted VALUES ($1)", [run.id]);
    deleting = executions.delete(run.id);
    while ((await query("SELECT 1 FROM pg_locks WHERE NOT granted")).count === 0);
  });
  await deleting;
  assertEquals((await executions.storedIds([run.id])).size, 0);
  assertEquals((await executions.statistics()).runs.count, 1);
});

testPostgres(
  "watch() misses nothing of a transaction that commits late",
  async ({ url, schema, open }) => {
    await using executions = await PostgresExecutionRepository.open(url, { schema });
    const database = await open();
    const seen: string[] = [];
    const abort = new AbortController();
    const watching = (async () => {
      for await (const { executionId } of executions.watch({ after: 0, signal: abort.signal })) {
        seen.push(executionId);
      }
    })();
    const runs = Array.from({ length: 10 }, () => sampleRun({ nodes: 0 }));
    await database.transaction("Cannot test", async ({ query }) => {
      await query("INSERT INTO queued_changes (execution_id, kind) VALUES ('late', 'created')");
      for (const run of runs) await executions.record(run);
      while (seen.length < 10) await new Promise((resolve) => setTimeout(resolve, 5));
    });
    while (seen.length < 11) await new Promise((resolve) => setTimeout(resolve, 5));
    abort.abort();
    await watching;
    assertEquals(seen, [...runs.map(({ id }) => id), "late"]);
  },
);

testPostgres("watch() ends when the store is closed while it looks", async (fixture) => {
  let closing: Promise<void> | undefined;
  const database = await openFaulty(fixture, {
    async query(sql, run) {
      const result = await run();
      if (sql.includes("FROM queued_changes")) closing ??= database.close();
      return result;
    },
  });
  const executions = PostgresExecutionRepository.over(database);
  assertEquals(await Array.fromAsync(executions.watch({ after: 0 })), []);
  await closing!;
});

testPostgres(
  "a run that goes on at a host whose clock is behind keeps the order of its snapshots",
  async ({ url, schema }) => {
    await using executions = await PostgresExecutionRepository.open(url, { schema });
    const run = sampleRun({ status: "running", nodes: 0 });
    await executions.record(run);
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 10_000);
    const following = executions.follow(run.id, { interval: 1, signal: stop.signal });
    assertEquals((await following.next()).value?.kind, "snapshot");
    assertEquals((await following.next()).value?.kind, "execution");
    // As a host would have written it whose clock is a day ahead.
    const day = 86_400_000 * 2 ** 13;
    await rawPostgres(`INSERT INTO "${schema}".variable_snapshots
      (execution_id, id, variable_name, new_value, taken_at)
      SELECT execution_id, id + ${day}, 'n', '2', now() FROM "${schema}".variable_snapshots`);
    const ahead = await following.next();
    run.setVariable("late", true);
    await executions.saveVariableSnapshot(run.variableSnapshots.at(-1)!);
    const events = [ahead.value, (await following.next()).value];
    assertEquals(
      events.map((event) => event?.kind === "snapshot" && event.snapshot.variableName),
      ["n", "late"],
    );
    await following.return(undefined);
    clearTimeout(timer);

    const taken = await executions.load(run.id);
    taken.setVariable("n", 3);
    await executions.saveVariableSnapshot(taken.variableSnapshots.at(-1)!);
    assertEquals((await executions.load(run.id)).variables, { n: 3, late: true });
  },
);

testPostgres("export() reads large runs a few at a time", async (fixture) => {
  let [reads, most] = [0, 0];
  const database = await openFaulty(fixture, {
    async query(sql, run) {
      const result = await run();
      if (sql.includes("e.return_value") && !sql.includes("octet_length")) {
        reads++;
        most = Math.max(most, result.count);
      }
      return result;
    },
  });
  const executions = PostgresExecutionRepository.over(database);
  const runs = Array.from({ length: 5 }, () => sampleRun());
  for (const run of runs) {
    run.returnValue = "x".repeat(3_000_000);
    await executions.record(run);
  }
  const ids = runs.map(({ id }) => id);
  for (const options of [{}, { ids }]) {
    [reads, most] = [0, 0];
    const lines = (await text(executions.export(options))).trimEnd().split("\n");
    assertEquals([lines.length, reads, most], [5, 3, 2]);
  }
  await database.close();
});

testPostgres("record() takes any number of snapshots", async ({ url, schema }) => {
  await using executions = await PostgresExecutionRepository.open(url, { schema });
  const run = sampleRun({ status: "running", nodes: 0 });
  await executions.record(run);
  // Those that have an id are stored.
  const [stored] = run.variableSnapshots;
  run.variableSnapshots = Array.from({ length: 200_000 }, () => stored!);
  run.complete();
  await executions.record(run);
  assertEquals((await executions.load(run.id)).status, "completed");
});

testPostgres(
  "watch() wakes on a notification long before its interval",
  async ({ url, schema }) => {
    await using executions = await PostgresExecutionRepository.open(url, { schema });
    await using other = await PostgresExecutionRepository.open(url, { schema });
    const changes = executions.watch({ interval: 60_000 });
    const first = changes.next();
    await waitForListener(schema);
    const runs = Array.from({ length: 20 }, () => sampleRun());
    for (const run of runs) await other.record(run);
    assertEquals((await first).value?.executionId, runs[0]!.id);
    // The last change is told too, however soon it comes after another one.
    for (const { id } of runs.slice(1)) assertEquals((await changes.next()).value?.executionId, id);
    await changes.return(undefined);
  },
);

Deno.test("nextNumber() rises, also above what a run has", () => {
  const numbers = Array.from({ length: 1000 }, () => nextNumber());
  assertEquals(numbers, numbers.toSorted((a, b) => a - b));
  assertEquals(new Set(numbers).size, 1000);
  const far = numbers.at(-1)! + 1e9;
  assert(nextNumber(far) > far && Number.isSafeInteger(nextNumber()));
});
