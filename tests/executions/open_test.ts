import { assert, assertEquals, assertRejects } from "@std/assert";
import { join, relative } from "@std/path";
import { DatabaseError, InvalidDataError } from "../../src/domain/errors.ts";
import { Execution } from "../../src/domain/execution.ts";
import { chooseJournal, hasWalResetDefect } from "../../src/executions/driver_choice.ts";
import type { SQLiteOptions } from "../../src/executions/options.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { runCode } from "../helpers/child.ts";
import { ffiMissing, rawSql, testBackends, withRoot } from "./backends.ts";

testBackends(
  "SQLiteExecutionRepository.open() sets up a new file",
  async ({ root, path, backend }) => {
    {
      using executions = await SQLiteExecutionRepository.open({ root, ...backend });
      const info = await executions.info();
      assertEquals(info.path, path);
      assertEquals(info.driver, backend.driver);
      assertEquals(info.driverReason, "the option asks for it");
      assertEquals(info.journalMode, backend.journalMode);
      assertEquals(info.schemaVersion, info.latestSchemaVersion);
      assertEquals([info.incrementalVacuum, info.readOnly, info.durability], [true, false, "full"]);
      assert(/^3\.\d+\.\d+$/.test(info.sqliteVersion));
    }
    assertEquals([...Deno.readDirSync(root)].map(({ name }) => name), ["goflow.db"]);
    const [vacuum] = await rawSql(path, "PRAGMA auto_vacuum");
    assertEquals(vacuum, { auto_vacuum: 2 });
    if (Deno.build.os !== "windows") {
      assertEquals(Deno.statSync(path).mode! & 0o777, 0o644 & ~Deno.umask());
    }
  },
);

testBackends(
  "SQLiteExecutionRepository.open() creates folders and takes a file mode",
  async ({ root, backend }) => {
    const path = join(root, "a", "b", "runs.db");
    {
      using _executions = await SQLiteExecutionRepository.open({
        path,
        fileMode: 0o600,
        ...backend,
      });
    }
    if (Deno.build.os !== "windows") assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
  },
);

testBackends(
  "SQLiteExecutionRepository.open() refuses what is not its database",
  async ({ path, open }) => {
    const refused = async (code: string, text: string) => {
      const before = await Deno.readFile(path);
      const error = await assertRejects(() => open(), DatabaseError, text);
      assertEquals(error.code, code);
      assertEquals(await Deno.readFile(path), before);
      await Deno.remove(path);
    };
    await Deno.writeTextFile(path, "this is a text file, not a database\n".repeat(100));
    await refused("not-a-database", "not a database");
    await Deno.mkdir(path);
    const error = await assertRejects(() => open(), DatabaseError, "folder");
    assertEquals(error.code, "not-a-database");
    await Deno.remove(path);
    await rawSql(path, "CREATE TABLE notes (id)", "SELECT 1");
    await refused("not-a-database", "belongs to another program");
    await rawSql(path, "CREATE TABLE migrations (name)", "SELECT 1");
    await refused("not-a-database", "belongs to another program");
    await rawSql(
      path,
      "CREATE TABLE migrations (id INTEGER PRIMARY KEY, version INTEGER)",
      "CREATE TABLE executions (id)",
      "SELECT 1",
    );
    await refused("corrupt", "not made to the end");
  },
);

testBackends(
  "SQLiteExecutionRepository.open() refuses a truncated file",
  async ({ path, open }) => {
    {
      using executions = await open();
      for (let i = 0; i < 20; i++) await executions.save(Execution.create("orders", "1.0"));
    }
    const whole = await Deno.readFile(path);
    for (const size of [whole.length / 2, 5000, 100]) {
      await Deno.writeFile(path, whole.slice(0, size));
      const error = await assertRejects(() => open(), DatabaseError);
      assertEquals(error.code, "corrupt");
      assertEquals((await Deno.stat(path)).size, Math.floor(size));
    }
  },
);

testBackends(
  "SQLiteExecutionRepository.open() refuses a wrong history of migrations",
  async ({ path, open }) => {
    (await open()).close();
    const refused = async (code: string, text: string) => {
      const error = await assertRejects(() => open(), DatabaseError, text);
      assertEquals(error.code, code);
    };
    await rawSql(path, "INSERT INTO migrations (version) VALUES (99)", "SELECT 1");
    await refused("newer-schema", "schema version is 99");
    await rawSql(path, "DELETE FROM migrations WHERE version IN (1, 99)", "SELECT 1");
    await refused("corrupt", "migrations were applied as 2");
    await rawSql(path, "INSERT INTO migrations (version) VALUES (1)", "SELECT 1");
    await refused("corrupt", "wanted is 1, 2");
  },
);

testBackends(
  "SQLiteExecutionRepository reads and reports columns that cannot be read",
  async ({ path, open }) => {
    const run = Execution.create("orders", "1.0", { a: 1 });
    {
      using executions = await open();
      await executions.record(run);
    }
    await rawSql(
      path,
      `UPDATE executions SET started_at = 'soon', status = 'odd', error_type = 'x',
      error_context = '[1]', return_value = '{"half'`,
      `UPDATE variable_snapshots SET new_value = 'nope'`,
      `INSERT INTO node_executions (id, execution_id, node_id, node_type, status, started_at, inputs)
      VALUES ('n', '${run.id}', 'one', 'mcp_tool', 'completed', '2026-01-01 00:00:00', x'7b7d7d')`,
      "SELECT 1",
    );
    {
      using executions = await open();
      const loaded = await executions.load(run.id);
      assertEquals(loaded.invalidColumns?.map(({ column, text }) => [column, text]), [
        ["status", "odd"],
        ["started_at", "soon"],
        ["error_context", "[1]"],
        ["return_value", '{"half'],
      ]);
      for (const { error } of loaded.invalidColumns!) assert(error instanceof InvalidDataError);
      assertEquals(String(loaded.status), "odd");
      assertEquals(loaded.startedAt.getTime(), NaN);
      assertEquals(loaded.returnValue, undefined);
      assertEquals(loaded.nodeExecutions[0]?.invalidColumns?.[0]?.text, "{}}");
      assertEquals(loaded.variableSnapshots[0]?.invalidColumns?.[0]?.column, "new_value");
      assertEquals((await executions.list()).executions[0]?.invalidColumns?.length, 4);

      await executions.record(loaded);
      assertEquals((await executions.load(run.id)).invalidColumns?.length, 4);
      loaded.returnValue = { whole: true };
      await executions.save(loaded);
      const again = await executions.load(run.id);
      assertEquals(again.invalidColumns?.map(({ column }) => column), [
        "status",
        "started_at",
        "error_context",
      ]);
      assertEquals(again.returnValue, { whole: true });
    }
  },
);

Deno.test({
  name: "SQLiteExecutionRepository.open() refuses a second driver on the same file in one process",
  ignore: ffiMissing !== undefined,
  fn: () =>
    withRoot(async (root) => {
      const link = join(root, "link.db");
      {
        using _first = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
        using _second = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
        await Deno.symlink(join(root, "goflow.db"), link);
        await Deno.link(join(root, "goflow.db"), join(root, "hard.db"));
        await Deno.symlink(root, join(root, "folder"));
        const ways = [
          join(root, "goflow.db"),
          link,
          join(root, "hard.db"),
          join(root, "folder", "goflow.db"),
          relative(Deno.cwd(), join(root, "goflow.db")),
        ];
        for (const path of ways) {
          const error = await assertRejects(
            () => SQLiteExecutionRepository.open({ path, driver: "ffi", journalMode: "wal" }),
            DatabaseError,
            'with the driver "builtin"',
          );
          assertEquals(error.code, "io");
        }
      }
      using _later = await SQLiteExecutionRepository.open({
        path: link,
        driver: "ffi",
        journalMode: "wal",
      });
    }),
});

Deno.test("SQLiteExecutionRepository.open() refuses wrong options", () =>
  withRoot(async (root) => {
    const wrong = [
      { driver: "sqlite" },
      { journalMode: "off" },
      { durability: "none" },
      { migrate: "now" },
      { timeout: -1 },
      ...[NaN, -1, 0.5, 1e9, "0644"].map((fileMode) => ({ fileMode })),
    ] as unknown as SQLiteOptions[];
    for (const options of wrong) {
      await assertRejects(
        () => SQLiteExecutionRepository.open({ root, ...options }),
        InvalidDataError,
        `"${Object.keys(options)[0]}"`,
      );
    }
  }));

Deno.test("hasWalResetDefect() knows the affected versions", () => {
  const affected = ["3.7.0", "3.40.1", "3.44.5", "3.46.0", "3.50.6", "3.51.2", "2.8.17"];
  const sound = ["3.6.23", "3.44.6", "3.50.7", "3.51.3", "3.52.0", "3.53.2", "4.0.0"];
  assertEquals(affected.filter((version) => !hasWalResetDefect(version)), []);
  assertEquals(sound.filter(hasWalResetDefect), []);
  assertEquals(hasWalResetDefect("unknown"), true);
});

Deno.test("chooseJournal() keeps an affected library away from WAL mode", () => {
  const choose = (
    wanted: "wal" | "delete" | undefined,
    current: string,
    isNew: boolean,
    version: string,
  ) => chooseJournal(wanted, current, isNew, version, "Cannot open").mode;
  assertEquals(choose(undefined, "delete", true, "3.53.2"), "wal");
  assertEquals(choose(undefined, "delete", false, "3.53.2"), "wal");
  assertEquals(choose(undefined, "delete", true, "3.40.1"), "delete");
  assertEquals(choose(undefined, "delete", false, "3.40.1"), "delete");
  assertEquals(choose("wal", "wal", false, "3.40.1"), "wal");
  assertEquals(choose("delete", "wal", false, "3.40.1"), "delete");
  let code = "";
  try {
    choose(undefined, "wal", false, "3.40.1");
  } catch (error) {
    code = error instanceof DatabaseError ? error.code : "";
  }
  assertEquals(code, "io");
});

const SCRIPT = `
import { SQLiteExecutionRepository } from "./src/executions/repository.ts";
import { Execution } from "./src/domain/execution.ts";
const [root, driver] = Deno.args;
try {
  using executions = await SQLiteExecutionRepository.open({ root, driver });
  await executions.record(Execution.create("orders", "1.0", { a: 1 }));
  const info = await executions.info();
  console.log((await executions.list()).executions.length, info.driver, info.driverReason);
} catch (error) {
  console.log(error.name, error.flag ?? error.code ?? error.message);
}`;

Deno.test("SQLiteExecutionRepository chooses the built-in driver without FFI permission", () =>
  withRoot(async (root) => {
    const flags = [`--allow-read=${root}`, `--allow-write=${root}`];
    const { stdout } = await runCode(SCRIPT, { flags, args: [root, "auto"] });
    assertEquals(stdout.trim(), "1 builtin FFI would need ffi permission");
  }));
