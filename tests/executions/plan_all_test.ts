import { assert, assertEquals } from "@std/assert";
import { Connection } from "../../src/executions/connection.ts";
import { chooseDriver } from "../../src/executions/driver_choice.ts";
import type { ExecutionQuery } from "../../src/domain/execution_repository.ts";
import type { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { testBackends } from "./backends.ts";
import { sampleRun } from "./sample_runs.ts";

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1) + minutes * 60_000);

/** Filters that an index serves, none and with a value, in all combinations. */
const INDEXED: { [K in keyof ExecutionQuery]: ExecutionQuery[K][] } = {
  workflowId: ["orders"],
  status: ["failed", ["failed", "running", "completed"]],
  startedAfter: [at(20)],
  startedBefore: [at(280)],
};

/** Filters that are checked run by run: each with all of those, and all together. */
const OTHERS: ExecutionQuery = {
  nameSearch: "o",
  label: "eu",
  errorType: "quota",
  minDuration: 1,
  maxDuration: 1e9,
};

function queries(): ExecutionQuery[] {
  let all: ExecutionQuery[] = [{}];
  for (const [name, values] of Object.entries(INDEXED)) {
    all = all.flatMap((query) => [query, ...values.map((value) => ({ ...query, [name]: value }))]);
  }
  const others = Object.entries(OTHERS).map(([name, value]) => ({ [name]: value }));
  return [{}, ...others, OTHERS].flatMap((other) => all.map((query) => ({ ...query, ...other })));
}

async function fill(executions: SQLiteExecutionRepository): Promise<void> {
  for (let i = 0; i < 300; i++) {
    await executions.record(sampleRun({
      id: `r${i}`,
      workflowId: i % 3 ? "orders" : "notes",
      status: i % 50 === 1 ? "running" : i % 7 ? "completed" : "failed",
      errorType: i % 2 ? "quota" : "timeout",
      startedAt: at(i),
      nodes: 1 + i % 3,
    }));
    if (i % 10 === 0) await executions.addLabels(`r${i}`, "eu");
  }
  await executions.lease("r1", "engine", 1);
  await executions.lease("r51", "engine");
}

/** Everything that reads runs, and what prunes them. */
const READS: Record<string, (executions: SQLiteExecutionRepository) => Promise<void>> = {
  async list(executions) {
    for (const query of queries()) {
      const first = await executions.list({ ...query, limit: 1, total: "capped" });
      if (first.nextCursor === undefined) continue;
      const second = await executions.list({ ...query, limit: 1, cursor: first.nextCursor });
      const cursor = second.previousCursor!;
      assertEquals((await executions.list({ ...query, limit: 1, cursor })).executions.length, 1);
    }
  },
  async iterate(executions) {
    for await (const _ of executions.iterate({ status: ["failed", "completed"], limit: 7 }));
  },
  async listByWorkflow(executions) {
    await executions.listByWorkflow("orders");
    await executions.listByStatus("failed");
    await executions.workflowRevisions("orders");
  },
  async load(executions) {
    await executions.load("r5");
    await executions.load("r5", { nodeExecutions: "none" });
    await executions.variablesAt("r5", at(1));
    for await (const _ of executions.iterateNodeExecutions("r5"));
  },
  async monitoring(executions) {
    await executions.watch({ after: 5 }).next();
    await executions.watch({ signal: AbortSignal.timeout(20) }).next();
    for await (const _ of executions.follow("r5"));
    assertEquals((await executions.listAbandoned()).length, 1);
    await executions.getLease("r1");
    await executions.getLabels("r10");
  },
  async export(executions) {
    for (const query of [{}, { status: ["failed", "running"], label: "eu" }] as const) {
      for await (const _ of executions.export(query));
    }
    await executions.storedIds(["r1", "absent"]);
  },
  async statistics(executions) {
    for (const by of ["hour", "day", "week"] as const) {
      for (const workflowId of [undefined, "orders"]) {
        for (const percentiles of [true, false]) {
          const scope = workflowId === undefined ? {} : { workflowId };
          await executions.statistics({ by, percentiles, ...scope });
          await executions.statistics({ by, percentiles, ...scope, from: at(10), to: at(1000) });
        }
      }
    }
  },
  async prune(executions) {
    const limits = [{ maxAge: 1 }, { maxCount: 250 }, { maxBytes: 10_000 }];
    const scopes = [{}, { workflowId: "notes" }, { status: "failed" }, {
      workflowId: "notes",
      status: ["failed", "cancelled"],
    }] as const;
    for (const keepLabels of [true, ["eu", "release"]] as const) {
      for (const scope of scopes) {
        for (const limit of limits) {
          const rules = [{ ...scope, ...limit }];
          await executions.planPrune({ rules, keepLast: 280, keepLabels });
        }
      }
      await executions.prune({ rules: [{ maxCount: 200 }], keepLabels }, { batchSize: 20 });
    }
  },
  async write(executions) {
    const run = sampleRun({ nodes: 25 });
    await executions.record(run);
    await executions.record(run);
    await executions.save(run);
    await executions.saveNodeExecution(run.nodeExecutions[0]!);
    await executions.claim("r1", "other");
    await executions.releaseLease("r1", "other");
    await executions.removeLabels("r10", "eu");
    await executions.deleteNodeExecution(run.nodeExecutions[0]!.id);
    await executions.delete(run.id);
  },
};

/** Records the statements that are compiled while a function runs. */
async function statementsOf(run: () => Promise<void>): Promise<Set<string>> {
  const recorded = new Set<string>();
  const { statement } = Connection.prototype;
  Connection.prototype.statement = function (sql) {
    recorded.add(sql);
    return statement.call(this, sql);
  };
  try {
    await run();
  } finally {
    Connection.prototype.statement = statement;
  }
  return recorded;
}

/** What is small and may be read whole, or is grouped anew for each question. */
const SMALL = /^(SCAN|SEARCH) (operations|uncounted|u|run_spans|workflows|run|\(subquery-\d+\))\b/;
const LARGE = /^SCAN (executions|node_executions|variable_snapshots|labels|leases|changes|e|n)\b/;

/** Checks the plan of a statement. */
function checkPlan(sql: string, steps: string[]): void {
  const context = `${sql}\n${steps.join("\n")}`;
  const isRollUp = /(run|node)_statistics/.test(sql);
  // The revisions of a workflow are few.
  const isSorted = steps.some((step) =>
    step.includes("USE TEMP B-TREE") && !sql.startsWith("SELECT DISTINCT workflow_revision")
  );
  assert(isRollUp || !isSorted, context);
  for (const step of steps) {
    if (SMALL.test(step) || !LARGE.test(step)) continue;
    // Along the index of the page under a limit, or a count of the index alone.
    const isPage = /^SCAN executions USING INDEX idx_executions_instant$/.test(step) ||
      /^SCAN executions USING COVERING INDEX/.test(step);
    assert(isPage && /LIMIT \?|count\(\*\)/.test(sql), context);
  }
}

for (const analysed of [false, true]) {
  testBackends(
    `SQLiteExecutionRepository never sorts and scans an index under a limit alone${
      analysed ? ", also when SQLite knows the data" : ""
    }`,
    async ({ path, open, backend }) => {
      const { openDriver } = await chooseDriver(backend.driver, "Cannot explain");
      {
        using executions = await open();
        await fill(executions);
      }
      const explain = openDriver(path);
      try {
        if (analysed) explain.exec("ANALYZE");
      } finally {
        explain.close();
      }
      for (const [name, read] of Object.entries(READS)) {
        let statements: Set<string>;
        {
          using executions = await open();
          statements = await statementsOf(() => read(executions));
        }
        const driver = openDriver(path);
        try {
          assert(statements.size > 2, name);
          for (const sql of statements) {
            if (/^(PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)/.test(sql)) continue;
            const parameters = [...sql.matchAll(/\?/g)].map(() => 1);
            const rows = driver.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
            checkPlan(sql, rows.map((row) => String(row[3])));
          }
        } finally {
          driver.close();
        }
      }
    },
    { only: { journalMode: "delete" } },
  );
}
