import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { ExecutionStatus } from "../../src/domain/execution.ts";
import { fixturesMissing, rawSql, testBackends } from "./backends.ts";

/** Puts a copy of the database that Go wrote in place. */
async function copyGoDatabase(path: string): Promise<void> {
  const source = join(Deno.env.get("GOFLOW_FIXTURES")!, "go-home", "goflow.db");
  await Deno.writeFile(path, await Deno.readFile(source));
}

const TIMES = "SELECT id, started_at, completed_at, created_at FROM executions ORDER BY id";
const NODES = "SELECT * FROM node_executions ORDER BY id";
const skip = fixturesMissing;

for (const migrate of ["auto", "never"] as const) {
  testBackends(
    `SQLiteExecutionRepository reads all that Go wrote, by instant across zones, migrate "${migrate}"`,
    async ({ path, open }) => {
      await copyGoDatabase(path);
      using executions = await open({ migrate });
      assertEquals((await executions.info()).schemaVersion === 1, migrate === "never");
      const { executions: all, total } = await executions.list({ limit: 1000, total: "exact" });
      assertEquals(total?.count, 24);
      // Go wrote them one after the other in UTC, Los Angeles and India.
      const zones = all.toReversed().map(({ workflowId }) => workflowId.split("-")[0]);
      assertEquals(
        zones,
        [..."u".repeat(12), ..."l".repeat(8 - 2), ..."i".repeat(6)].map((z) =>
          z === "u" ? "utc" : z === "l" ? "la" : "in"
        ),
      );
      const times = all.map(({ startedAt }) => startedAt.getTime());
      assertEquals(times, times.toSorted((a, b) => b - a));
      assertEquals(all.filter(({ invalidColumns }) => invalidColumns).length, 0);

      const failed = await executions.load("269bd67c-dd38-4487-ad93-9b54ff4a5314");
      assertEquals(failed.status, "failed");
      assertEquals(failed.startedAt.toISOString(), "2026-11-23T19:56:42.834Z");
      assertEquals(failed.error, {
        type: "execution",
        message: `node failed: 'quoted' "double"`,
        nodeId: "node_1",
        context: { code: 503, tool: "get" },
      });
      assertEquals(failed.nodeExecutions.map(({ nodeId }) => nodeId), [
        "node_0",
        "node_1",
        "node_2",
      ]);
      const [first, second, third] = failed.nodeExecutions;
      assertEquals(first?.inputs, {
        big: 9007199254740993n,
        html: "<a href='x'>&</a>",
        n: 0,
        nested: { list: [1, 2, 3] },
      });
      assertEquals(first?.outputs, { ok: true, text: "line\nbreak\ttab \u2028 end" });
      assertEquals(second?.retryCount, 1);
      assertEquals(third?.startedAt, undefined);

      const page = await executions.list({
        status: ["failed", "completed"],
        startedAfter: new Date("2026-11-23T19:56:42.800Z"),
        nameSearch: "IN-",
        limit: 2,
      });
      assertEquals(page.executions.map(({ workflowId }) => workflowId), ["in-0", "in-2"]);
    },
    { skip },
  );

  testBackends(
    `SQLiteExecutionRepository keeps what Go wrote when it is saved unchanged, migrate "${migrate}"`,
    async ({ path, open }) => {
      await copyGoDatabase(path);
      const before = [await rawSql(path, TIMES), await rawSql(path, NODES)];
      {
        using executions = await open({ migrate });
        const { executions: all } = await executions.list({ limit: 1000 });
        for (const { id } of all) await executions.record(await executions.load(id));
      }
      assertEquals([await rawSql(path, TIMES), await rawSql(path, NODES)], before);
    },
    { skip },
  );
}

testBackends(
  "SQLiteExecutionRepository.save() changes only the times that changed",
  async ({ path, open }) => {
    await copyGoDatabase(path);
    const id = "a43a9321-eb92-4b79-9855-25571f66dc44";
    const status: ExecutionStatus = "running";
    {
      using executions = await open();
      const run = await executions.load(id);
      assertEquals(run.status, status);
      run.complete({ total: 1 });
      run.completedAt = new Date("2026-12-01T00:00:00Z");
      await executions.save(run);
    }
    const [row] = await rawSql(
      path,
      `SELECT started_at, completed_at FROM executions WHERE id = '${id}'`,
    );
    assertEquals({ ...row as object }, {
      started_at: "2026-11-23 11:56:42.788824993 -0800 PST m=+0.004673655",
      completed_at: "2026-12-01 00:00:00.000+00:00",
    });
  },
  { skip },
);

testBackends(
  "SQLiteExecutionRepository opens a file with orphans that Go left",
  async ({ path, open }) => {
    await copyGoDatabase(path);
    {
      using executions = await open();
      assertEquals((await executions.info()).schemaVersion > 1, true);
    }
    const orphans = await rawSql(path, "PRAGMA foreign_key_check");
    assert(orphans.length === 3);
  },
  { skip },
);
