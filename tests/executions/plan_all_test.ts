import { assert } from "@std/assert";
import { openDriver } from "../../src/executions/builtin.ts";
import { FollowedRun, newestChange, readChanges } from "../../src/executions/changes.ts";
import { Connection } from "../../src/executions/connection.ts";
import { readLabels } from "../../src/executions/labels.ts";
import { listAbandoned, readLease } from "../../src/executions/leases.ts";
import { listAll, listPage } from "../../src/executions/list.ts";
import { nodeOrder, readNodes, readRunRows } from "../../src/executions/load.ts";
import { MIGRATIONS } from "../../src/executions/migrations.ts";
import { PruneScan } from "../../src/executions/retention.ts";
import { readStoredRun } from "../../src/executions/stored_run.ts";
import { hasUncounted, readStatistics } from "../../src/executions/statistics.ts";
import { withRoot } from "./backends.ts";

/** Everything that reads, as the repository calls it. */
const READS: Record<string, (connection: Connection) => void> = {
  load: (connection) => void readRunRows(connection, "a"),
  iterateNodeExecutions: (connection) => {
    nodeOrder(connection, "a");
    readNodes(connection, [1]);
  },
  list: (connection) => {
    const filters = [{ label: "a" }, { errorType: "b" }, { minDuration: 1, maxDuration: 2 }];
    for (const filter of filters) listPage(connection, filter, {});
    listPage(connection, { statuses: ["failed", "running"] }, { total: "capped" });
  },
  listByWorkflow: (connection) => void listAll(connection, { workflowId: "a" }),
  listByStatus: (connection) => void listAll(connection, { statuses: ["failed"] }),
  watch: (connection) => {
    newestChange(connection);
    readChanges(connection, 1);
  },
  follow: (connection) => void new FollowedRun("a").read(connection),
  leases: (connection) => {
    readLease(connection, "a");
    listAbandoned(connection, 1);
  },
  labels: (connection) => void readLabels(connection, "a"),
  export: (connection) => void readStoredRun(connection, "a"),
  prune: (connection) => {
    const rules = [{ maxAge: 1 }, { maxCount: 1, workflowId: "a" }, {
      maxBytes: 1,
      status: "failed" as const,
    }];
    const scan = new PruneScan(connection, { rules, keepLast: 2, keepLabels: ["a"] }, 1e12, false);
    while (scan.next(10) !== undefined);
  },
  statistics: (connection) => {
    hasUncounted(connection);
    readStatistics(connection, {});
    readStatistics(connection, { workflowId: "a", by: "day" });
  },
};

for (const [name, read] of Object.entries(READS)) {
  Deno.test(`no statement of ${name} scans the runs without an index or sorts them`, () =>
    withRoot((root) => {
      Deno.writeFileSync(`${root}/goflow.db`, new Uint8Array());
      const driver = openDriver(`${root}/goflow.db`);
      for (const { sql } of MIGRATIONS) driver.exec(sql);
      // A run that is not pruned, so that every statement is reached.
      driver.exec(`INSERT INTO executions (id, workflow_id, workflow_version, status, started_at)
        VALUES ('a', 'a', '1', 'completed', '2026-01-01 00:00:00')`);
      const statements: string[] = [];
      const connection = new Connection(
        {
          ...driver,
          get inTransaction() {
            return driver.inTransaction;
          },
          prepare: (sql) => {
            statements.push(sql);
            return driver.prepare(sql);
          },
        },
        {
          path: `${root}/goflow.db`,
          driver: "builtin",
          driverReason: "",
          sqliteVersion: driver.sqliteVersion,
          journalMode: "delete",
          journalReason: "",
          durability: "full",
          schemaVersion: MIGRATIONS.length,
          latestSchemaVersion: MIGRATIONS.length,
          readOnly: false,
          incrementalVacuum: true,
          unfinished: [],
        },
        1000,
        () => {},
      );
      read(connection);
      assert(statements.length > 0);
      for (const sql of statements) {
        if (sql.startsWith("PRAGMA")) continue;
        const count = driver.prepare(sql);
        assert(count !== undefined);
        const parameters = [...sql.matchAll(/\?/g)].map(() => 1);
        const steps = driver.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters)
          .map((row) => String(row[3]));
        const context = `${sql}\n${steps.join("\n")}`;
        // The roll-ups are few, and grouped anew for each question.
        const rollUps = /FROM[^;]*(run|node)_statistics/.test(sql);
        assert(rollUps || !steps.some((step) => step.includes("USE TEMP B-TREE")), context);
        assert(
          !steps.some((step) =>
            /^SCAN (executions|node_executions|variable_snapshots)(?! USING)/.test(step)
          ),
          context,
        );
      }
      connection.close();
    }));
}
