import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import {
  AlreadyExistsError,
  ConflictError,
  DatabaseError,
  NotFoundError,
} from "../../src/domain/errors.ts";
import { giveName } from "../../src/executions/database_files.ts";
import { MIGRATIONS } from "../../src/executions/migrations.ts";
import { Connection } from "../../src/executions/connection.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { denoCommand } from "../helpers/child.ts";
import { makeGoDatabase, rawSql, testBackends } from "./backends.ts";
import { holdLock } from "./lock_holder.ts";
import { sampleRun } from "./sample_runs.ts";

testBackends(
  "SQLiteExecutionRepository.backup() and restore() bring the old content back",
  async ({ root, open, backend }) => {
    using executions = await open();
    using other = await SQLiteExecutionRepository.open({ root, ...backend });
    const first = sampleRun();
    await executions.record(first);
    const copy = join(root, "copy.db");
    await executions.backup(copy);
    if (Deno.build.os !== "windows") assertEquals((await Deno.stat(copy)).mode! & 0o777, 0o600);
    await assertRejects(() => executions.backup(copy), AlreadyExistsError);
    const second = sampleRun();
    await executions.record(second);
    await executions.restore(copy);
    assertEquals(await executions.load(first.id), first);
    await assertRejects(() => executions.load(second.id), NotFoundError);
    await assertRejects(() => other.load(second.id), NotFoundError);
    await other.record(second);
    assertEquals((await executions.load(second.id)).id, second.id);
    assertEquals((await executions.check({ full: true })).ok, true);
    const names = [...Deno.readDirSync(root)].map(({ name }) => name).sort();
    assertEquals(names.filter((name) => !name.startsWith("goflow.db-")), ["copy.db", "goflow.db"]);
  },
);

Deno.test("giveName() does not take the place of a file that came meanwhile", async () => {
  const root = await Deno.makeTempDir();
  const [partial, copy] = [join(root, "partial"), join(root, "copy")];
  await Deno.writeTextFile(partial, "mine");
  await Deno.writeTextFile(copy, "of another");
  const give = () => giveName(partial, copy, "backup", "Cannot back up");
  assertThrows(give, AlreadyExistsError, `Cannot back up: there is a file "${copy}"`);
  assertEquals(await Deno.readTextFile(copy), "of another");
  await Deno.remove(copy);
  give();
  assertEquals([...Deno.readDirSync(root)].map(({ name }) => name), ["copy"]);
  assertEquals(await Deno.readTextFile(copy), "mine");
  await Deno.remove(root, { recursive: true });
});

testBackends(
  "SQLiteExecutionRepository.restore() refuses a bad copy and keeps the content",
  async ({ root, open }) => {
    using executions = await open();
    const run = sampleRun();
    await executions.record(run);
    const copy = join(root, "copy.db");
    await executions.backup(copy);
    const whole = await Deno.readFile(copy);
    const refused = async (content: Uint8Array, code: string) => {
      const path = join(root, `bad-${code}.db`);
      await Deno.writeFile(path, content);
      const error = await assertRejects(() => executions.restore(path), DatabaseError);
      assertEquals(error.code, code);
      assertEquals(await executions.load(run.id), run);
    };
    await refused(new TextEncoder().encode("no database at all\n".repeat(50)), "not-a-database");
    await refused(whole.slice(0, whole.length >> 1), "corrupt");
    await assertRejects(() => executions.restore(join(root, "absent.db")), DatabaseError);
  },
);

testBackends(
  "SQLiteExecutionRepository.restore() says how to bring back a copy whose pages have another size",
  async ({ root, open, backend }) => {
    const [copy, saved] = [join(root, "copy.db"), join(root, "saved.db")];
    using executions = await open();
    await executions.record(sampleRun({ id: "a" }));
    await executions.backup(copy);
    await rawSql(copy, "PRAGMA journal_mode = delete", "PRAGMA page_size = 8192", "VACUUM");
    await executions.record(sampleRun({ id: "b" }));
    await assertRejects(() => executions.restore(copy), DatabaseError, "8192 bytes");
    assertEquals((await executions.load("b")).status, "completed");
    await SQLiteExecutionRepository.salvage(copy, saved, backend);
    await executions.restore(saved);
    await assertRejects(() => executions.load("b"), NotFoundError);
    assertEquals((await executions.statistics()).runs.count, 1);
  },
  { only: { journalMode: "wal" } },
);

testBackends(
  "SQLiteExecutionRepository.restore() migrates a copy of an older version",
  async ({ root, open }) => {
    const copy = join(root, "old.db");
    await makeGoDatabase(
      copy,
      `INSERT INTO executions (id, workflow_id, workflow_version, status, started_at)
      VALUES ('old', 'orders', '1.0', 'completed', '2026-01-01 00:00:00 -0800 PST')`,
    );
    using executions = await open();
    await executions.record(sampleRun());
    await executions.restore(copy);
    assertEquals((await executions.list({ total: "exact" })).total?.count, 1);
    assertEquals((await executions.info()).schemaVersion, MIGRATIONS.length);
    assertEquals((await executions.statistics()).runs.count, 1);
  },
);

testBackends(
  "SQLiteExecutionRepository.restore() tells those who watch, and forgets what was cached",
  async ({ root, open }) => {
    const [copy, old] = [join(root, "copy.db"), join(root, "old.db")];
    await makeGoDatabase(old);
    const run = sampleRun();
    {
      using executions = await open();
      await executions.record(sampleRun());
      await executions.backup(copy);
      for (let i = 0; i < 5; i++) await executions.record(sampleRun());
      await executions.record(run);
    }
    using executions = await open({ cacheSize: 4 });
    await executions.load(run.id);
    const watching = executions.watch({ interval: 5 }).next();
    const error = assertRejects(() => watching, ConflictError, "the feed");
    await new Promise((resolve) => setTimeout(resolve, 20));
    await executions.restore(copy);
    await error;
    for (const after of [1, 3, 6]) {
      await assertRejects(() => executions.watch({ after }).next(), ConflictError, "read the runs");
    }
    const next = executions.watch({ interval: 5 }).next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await executions.record(run);
    assertEquals((await next).value?.executionId, run.id);
    await executions.load(run.id);
    await executions.restore(old);
    await assertRejects(() => executions.load(run.id), NotFoundError);
  },
);

testBackends(
  "SQLiteExecutionRepository.restore() tells those who watch, also when it is cut off behind the copying",
  async ({ root, open }) => {
    const copy = join(root, "copy.db");
    let after = 0;
    {
      using executions = await open();
      await executions.record(sampleRun());
      await executions.backup(copy);
      for (let i = 0; i < 3; i++) await executions.record(sampleRun());
      for await (const { sequence } of executions.watch({ after: 0 })) {
        after = sequence;
        if (after === 4) break;
      }
      const { replaceBy } = Connection.prototype;
      Connection.prototype.replaceBy = async function (...args) {
        await replaceBy.apply(this, args);
        throw new Error("cut off");
      };
      try {
        await assertRejects(() => executions.restore(copy), Error, "cut off");
      } finally {
        Connection.prototype.replaceBy = replaceBy;
      }
    }
    using executions = await open();
    assertEquals((await executions.list()).executions.length, 1);
    for (let i = 0; i < 6; i++) await executions.record(sampleRun());
    await assertRejects(() => executions.watch({ after }).next(), ConflictError);
  },
);

testBackends(
  "SQLiteExecutionRepository.restore() tells those who watch, whatever the feed of the copy",
  async ({ root, open }) => {
    const [copy, old] = [join(root, "copy.db"), join(root, "old.db")];
    await makeGoDatabase(old);
    using executions = await open();
    using other = await open();
    const record = async (store: SQLiteExecutionRepository, runs: number) => {
      for (let i = 0; i < runs; i++) await store.save(sampleRun({ nodes: 0 }));
    };
    await record(executions, 20);
    await executions.backup(copy);
    // What another writes when the restoring has begun lies behind the old feed too.
    const restoring = executions.restore(copy);
    await record(other, 3);
    await restoring;
    for (const after of [20, 21, 23]) {
      await assertRejects(() => other.watch({ after }).next(), ConflictError, "read the runs");
    }

    let seen = false;
    const watching = async () => {
      for await (const _ of executions.watch({ interval: 5 })) seen = true;
    };
    const error = assertRejects(watching, ConflictError, "the feed");
    while (!seen) await record(executions, 1);
    // The copy has no feed, so that numbers would begin anew.
    await executions.restore(old);
    await error;
    const { value: deleted } = await executions.watch({ after: 0 }).next();
    assertEquals(deleted?.kind, "deleted");
    await record(executions, 3);
    await assertRejects(() => other.watch({ after: 2 }).next(), ConflictError, "read the runs");
  },
  { only: { journalMode: "wal" } },
);

testBackends(
  "SQLiteExecutionRepository.restore() tells those who watch, however much is written while it waits",
  async ({ root, path, open }) => {
    const copy = join(root, "copy.db");
    using executions = await open();
    await executions.record(sampleRun());
    await executions.backup(copy);
    const others = 50_000;
    const { replaceBy } = Connection.prototype;
    Connection.prototype.replaceBy = async function (...args) {
      await rawSql(path, `INSERT INTO changes VALUES (${others}, 'updated', 'a')`);
      await replaceBy.apply(this, args);
    };
    try {
      await executions.restore(copy);
    } finally {
      Connection.prototype.replaceBy = replaceBy;
    }
    await rawSql(
      path,
      "INSERT INTO changes SELECT max(sequence) + 60000, 'updated', 'a' FROM changes",
    );
    for (const after of [1, others - 1, others]) {
      await assertRejects(() => executions.watch({ after }).next(), ConflictError, "read the runs");
    }
  },
  { only: { driver: "builtin", journalMode: "wal" } },
);

testBackends(
  "SQLiteExecutionRepository.restore() of what was restored before moves the feed by steps of one size",
  async ({ root, path, open }) => {
    using executions = await open();
    for (let i = 0; i < 3; i++) await executions.record(sampleRun());
    const newest: number[] = [];
    for (let i = 0; i < 4; i++) {
      const copy = join(root, `copy${i}.db`);
      await executions.backup(copy);
      await executions.restore(copy);
      const rows = await rawSql(path, "SELECT max(sequence) AS newest FROM changes");
      newest.push((rows as { newest: number }[])[0]!.newest);
    }
    const steps = newest.slice(1).map((to, i) => to - newest[i]!);
    assertEquals(new Set(steps).size, 1, `${newest}`);
  },
  { only: { driver: "builtin", journalMode: "wal" } },
);

testBackends(
  "SQLiteExecutionRepository.backup() ends while another process writes without a pause",
  async ({ root, open, backend }) => {
    using executions = await open();
    for (let i = 0; i < 20; i++) {
      const run = sampleRun();
      run.returnValue = "x".repeat(1_000_000);
      await executions.record(run);
    }
    const child = denoCommand(new URL("child.ts", import.meta.url), {
      flags: ["-A"],
      args: ["recordForever", JSON.stringify({ root, ...backend, durability: "normal" })],
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await executions.backup(join(root, "copy.db"));
    child.kill("SIGKILL");
    await reader.cancel();
    await child.stderr.cancel();
    await child.status;
    using copy = await open({ path: join(root, "copy.db") });
    assert((await copy.check({ full: true })).ok);
  },
);

testBackends(
  "SQLiteExecutionRepository.restore() gives up in time when another process holds a lock",
  async ({ root, path, open }) => {
    using executions = await open({ timeout: 100 });
    const copy = join(root, "copy.db");
    await executions.record(sampleRun({ id: "a" }));
    await executions.backup(copy);
    await executions.delete("a");
    {
      await using _holder = await holdLock(path);
      const error = await assertRejects(() => executions.restore(copy), DatabaseError);
      assertEquals(error.code, "busy");
      await assertRejects(() => executions.load("a"), NotFoundError);
    }
    await executions.restore(copy);
    assertEquals((await executions.load("a")).id, "a");
  },
);

testBackends(
  "SQLiteExecutionRepository.check() finds and repairs what Go leaves behind",
  async ({ path, open }) => {
    {
      using executions = await open();
      await executions.record(sampleRun({ id: "gone" }));
      await executions.record(sampleRun({ id: "here" }));
    }
    await rawSql(path, "DELETE FROM executions WHERE id = 'gone'", "SELECT 1");
    using executions = await open();
    const found = await executions.check();
    assertEquals(found, {
      ok: false,
      damage: [],
      orphans: { node_executions: 2, variable_snapshots: 1 },
      repaired: 0,
    });
    const repaired = await executions.check({ repair: true });
    assertEquals([repaired.ok, repaired.repaired], [true, 3]);
    assertEquals((await executions.check({ full: true })).orphans, {});
    assertEquals((await executions.load("here")).nodeExecutions.length, 2);
  },
);

testBackends(
  "SQLiteExecutionRepository.restore() tells whether the content that it brought can shrink",
  async ({ root, path, open }) => {
    const other = join(root, "other.db");
    await rawSql(other, "CREATE TABLE t (c)", "DROP TABLE t");
    {
      using executions = await open({ path: other });
      assertEquals((await executions.info()).incrementalVacuum, false);
      for (let i = 0; i < 100; i++) await executions.record(sampleRun());
      await executions.backup(join(root, "copy.db"));
    }
    using executions = await open();
    assertEquals((await executions.info()).incrementalVacuum, true);
    await executions.restore(join(root, "copy.db"));
    assertEquals((await executions.info()).incrementalVacuum, false);
    await executions.prune({ rules: [{ maxCount: 1 }] });
    await executions.checkpoint();
    const before = Deno.statSync(path).size;
    await executions.compact();
    assert(Deno.statSync(path).size < before);
  },
);

testBackends(
  "SQLiteExecutionRepository.check() repairs beside a run without an id, and says what it cannot",
  async ({ path, open }) => {
    const run = "(id, workflow_id, workflow_version, status, started_at) VALUES";
    const node = "(id, execution_id, node_id, node_type, status, started_at) VALUES";
    await makeGoDatabase(
      path,
      `INSERT INTO executions ${run} (NULL, 'orders', '1', 'pending', '2026-01-01 00:00:00')`,
      `INSERT INTO node_executions ${node} ('n', 'gone', 'n', 't', 'failed', '2026-01-01 00:00:00')`,
      "CREATE TABLE notes (execution_id TEXT REFERENCES executions (id))",
    );
    using executions = await open();
    const { ok, repaired } = await executions.check({ repair: true });
    assertEquals([ok, repaired], [true, 1]);
    assertEquals((await executions.check()).orphans, {});
    executions.close();
    await rawSql(path, "INSERT INTO notes VALUES ('gone')", "SELECT 1");
    using again = await open();
    const result = await again.check({ repair: true });
    assertEquals([result.ok, result.orphans, result.repaired], [false, { notes: 1 }, 0]);
  },
  { only: { journalMode: "wal" } },
);

testBackends("SQLiteExecutionRepository.check() finds damage", async ({ path, open }) => {
  {
    using executions = await open();
    for (let i = 0; i < 200; i++) await executions.record(sampleRun());
  }
  const content = await Deno.readFile(path);
  const middle = (content.length >> 13) * 4096;
  content.fill(0x5a, middle, middle + 4096);
  await Deno.writeFile(path, content);
  using executions = await open();
  const { ok, damage } = await executions.check({ full: true });
  assert(!ok && damage.length > 0);
});

testBackends(
  "SQLiteExecutionRepository.check() rebuilds an index that does not fit its table",
  async ({ path, open }) => {
    {
      using executions = await open();
      await executions.record(sampleRun({ id: "a" }));
    }
    const name = "idx_executions_workflow_instant";
    const [{ rootpage }] = await rawSql(
      path,
      `SELECT rootpage FROM sqlite_master WHERE name = '${name}'`,
    ) as [{ rootpage: number }];
    const content = await Deno.readFile(path);
    const page = content.subarray((rootpage - 1) * 4096, rootpage * 4096);
    // The entry of the run in the index says "orderz".
    const at = new TextDecoder("latin1").decode(page).indexOf("orders");
    page[at + 5] = 0x7a;
    await Deno.writeFile(path, content);
    using executions = await open();
    assertEquals((await executions.list({ workflowId: "orders" })).executions.length, 0);
    const { ok, damage } = await executions.check({ full: true });
    assert(!ok && damage.some((one) => one.includes(name)), damage.join());
    assertEquals((await executions.check({ full: true, repair: true })).ok, true);
    assertEquals((await executions.check({ full: true })).damage, []);
    assertEquals((await executions.list({ workflowId: "orders" })).executions.length, 1);
  },
);
