import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import type { SqlValue } from "../../src/executions/driver.ts";
import type { Filter } from "../../src/executions/filter.ts";
import { countQuery, pageQuery } from "../../src/executions/list_query.ts";
import { NODE_EXECUTIONS_SQL, SNAPSHOTS_SQL } from "../../src/executions/load.ts";
import { MIGRATIONS } from "../../src/executions/migrations.ts";
import { EXECUTION_TABLE } from "../../src/executions/written_execution.ts";

function emptyDatabase(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  for (const { sql } of MIGRATIONS) database.exec(sql);
  return database;
}

function plan(database: DatabaseSync, sql: string, params: SqlValue[]): string[] {
  return database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...params)
    .map((row) => String(row["detail"]));
}

const FILTERS: Filter[] = [
  {},
  { workflowId: "a" },
  { statuses: ["failed"] },
  { statuses: ["failed", "running", "completed"] },
  { workflowId: "a", statuses: ["failed", "running"] },
  { workflowId: "a", statuses: ["failed"] },
  { nameSearch: "a" },
  { nameSearch: "a", statuses: ["failed", "running"] },
];

Deno.test("pageQuery() walks along an index and never sorts", () => {
  using database = emptyDatabase();
  const cursors = [
    undefined,
    ...(["older", "newer"] as const).map((direction) => ({
      direction,
      instant: 1n,
      place: "1",
    })),
  ];
  for (const filter of FILTERS) {
    for (const range of [{}, { from: 1n }, { before: 2n }, { from: 1n, before: 2n }]) {
      for (const cursor of cursors) {
        const full = { ...filter, ...range };
        const { sql, params } = pageQuery(full, cursor, 51, MIGRATIONS.length);
        const steps = plan(database, sql, params);
        const context = `${JSON.stringify(filter)} ${steps.join(" | ")}`;
        assert(!steps.some((step) => step.includes("TEMP B-TREE")), context);
        assert(steps.some((step) => /(SCAN|SEARCH) executions USING INDEX/.test(step)), context);
        const isBounded = cursor !== undefined || Object.keys(range).length > 0 ||
          filter.workflowId !== undefined || filter.statuses !== undefined;
        assertEquals(steps.some((step) => step.startsWith("SCAN executions")), !isBounded, context);
      }
    }
  }
});

Deno.test("countQuery() with a cap reads an index alone", () => {
  using database = emptyDatabase();
  for (const filter of FILTERS) {
    const { sql, params } = countQuery(filter, 1001, MIGRATIONS.length);
    const steps = plan(database, sql, params);
    const covered = filter.nameSearch === undefined || filter.statuses === undefined;
    assertEquals(steps.some((step) => step.includes("COVERING INDEX")), covered, steps.join(" | "));
    assert(!steps.some((step) => step.includes("TEMP B-TREE")), steps.join(" | "));
  }
});

Deno.test("the statements of load() search by key", () => {
  using database = emptyDatabase();
  for (const sql of [EXECUTION_TABLE.selectSql, NODE_EXECUTIONS_SQL, SNAPSHOTS_SQL]) {
    const steps = plan(database, sql, ["a"]);
    assert(steps.every((step) => step.startsWith("SEARCH")), steps.join(" | "));
  }
});
