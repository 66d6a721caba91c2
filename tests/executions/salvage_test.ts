import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { AlreadyExistsError, DatabaseError } from "../../src/domain/errors.ts";
import { withWorkFolder } from "../../src/executions/database_files.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { codeUrl, denoCommand } from "../helpers/child.ts";
import { withRoot } from "../helpers/temp_folder.ts";
import { makeGoDatabase, rawSql, testBackends } from "./backends.ts";
import { sampleRun } from "./sample_runs.ts";

testBackends(
  "SQLiteExecutionRepository.salvage() saves what is readable",
  async ({ root, path, open, backend }) => {
    {
      using executions = await open();
      for (let i = 0; i < 100; i++) await executions.record(sampleRun({ id: `r${i}` }));
    }
    const [{ rootpage }] = await rawSql(
      path,
      "SELECT max(pageno) AS rootpage FROM dbstat WHERE name = 'node_executions' AND pagetype = 'leaf'",
    ).catch(() => [{ rootpage: 20 }]) as [{ rootpage: number }];
    const content = await Deno.readFile(path);
    content.fill(0x5a, (rootpage - 1) * 4096, rootpage * 4096);
    await Deno.writeFile(path, content);
    const target = join(root, "a new folder", "saved.db");
    const result = await SQLiteExecutionRepository.salvage(path, target, backend);
    const copied = Object.values(result.copied).reduce((sum, count) => sum + count, 0);
    // One page of node executions is gone, and nothing else.
    assert(copied > 370, JSON.stringify(result));
    assert(result.damage.length > 0);
    assertEquals(await Deno.readFile(path), content);
    using saved = await open({ path: target });
    assertEquals((await saved.check({ full: true, repair: true })).damage, []);
    assertEquals((await saved.list({ total: "exact" })).total!.count, 100);
    await assertRejects(
      () => SQLiteExecutionRepository.salvage(path, target, backend),
      AlreadyExistsError,
    );
  },
  { only: { journalMode: "delete" } },
);

testBackends(
  "SQLiteExecutionRepository.salvage() clears what a killed one left, and nothing of a living one",
  async ({ root, path, open, backend }) => {
    await recordRuns(await open());
    const target = join(root, "saved.db");
    const beside = () => [...Deno.readDirSync(root)].map(({ name }) => name).filter(isBeside);
    const isBeside = (name: string) => name.startsWith("saved.db.");
    // Who opens a pipe that nobody writes to waits for ever.
    const pipe = join(root, "pipe");
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    const salvage = codeUrl(`
      import { SQLiteExecutionRepository } from "./src/executions/repository.ts";
      await SQLiteExecutionRepository.salvage(Deno.args[0], Deno.args[1], { driver: "builtin" });
    `);
    const child = denoCommand(salvage, { flags: ["-A"], args: [pipe, target] }).spawn();
    const isWaiting = () =>
      beside().some((name) => [...Deno.readDirSync(join(root, name))].length > 1);
    while (!isWaiting()) await new Promise((resolve) => setTimeout(resolve, 5));
    const living = beside();

    await SQLiteExecutionRepository.salvage(path, target, backend);
    assertEquals(beside(), living);
    await Deno.remove(target);
    child.kill("SIGKILL");
    await child.output();

    await SQLiteExecutionRepository.salvage(path, target, backend);
    assertEquals(beside(), []);
    using saved = await open({ path: target });
    assertEquals((await saved.list({ total: "exact" })).total!.count, 300);
  },
  {
    only: { driver: "builtin", journalMode: "delete" },
    skip: Deno.build.os === "windows" ? "no named pipes in folders" : undefined,
  },
);

Deno.test("withWorkFolder() leaves the folder alone that another process is just making", () =>
  withRoot(async (root) => {
    const path = join(root, "saved.db");
    const [making, dead] = ["1", "2"].map((name) => `${path}.${name}.work.tmp`);
    await Deno.mkdir(making!);
    await Deno.mkdir(dead!);
    await Deno.writeTextFile(join(dead!, "lock"), "");
    await withWorkFolder(path, "Cannot salvage", async (folder) => {
      const found = [...Deno.readDirSync(root)].map(({ name }) => join(root, name));
      assertEquals(found.sort(), [folder, making].sort());
      // Nor does another one take the folder of this one.
      await withWorkFolder(path, "Cannot salvage", async () => {});
      assert((await Deno.stat(folder)).isDirectory);
    });
  }));

testBackends(
  "SQLiteExecutionRepository.salvage() reads on behind several places that are damaged",
  async ({ root, path, open, backend }) => {
    await recordRuns(await open());
    // The root of the table stays, so that each leaf is found.
    const pages = await leaves(path, "executions");
    const damaged = [0, 3, pages.length - 1].map((i) => pages[i]!);
    await changePages(path, damaged, (page) => page.fill(0x5a));
    const target = join(root, "saved.db");
    const { copied, damage } = await SQLiteExecutionRepository.salvage(path, target, backend);
    assertEquals(damage.length, 3, damage.join("\n"));
    const perPage = 300 / pages.length;
    assert(copied["executions"]! > 300 - 4.5 * perPage, `${copied["executions"]} of 300`);
    assertEquals(copied["variable_snapshots"], 300);
  },
  { only: { journalMode: "delete" } },
);

testBackends(
  "SQLiteExecutionRepository.salvage() ends where the rows of a damaged page lead back",
  async ({ root, path, open, backend }) => {
    await recordRuns(await open());
    // What is left of each cell is the row 0; the last row of the first hundred is one.
    const pages = await leaves(path, "executions");
    const middle = Math.floor(pages.length / 3);
    await changePages(path, pages.slice(middle - 1, middle + 2), (page) => page.fill(0, 150));
    const target = join(root, "saved.db");
    const { copied, damage } = await SQLiteExecutionRepository.salvage(path, target, backend);
    assert(damage.length > 0);
    const perPage = 300 / pages.length;
    assert(copied["executions"]! > 300 - 4.5 * perPage, `${copied["executions"]} of 300`);
  },
  { only: { journalMode: "delete" } },
);

testBackends(
  "SQLiteExecutionRepository.salvage() saves the runs where the schema is damaged",
  async ({ root, path, open, backend }) => {
    {
      using executions = await open();
      await executions.record(sampleRun({ id: "a", nodes: 2 }));
    }
    const content = await Deno.readFile(path);
    const at = new TextDecoder("latin1").decode(content).indexOf("TRIGGER queue_inserted_run");
    content[at] = 0xff;
    await Deno.writeFile(path, content);
    const target = join(root, "saved.db");
    const { copied, damage } = await SQLiteExecutionRepository.salvage(path, target, backend);
    assertEquals([copied["executions"], copied["node_executions"]], [1, 2]);
    assertEquals(damage.length, 1, damage.join("\n"));
    using saved = await open({ path: target });
    assertEquals((await saved.statistics()).runs.count, 1);
  },
  { only: { journalMode: "delete" } },
);

testBackends(
  "SQLiteExecutionRepository.salvage() saves the runs where statistics or labels are damaged",
  async ({ root, path, open, backend }) => {
    {
      using executions = await open();
      await executions.record(sampleRun({ id: "a" }));
      await executions.addLabels("a", "eu");
    }
    // Damage may leave values that the tables themselves would refuse.
    await rawSql(
      path,
      "PRAGMA legacy_alter_table = ON",
      "CREATE TABLE other (execution_id TEXT, label TEXT)",
      "DROP TABLE uncounted",
      "ALTER TABLE other RENAME TO uncounted",
      "INSERT INTO uncounted (execution_id) VALUES ('a'), (NULL)",
      "CREATE TABLE other (execution_id TEXT, label TEXT)",
      "INSERT INTO other VALUES ('a', 'eu'), ('a', NULL), ('a', 'eu')",
      "DROP TABLE labels",
      "ALTER TABLE other RENAME TO labels",
      "SELECT 1",
    );
    const target = join(root, "saved.db");
    const { copied, damage } = await SQLiteExecutionRepository.salvage(path, target, backend);
    assertEquals([copied["executions"], copied["labels"]], [1, 1]);
    assertEquals(damage.length, 2, damage.join("\n"));
    using saved = await open({ path: target });
    assertEquals((await saved.statistics()).runs.count, 1);
    assertEquals(await saved.getLabels("a"), ["eu"]);
  },
  { only: { journalMode: "delete" } },
);

testBackends(
  "SQLiteExecutionRepository.salvage() saves a run of which a long text is damaged, without the text",
  async ({ root, path, open, backend }) => {
    {
      using executions = await open();
      for (const id of ["a", "b", "c"]) {
        const run = sampleRun({ id, nodes: 1 });
        if (id === "b") run.returnValue = "x".repeat(20_000);
        await executions.record(run);
      }
    }
    const content = await Deno.readFile(path);
    // The second page that holds nothing but text behind the number of the next one.
    const pages = Array.from({ length: content.length / 4096 }, (_, i) => i + 1)
      .filter((page) => content.subarray(page * 4096 - 4092, page * 4096).every((b) => b === 0x78));
    await changePages(path, pages.slice(1, 2), (page) => page.fill(0x5a));
    const target = join(root, "saved.db");
    const { copied, damage } = await SQLiteExecutionRepository.salvage(path, target, backend);
    assertEquals([copied["executions"], copied["node_executions"]], [3, 3]);
    assertEquals(damage.length, 1, damage.join("\n"));
    assert(damage[0]!.includes("lacks return_value"), damage[0]);
    using saved = await open({ path: target });
    const { status, returnValue, nodeExecutions } = await saved.load("b");
    assertEquals([status, returnValue, nodeExecutions.length], ["completed", undefined, 1]);
    assert((await saved.check({ full: true })).ok);
  },
  { only: { journalMode: "delete" } },
);

testBackends(
  "SQLiteExecutionRepository.salvage() saves a database that was cut off within a long text",
  async ({ root, path, open, backend }) => {
    await recordRuns(await open());
    {
      using executions = await open();
      const run = await executions.load("r150");
      run.returnValue = "x".repeat(200_000);
      await executions.save(run);
    }
    const content = await Deno.readFile(path);
    const at = new TextDecoder("latin1").decode(content).lastIndexOf("x".repeat(4000));
    await Deno.writeFile(path, content.subarray(0, Math.floor(at / 4096) * 4096 - 8192 + 1000));
    const target = join(root, "saved.db");
    const { copied, damage } = await SQLiteExecutionRepository.salvage(path, target, backend);
    assert(copied["executions"]! > 200, damage.join("\n"));
    assert(damage.some((text) => text.includes("lacks return_value")), damage.join("\n"));
  },
  { only: { journalMode: "delete" } },
);

testBackends(
  "SQLiteExecutionRepository.salvage() loses only what a page took the place of, and says so",
  async ({ root, path, open, backend }) => {
    await recordRuns(await open());
    const pages = await leaves(path, "executions");
    const snapshots = await leaves(path, "variable_snapshots");
    const content = await Deno.readFile(path);
    const salvage = async (wrong: number) => {
      const page = content.slice((wrong - 1) * 4096, wrong * 4096);
      await Deno.writeFile(path, content);
      await changePages(path, [pages[2]!], (old) => old.set(page));
      const target = join(root, `saved${wrong}.db`);
      const { damage } = await SQLiteExecutionRepository.salvage(path, target, backend);
      using saved = await open({ path: target });
      const { executions } = await saved.list({ limit: 1000 });
      const ids = new Set(executions.map(({ id }) => id));
      const lost = Array.from({ length: 300 }, (_, i) => `r${i}`).filter((id) => !ids.has(id));
      assert(lost.length > 0 && lost.length < 2 * 300 / pages.length, `${lost}`);
      const told = `${lost.length} rows of the table "executions" are lost`;
      assert(damage.some((text) => text.startsWith(told)), `${lost}: ${damage.join("\n")}`);
      return { damage, others: executions.length - 300 + lost.length };
    };
    assertEquals((await salvage(pages[5]!)).damage.length, 1);
    const { damage, others } = await salvage(snapshots[0]!);
    if (others > 0) assert(damage.some((text) => text.startsWith(`${others} rows were copied`)));
    // Without the index of the ids another one tells.
    const [{ rootpage }] = await rawSql(
      path,
      "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_executions_1'",
    ) as [{ rootpage: number }];
    content.fill(0x5a, (rootpage - 1) * 4096, rootpage * 4096);
    await salvage(pages[6]!);
  },
  { only: { journalMode: "delete" } },
);

testBackends(
  "SQLiteExecutionRepository.salvage() reads a database whose header is damaged",
  async ({ root, path, open, backend }) => {
    await recordRuns(await open());
    const content = await Deno.readFile(path);
    for (const [i, [from, to]] of ([[0, 16], [0, 100], [16, 18], [56, 60]] as const).entries()) {
      await Deno.writeFile(path, content);
      await changePages(path, [1], (page) => page.fill(2, from, to));
      const target = join(root, `saved${i}.db`);
      const { copied, damage } = await SQLiteExecutionRepository.salvage(path, target, backend);
      assertEquals([copied["executions"], copied["variable_snapshots"]], [300, 300]);
      assertEquals(damage, ["the header of the file was damaged and is replaced"]);
    }
  },
  { only: { journalMode: "delete" } },
);

testBackends(
  "SQLiteExecutionRepository.salvage() says which tables are missing",
  async ({ root, path, open, backend }) => {
    {
      using executions = await open();
      await executions.record(sampleRun({ id: "a" }));
    }
    await rawSql(path, "DROP TABLE node_executions", "DROP TABLE labels", "SELECT 1");
    const target = join(root, "saved.db");
    const { copied, damage } = await SQLiteExecutionRepository.salvage(path, target, backend);
    assertEquals(copied["executions"], 1);
    assertEquals(
      damage,
      ["node_executions", "labels"].map((name) => `the table "${name}" is missing`),
    );
    const old = join(root, "go.db");
    await makeGoDatabase(old);
    const saved = await SQLiteExecutionRepository.salvage(old, join(root, "go2.db"), backend);
    assertEquals(saved.damage, []);
  },
  { only: { journalMode: "delete" } },
);

testBackends(
  "SQLiteExecutionRepository.salvage() says how many transactions a damaged log lost",
  async ({ root, path, open, backend }) => {
    using executions = await open();
    // Long enough for the checksums of the log never to look the same.
    const idOf = (i: number) => `run number ${i}`;
    for (let i = 0; i < 10; i++) await executions.record(sampleRun({ id: idOf(i), nodes: 0 }));
    // As after a crash. They are copied by another process: this one would drop its locks.
    const [damaged, log] = [join(root, "damaged.db"), join(root, "damaged.db-wal")];
    const copy =
      'const [a, b] = Deno.args; for (const s of ["", "-wal"]) Deno.copyFileSync(a + s, b + s)';
    const args = ["eval", copy, path, damaged];
    const { success } = await new Deno.Command(Deno.execPath(), { args }).output();
    assert(success);
    const content = await Deno.readFile(log);
    const salvage = async (name: string, log_: Uint8Array) => {
      await Deno.writeFile(log, log_);
      const target = join(root, name);
      return await SQLiteExecutionRepository.salvage(damaged, target, backend);
    };
    assertEquals((await salvage("whole.db", content)).damage, []);
    // The last transaction was never acknowledged.
    const torn = await salvage("torn.db", content.subarray(0, content.length - 100));
    assertEquals([torn.copied["executions"], torn.damage], [9, []]);
    const half = content.slice();
    const at = new TextDecoder("latin1").decode(content).indexOf(idOf(5));
    half[at]! ^= 0xff;
    const { copied, damage } = await salvage("half.db", half);
    const lost = 10 - copied["executions"]!;
    assert(lost > 0);
    assertEquals(damage.length, 1, damage.join("\n"));
    assert(damage[0]!.startsWith(`${lost} transactions of the write-ahead log`), damage[0]);
  },
  { only: { journalMode: "wal" } },
);

/** Leaf pages of a table in the order of its rows: those that start with the byte 13 and have its cells. */
async function leaves(path: string, table: string): Promise<number[]> {
  const [{ rootpage }] = await rawSql(
    path,
    `SELECT rootpage FROM sqlite_master WHERE name = '${table}'`,
  ) as [{ rootpage: number }];
  const content = await Deno.readFile(path);
  const page = new DataView(content.buffer, (rootpage - 1) * 4096, 4096);
  assertEquals(page.getUint8(0), 5, "the root is an interior page");
  const cells = Array.from(
    { length: page.getUint16(3) },
    (_, i) => page.getUint32(page.getUint16(12 + 2 * i)),
  );
  return [...cells, page.getUint32(8)];
}

testBackends(
  "SQLiteExecutionRepository.salvage() keeps revisions, labels, leases and statistics of what is gone",
  async ({ root, path, open, backend }) => {
    {
      using executions = await open();
      const run = sampleRun({ id: "a" });
      run.workflowRevision = "rev1";
      await executions.record(run);
      await executions.addLabels("a", "eu");
      await executions.record(sampleRun({ id: "b", status: "running" }));
      await executions.lease("b", "engine");
      await executions.record(sampleRun({ id: "pruned" }));
      await executions.delete("pruned");
    }
    const before = await Deno.readFile(path);
    const target = join(root, "saved.db");
    const { damage } = await SQLiteExecutionRepository.salvage(path, target, backend);
    assertEquals(damage, []);
    assertEquals(await Deno.readFile(path), before);
    using saved = await open({ path: target });
    assertEquals((await saved.load("a")).workflowRevision, "rev1");
    assertEquals(await saved.getLabels("a"), ["eu"]);
    assertEquals((await saved.getLease("b"))?.owner, "engine");
    assertEquals((await saved.statistics()).runs.count, 2);
    assertEquals((await saved.statistics()).nodes.types, { transform: 4 });
  },
);

testBackends(
  "SQLiteExecutionRepository.salvage() leaves nothing behind when there is nothing to save",
  async ({ root, path, open, backend }) => {
    const target = join(root, "saved.db");
    const refused = async (damaged: string, code: string) => {
      const error = await assertRejects(
        () => SQLiteExecutionRepository.salvage(damaged, target, backend),
        DatabaseError,
      );
      assertEquals(error.code, code, error.message);
    };
    await Deno.writeTextFile(join(root, "text.db"), "no database\n".repeat(1000));
    await refused(join(root, "text.db"), "not-a-database");
    await refused(join(root, "absent.db"), "io");
    await rawSql(join(root, "other.db"), "CREATE TABLE notes (text)", "SELECT 1");
    await refused(join(root, "other.db"), "not-a-database");
    assertEquals(
      [...Deno.readDirSync(root)].map(({ name }) => name).sort(),
      ["other.db", "text.db"],
    );
    using executions = await open();
    await executions.record(sampleRun());
    await refused(path, "busy");
  },
);

/** Records 300 runs without nodes, of which one is recorded and the others copied, and closes the store. */
async function recordRuns(store: SQLiteExecutionRepository): Promise<void> {
  const { path } = await store.info();
  {
    using executions = store;
    await executions.record(sampleRun({ id: "r0", nodes: 0 }));
  }
  const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 299)";
  const copy = (table: string, id: string, columns: string) =>
    `${numbers} INSERT INTO ${table} (${id}, ${columns}) SELECT 'r' || i, ${columns} ` +
    `FROM n CROSS JOIN ${table} WHERE ${id} = 'r0'`;
  await rawSql(
    path,
    copy(
      "executions",
      "id",
      "workflow_id, workflow_version, status, started_at, completed_at, created_at",
    ),
    copy("variable_snapshots", "execution_id", "variable_name, new_value, timestamp"),
    "SELECT 1",
  );
}

/** Changes pages of a file, which are numbered from 1. */
async function changePages(
  path: string,
  pages: readonly number[],
  change: (page: Uint8Array) => void,
): Promise<void> {
  const content = await Deno.readFile(path);
  for (const page of pages) change(content.subarray((page - 1) * 4096, page * 4096));
  await Deno.writeFile(path, content);
}
