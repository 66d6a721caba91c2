import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { join } from "@std/path";
import { DatabaseError } from "../../src/domain/errors.ts";
import { Execution } from "../../src/domain/execution.ts";
import { openDriver } from "../../src/executions/builtin.ts";
import { MIGRATIONS } from "../../src/executions/migrations.ts";
import { migrate } from "../../src/executions/migrator.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { readVersion } from "../../src/executions/schema_version.ts";
import { MIGRATIONS as POSTGRES_MIGRATIONS } from "../../src/postgres/migrations.ts";
import { realInputs, testNeeding } from "../helpers/skip.ts";
import { rawSql, testBackends, withRoot } from "./backends.ts";

/** What versions were before later ones took over a part of them. */
const FORMER = new Map(
  [5, 7, 8].map((version) => [
    version,
    Deno.readTextFileSync(new URL(`../fixtures/schema-${version}.sql`, import.meta.url)),
  ]),
);

/** Makes a database of an older version, as an older module or Go would. */
function makeVersion(path: string, version: number): void {
  using database = new DatabaseSync(path);
  for (const step of MIGRATIONS.slice(0, version)) {
    database.exec(FORMER.get(step.version) ?? step.sql);
    database.exec(`INSERT INTO migrations (version) VALUES (${step.version})`);
  }
}

/** Tables and indexes, as SQLite holds them, without their white space. */
async function schemaOf(path: string): Promise<string[]> {
  const rows = await rawSql(path, "SELECT type, name, sql FROM sqlite_master ORDER BY type, name");
  return rows.map((row) => JSON.stringify(row).replaceAll(/(\\[nt]|\s)+/g, ""));
}

/** FNV-1a of statements without their layout, as databases hold it. */
function checksumOf(sql: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(sql.replaceAll(/\s+/g, " ").trim())) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

Deno.test("no migration that was published changed", () => {
  for (const { version, sql, checksum } of MIGRATIONS) {
    assertEquals(checksum, checksumOf(FORMER.get(version) ?? sql), `version ${version}`);
  }
  for (const { version, sql, checksum } of POSTGRES_MIGRATIONS) {
    assertEquals(checksum, checksumOf(sql), `version ${version} on PostgreSQL`);
  }
});

for (const version of FORMER.keys()) {
  testBackends(
    `SQLiteExecutionRepository keeps what version ${version} of the schema counted`,
    async ({ path, open, backend }) => {
      makeVersion(path, version);
      {
        using database = new DatabaseSync(path);
        for (let i = 0; i < 150; i++) {
          database.exec(
            `INSERT INTO executions (id, workflow_id, workflow_version, status, started_at, completed_at)
          VALUES ('${i}', 'w${i % 2}', '1', '${i % 3 === 0 ? "failed" : "completed"}',
            '2026-01-0${1 + i % 4} 00:00:00.000+00:00', '2026-01-0${1 + i % 4} 00:00:0${
              i % 10
            }.000+00:00')`,
          );
          database.exec(
            `INSERT INTO node_executions (id, execution_id, node_id, node_type, status, started_at,
            completed_at, retry_count) VALUES ('n${i}', '${i}', 'read', 'mcp_tool', 'completed',
            '2026-01-01 00:00:00.000+00:00', '2026-01-01 00:00:01.000+00:00', 1)`,
          );
        }
        database.exec("DELETE FROM executions WHERE CAST(id AS INTEGER) < 75");
      }
      const saved = `${path}-saved.db`;
      await SQLiteExecutionRepository.salvage(path, saved, backend);
      for (const file of [path, saved]) {
        using executions = await open({ path: file });
        const { runs, workflows, buckets, nodes } = await executions.statistics({ by: "day" });
        assertEquals(
          [runs.count, runs.byStatus.failed, runs.duration?.min, runs.duration?.max],
          [150, 50, 0, 9000],
        );
        assertEquals(runs.duration?.mean, 4500);
        assertEquals(workflows.map(({ count }) => count), [75, 75]);
        assertEquals(buckets.map(({ count }) => count), [38, 38, 37, 37]);
        assertEquals([nodes.types.mcp_tool, nodes.retries], [150, 150]);
        const tables = await rawSql(
          file,
          "SELECT name FROM sqlite_master WHERE name GLOB 'former*'",
        );
        assertEquals(tables, []);
      }
    },
  );
}

testNeeding(
  realInputs,
  "version 1 of the schema is that of Go's implementation",
  () =>
    withRoot(async (root) => {
      makeVersion(`${root}/ours.db`, 1);
      const source = join(Deno.env.get("GOFLOW_FIXTURES")!, "go-home", "goflow.db");
      await Deno.writeFile(`${root}/go.db`, await Deno.readFile(source));
      assertEquals(await schemaOf(`${root}/ours.db`), await schemaOf(`${root}/go.db`));
    }),
);

testBackends(
  "SQLiteExecutionRepository.open() brings every older version to the newest",
  async ({ path, open }) => {
    for (const { version } of MIGRATIONS) {
      makeVersion(path, version);
      await rawSql(
        path,
        `INSERT INTO executions (id, workflow_id, workflow_version, status, started_at)
        VALUES ('old', 'orders', '1.0', 'completed', '2026-01-01 00:00:00 -0800 PST')`,
        "SELECT 1",
      );
      {
        using executions = await open();
        const { schemaVersion } = await executions.info();
        assertEquals(schemaVersion, MIGRATIONS.length);
        await executions.save(Execution.create("orders", "1.0"));
        assertEquals((await executions.listByWorkflow("orders")).map(({ id }) => id).at(-1), "old");
      }
      const versions = await rawSql(path, "SELECT version FROM migrations ORDER BY id");
      assertEquals(versions.length, MIGRATIONS.length);
      await Deno.remove(path);
    }
  },
);

testBackends(
  'SQLiteExecutionRepository.open() leaves an old version alone with migrate "never"',
  async ({ path, open }) => {
    makeVersion(path, 1);
    {
      using executions = await open({ migrate: "never" });
      const run = Execution.create("orders", "1.0", { a: 1 });
      await executions.record(run);
      assertEquals(await executions.load(run.id), run);
      const page = await executions.list({
        status: ["pending", "failed"],
        nameSearch: "ord",
        total: "exact",
      });
      assertEquals(page.total?.count, 1);
      assertEquals((await executions.info()).schemaVersion, 1);
    }
    assertEquals((await rawSql(path, "SELECT version FROM migrations")).length, 1);
  },
);

Deno.test("SQLiteExecutionRepository.open() migrates once when several open an old file together", () =>
  withRoot(async (root) => {
    makeVersion(`${root}/goflow.db`, 1);
    const opened = await Promise.all(
      Array.from({ length: 8 }, () => SQLiteExecutionRepository.open({ root, driver: "builtin" })),
    );
    for (const executions of opened) executions.close();
    const versions = await rawSql(`${root}/goflow.db`, "SELECT version FROM migrations");
    assertEquals(versions.length, MIGRATIONS.length);
  }));

Deno.test("migrate() leaves the old version when a step fails or breaks a foreign key", () =>
  withRoot((root) => {
    const path = `${root}/goflow.db`;
    makeVersion(path, MIGRATIONS.length);
    const driver = openDriver(path);
    const step = (sql: string) => [
      ...MIGRATIONS,
      { version: MIGRATIONS.length + 1, checksum: checksumOf(sql), sql },
    ];
    try {
      driver.exec("PRAGMA foreign_keys = OFF");
      driver.exec(
        `INSERT INTO node_executions (id, execution_id, node_id, node_type, status, started_at)
          VALUES ('orphan of Go', 'absent', 'n', 't', 's', '')`,
      );
      assertThrows(() => migrate(driver, step("CREATE TABLE added (id); nonsense"), "Cannot open"));
      const error = assertThrows(
        () =>
          migrate(
            driver,
            step(`CREATE TABLE added (id); INSERT INTO node_executions
              SELECT 'new', 'gone', node_id, node_type, status, started_at, NULL, NULL, NULL,
                NULL, NULL, NULL, 0 FROM node_executions`),
            "Cannot open",
          ),
        DatabaseError,
        "would break a foreign key",
      );
      assertEquals(error.code, "constraint");
      assertEquals(readVersion(driver, MIGRATIONS, "Cannot open"), MIGRATIONS.length);
      assertEquals(driver.prepare("SELECT 1 FROM sqlite_master WHERE name = 'added'").all(), []);
      assert(!driver.inTransaction);
    } finally {
      driver.close();
    }
  }));
