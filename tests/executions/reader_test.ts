import { assert, assertEquals, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { DatabaseError } from "../../src/domain/errors.ts";
import { MIGRATIONS } from "../../src/executions/migrations.ts";
import { openReader } from "../../src/executions/reader.ts";
import { hasWalResetDefect } from "../../src/executions/driver_choice.ts";
import { type Fixture, rawSql, testBackends } from "./backends.ts";
import { holdLock } from "./lock_holder.ts";
import { sampleRun } from "./sample_runs.ts";

/** Opens a database that needs no change. */
async function read({ path, backend }: Fixture) {
  const reader = await openReader(path, backend.driver);
  assert(reader !== undefined);
  return reader;
}

/** Whether the library may not touch a file in WAL mode. */
async function isRefused({ backend, open }: Fixture): Promise<boolean> {
  using executions = await open();
  const { sqliteVersion } = await executions.info();
  return backend.journalMode === "wal" && hasWalResetDefect(sqliteVersion);
}

testBackends("openReader() lists what the store lists, while others write", async (fixture) => {
  const queries = [{}, { limit: 2 }, { status: "failed" as const, total: "exact" as const }];
  {
    using executions = await fixture.open();
    for (let i = 0; i < 6; i++) {
      await executions.record(sampleRun({ status: i % 2 === 0 ? "failed" : "completed" }));
    }
    const pages = await Promise.all(queries.map((query) => executions.list(query)));
    assertEquals(pages.map((page) => page.executions.length), [6, 2, 3]);
    if (!await isRefused(fixture)) {
      await using _lock = await holdLock(fixture.path);
      using reader = await read(fixture);
      assertEquals(await Promise.all(queries.map((query) => reader.list(query))), pages);
      const { nextCursor = "" } = pages[1]!;
      assertEquals(
        await reader.list({ limit: 2, cursor: nextCursor }),
        await executions.list({ limit: 2, cursor: nextCursor }),
      );
    }
  }
  const [mode] = await rawSql(fixture.path, "PRAGMA journal_mode");
  assertEquals(mode, { journal_mode: fixture.backend.journalMode });
});

testBackends("openReader() leaves a file of an older schema to the store", async ({
  path,
  backend,
}) => {
  for (const { version } of [{ version: 0 }, ...MIGRATIONS.slice(0, -1)]) {
    {
      using database = new DatabaseSync(path);
      database.exec("PRAGMA journal_mode = delete");
      for (const step of MIGRATIONS.slice(0, version)) {
        database.exec(step.sql);
        database.exec(`INSERT INTO migrations (version) VALUES (${step.version})`);
      }
    }
    const before = await Deno.readFile(path);
    assertEquals(await openReader(path, backend.driver), undefined, `version ${version}`);
    assertEquals(await Deno.readFile(path), before);
    await Deno.remove(path);
  }
});

testBackends("openReader() refuses what is not such a database", async (fixture) => {
  const { path, backend } = fixture;
  const refused = async (code: string, text: string) => {
    const error = await assertRejects(() => openReader(path, backend.driver), DatabaseError, text);
    assertEquals(error.code, code);
  };
  if (await isRefused(fixture)) await refused("io", "the file is in WAL mode");
  await rawSql(path, "INSERT INTO migrations (version) VALUES (99)", "SELECT 1");
  await refused("newer-schema", "schema version is 99");
  await Deno.writeTextFile(path, "this is a text file, not a database\n".repeat(100));
  await refused("not-a-database", "not a database");
  await Deno.remove(path);
  await Deno.mkdir(path);
  await refused("not-a-database", "the path is that of a folder");
});
