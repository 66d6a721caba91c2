import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { QueryResult } from "../../src/postgres/driver.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { withRoot } from "../executions/backends.ts";
import { sampleRun } from "../executions/sample_runs.ts";
import { openFaulty, rawPostgres, testPostgres } from "./databases.ts";

testPostgres(
  "a run that is pinned while prune() looks for it stays",
  (fixture) =>
    withRoot(async (root) => {
      const { schema } = fixture;
      const database = await fixture.open();
      const other = PostgresExecutionRepository.over(database);
      // Who reads runs then waits for this lock, after the snapshot and before the rows.
      const key = `hashtextextended('runs of ${schema}', 0)`;
      const pinWhileBlocked = async (id: string, run: () => Promise<QueryResult>) => {
        let result: Promise<QueryResult> | undefined;
        await database.transaction("Cannot test", async ({ query }) => {
          await query(`SELECT pg_advisory_xact_lock(${key})`);
          result = run();
          const blocked = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
          while ((await query(blocked)).count === 0);
          await other.pin(id);
        });
        return await result!;
      };
      let pinned: string | undefined;
      const pruning = await openFaulty(fixture, {
        query: (sql, run) => {
          if (pinned === undefined || !sql.includes("SKIP LOCKED")) return run();
          const id = pinned;
          pinned = undefined;
          return pinWhileBlocked(id, run);
        },
      });
      const runs = ["deleted", "archived"].map((workflowId) =>
        sampleRun({ workflowId, startedAt: new Date(0) })
      );
      for (const run of runs) await other.record(run);
      await rawPostgres(`ALTER TABLE "${schema}".executions RENAME TO slow_executions;
        CREATE VIEW "${schema}".executions AS SELECT * FROM "${schema}".slow_executions
          WHERE pg_advisory_xact_lock_shared(${key}) IS NOT NULL`);
      for (const { id, workflowId } of runs) {
        pinned = id;
        await PostgresExecutionRepository.over(pruning).prune(
          { rules: [{ maxAge: 1, workflowId }], keepLastSuccess: false },
          workflowId === "archived" ? { archive: join(root, "archive.ndjson") } : {},
        );
        assertEquals(pinned, undefined);
        assertEquals((await other.storedIds([id])).size, 1, workflowId);
      }
      await pruning.close();
    }),
);

testPostgres(
  "prune() archives large runs a few at a time",
  ({ url, schema }) =>
    withRoot(async (root) => {
      await using executions = await PostgresExecutionRepository.open(url, { schema });
      for (let i = 0; i < 5; i++) {
        const run = sampleRun({ nodes: 0, startedAt: new Date(i) });
        run.returnValue = "x".repeat(3_000_000);
        await executions.record(run);
      }
      const counts: number[] = [];
      await executions.prune({ rules: [{ maxAge: 1 }], keepLastSuccess: false }, {
        archive: join(root, "archive.ndjson"),
        onProgress: ({ count }) => counts.push(count),
      });
      assertEquals(counts, [2, 4, 5]);
    }),
);
