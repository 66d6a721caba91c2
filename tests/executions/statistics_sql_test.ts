import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import type { ExecutionStatus } from "../../src/domain/execution.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { withRoot } from "./backends.ts";
import { testRepositories } from "./repositories.ts";
import { sampleRun } from "./sample_runs.ts";

const SOAK = Deno.env.get("GOFLOW_SOAK") === "1";
const FINAL = "('completed', 'failed', 'cancelled', 'timed_out')";
const RUN = "workflow_id, status, started_instant, completed_instant, error_type";
const NODE = "n.node_type, n.status, n.retry_count, n.error_type";
const NODES = `FROM node_executions AS n JOIN executions AS e ON e.id = n.execution_id
  WHERE e.status IN ${FINAL} AND n.status IN ('completed', 'failed', 'skipped')`;

/** Takes the place of a random number: a value for each question of an operation. */
type Pick = <T>(values: readonly T[]) => T;

/** Another program on the same file, which knows nothing of statistics, and remembers what it deletes. */
class PlainWriter implements Disposable {
  readonly #database: DatabaseSync;
  #ids = 0;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { enableForeignKeyConstraints: false, timeout: 5000 });
    this.#database.exec(`ATTACH ':memory:' AS gone;
      CREATE TABLE gone.runs AS SELECT ${RUN} FROM executions WHERE 0;
      CREATE TABLE gone.nodes AS SELECT ${NODE} ${NODES} AND 0;`);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  newId(): string {
    return `${this.#ids++}`;
  }

  run(sql: string, ...params: (string | number | null)[]): void {
    this.#database.prepare(sql).run(...params);
  }

  ids(table: string): string[] {
    return this.#database.prepare(`SELECT id FROM ${table} ORDER BY rowid`).all()
      .map(({ id }) => String(id));
  }

  /** Remembers runs that are about to be deleted: they stay counted. */
  keep(ids: readonly string[]): void {
    const those = "IN (SELECT value FROM json_each(?))";
    const json = JSON.stringify(ids);
    this.run(
      `INSERT INTO gone.runs SELECT ${RUN} FROM executions WHERE status IN ${FINAL} AND id ${those}`,
      json,
    );
    this.run(`INSERT INTO gone.nodes SELECT ${NODE} ${NODES} AND e.id ${those}`, json);
  }

  /** Remembers what is remembered, for a backup. */
  snapshot(): () => void {
    this.#database.exec(`DROP TABLE IF EXISTS gone.old_runs; DROP TABLE IF EXISTS gone.old_nodes;
      CREATE TABLE gone.old_runs AS SELECT * FROM gone.runs;
      CREATE TABLE gone.old_nodes AS SELECT * FROM gone.nodes;`);
    return () =>
      this.#database.exec(`DELETE FROM gone.runs; INSERT INTO gone.runs SELECT * FROM gone.old_runs;
        DELETE FROM gone.nodes; INSERT INTO gone.nodes SELECT * FROM gone.old_nodes;`);
  }

  /** Counts anew what statistics are of. */
  recount(): Record<string, unknown> {
    const runs = `(SELECT ${RUN} FROM executions WHERE status IN ${FINAL}
      UNION ALL SELECT * FROM gone.runs)`;
    const nodes = `(SELECT ${NODE} ${NODES} UNION ALL SELECT * FROM gone.nodes)`;
    const groups = (key: string, from: string) =>
      Object.fromEntries(
        this.#database.prepare(
          `SELECT ${key} AS key, count(*) AS count FROM ${from} WHERE ${key} <> '' GROUP BY 1`,
        ).all().map(({ key, count }) => [String(key), count]),
      );
    const one = (sql: string) => this.#database.prepare(`SELECT ${sql}`).get()?.["one"];
    return {
      byStatus: groups("status", runs),
      errorTypes: groups("error_type", runs),
      workflows: groups("workflow_id", runs),
      // All are after 1970 here.
      hours: groups("started_instant / 3600000000", runs),
      mean: one(`round(avg(max(0, (completed_instant - started_instant) / 1000)), 3) AS one
        FROM ${runs}`) ?? 0,
      types: groups("node_type", nodes),
      nodeErrors: groups("error_type", nodes),
      retries: one(`coalesce(sum(retry_count), 0) AS one FROM ${nodes}`),
    };
  }
}

/** What the store tells, in the form of a recount. */
async function told(executions: SQLiteExecutionRepository): Promise<Record<string, unknown>> {
  const { runs, workflows, buckets, nodes } = await executions.statistics({ by: "hour" });
  return {
    byStatus: runs.byStatus,
    errorTypes: runs.errorTypes,
    workflows: Object.fromEntries(workflows.map(({ workflowId, count }) => [workflowId, count])),
    hours: Object.fromEntries(
      buckets.map(({ start, count }) => [`${start.getTime() / 3_600_000}`, count]),
    ),
    mean: Math.round((runs.duration?.mean ?? 0) * 1000) / 1000,
    types: nodes.types,
    nodeErrors: nodes.errorTypes,
    retries: nodes.retries,
  };
}

const times = Array.from({ length: 12 }, (_, i) => {
  const iso = new Date(Date.UTC(2026, 0, 1) + i * 9_999_999).toISOString();
  const [day, clock] = [iso.slice(0, 10), iso.slice(11, 19)];
  return [
    `${day} ${clock}.125+00:00`,
    `${day} ${clock}.25 -0800 PST m=+0.01`,
    `${day} ${clock}`,
    iso,
  ][i % 4]!;
});
const values = {
  workflow_id: ["orders", "notes", "constructor"],
  status: ["completed", "failed", "cancelled", "timed_out", "running", "pending"],
  started_at: times,
  completed_at: [null, ...times],
  error_type: [null, "", "timeout", "toString"],
};
const nodeValues = {
  node_id: ["read", "write"],
  node_type: ["mcp_tool", "__proto__"],
  status: ["completed", "failed", "skipped", "running"],
  started_at: times,
  completed_at: times,
  retry_count: [0, 1, 2],
  error_type: [null, "refused"],
};
const COLUMNS = Object.keys(values) as (keyof typeof values)[];
const NODE_COLUMNS = Object.keys(nodeValues) as (keyof typeof nodeValues)[];

/** Everything that a run may come to. */
const OPERATIONS: Record<
  string,
  (store: SQLiteExecutionRepository, plain: PlainWriter, pick: Pick, root: string) => unknown
> = {
  insert(_, plain, pick, id: string = plain.newId()) {
    plain.run(
      `INSERT INTO executions (id, workflow_version, ${COLUMNS.join(", ")})
      VALUES (?, '1', ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET ${
        COLUMNS.map((one) => `${one} = excluded.${one}`).join(", ")
      }`,
      id,
      ...COLUMNS.map((column) => pick<string | null>(values[column])),
    );
  },
  upsert(store, plain, pick) {
    const ids = plain.ids("executions");
    const insert = OPERATIONS["insert"] as (...args: unknown[]) => void;
    if (ids.length > 0) insert(store, plain, pick, pick(ids));
  },
  insertMany(store, plain, pick, root) {
    plain.run("BEGIN IMMEDIATE");
    for (let i = 0; i < 40; i++) {
      OPERATIONS[pick(["insert", "insert", "node", "change"])]!(store, plain, pick, root);
    }
    plain.run(pick(["COMMIT", "COMMIT", "ROLLBACK"]));
  },
  change(_, plain, pick) {
    const ids = plain.ids("executions");
    if (ids.length === 0) return;
    const column = pick(COLUMNS);
    const value = pick<string | null>(values[column]);
    plain.run(`UPDATE executions SET ${column} = ? WHERE id = ?`, value, pick(ids));
  },
  rename(_, plain, pick) {
    const ids = plain.ids("executions");
    if (ids.length === 0) return;
    const [from, to] = [pick(ids), plain.newId()];
    plain.run("UPDATE executions SET id = ? WHERE id = ?", to, from);
    plain.run("UPDATE node_executions SET execution_id = ? WHERE execution_id = ?", to, from);
  },
  node(_, plain, pick) {
    plain.run(
      `INSERT INTO node_executions (id, execution_id, ${NODE_COLUMNS.join(", ")})
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      plain.newId(),
      // Some come before their run.
      pick([...plain.ids("executions"), plain.newId()]),
      ...NODE_COLUMNS.map((column) => pick<string | number | null>(nodeValues[column])),
    );
  },
  changeNode(_, plain, pick) {
    const ids = plain.ids("node_executions");
    if (ids.length === 0) return;
    const column = pick(NODE_COLUMNS);
    const value = pick<string | number | null>(nodeValues[column]);
    plain.run(`UPDATE node_executions SET ${column} = ? WHERE id = ?`, value, pick(ids));
  },
  remove(_, plain, pick) {
    const ids = plain.ids("executions").filter(() => pick([true, false, false]));
    plain.keep(ids);
    plain.run(`PRAGMA foreign_keys = ${pick(["ON", "OFF"])}`);
    plain.run(
      "DELETE FROM executions WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify(ids),
    );
    plain.run("PRAGMA foreign_keys = OFF");
  },
  async record(store, plain, pick) {
    const status = pick<ExecutionStatus>(["completed", "failed", "running"]);
    const id = pick([...plain.ids("executions").slice(0, 3), plain.newId()]);
    const run = sampleRun({ id, status, nodes: pick([0, 2]), startedAt: new Date(times[0]!) });
    await store.record(run);
  },
  async delete(store, plain, pick) {
    const ids = plain.ids("executions");
    if (ids.length === 0) return;
    const id = pick(ids);
    plain.keep([id]);
    await store.delete(id);
  },
  async prune(store, plain, pick) {
    const policy = { rules: [{ maxCount: pick([5, 10]) }] };
    const { runs } = await store.planPrune(policy);
    plain.keep(runs.map(({ id }) => id));
    assertEquals((await store.prune(policy)).count, runs.length);
  },
  async archiveAndImport(store, plain, _, root) {
    const archive = `${root}/${crypto.randomUUID()}`;
    const policy = { rules: [{ maxCount: 6 }] };
    plain.keep((await store.planPrune(policy)).runs.map(({ id }) => id));
    await store.prune(policy, { archive });
    using file = Deno.openSync(archive);
    await store.import(file.readable);
  },
  async restore(store, plain, pick, root) {
    const copy = `${root}/${crypto.randomUUID()}`;
    await store.backup(copy);
    const goBack = plain.snapshot();
    for (let i = 0; i < 5; i++) {
      await OPERATIONS[pick(["insert", "change", "remove", "node"])]!(store, plain, pick, root);
    }
    await store.restore(copy);
    goBack();
  },
  compact: (store) => store.compact(),
  vacuum: (_, plain) => plain.run("VACUUM"),
  look: (store) => store.statistics(),
};

Deno.test("SQLiteExecutionRepository.statistics() equals a recount by plain SQL, whoever writes what", () =>
  withRoot(async (folder) => {
    const operation = fc.tuple(
      fc.constantFrom(...Object.keys(OPERATIONS)),
      fc.infiniteStream(fc.nat(1e6)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 10, maxLength: 40 }),
        async (operations) => {
          const root = await Deno.makeTempDir({ dir: folder });
          using executions = await SQLiteExecutionRepository.open({
            root,
            driver: "builtin",
            durability: "normal",
          });
          using plain = new PlainWriter(`${root}/goflow.db`);
          for (const [name, numbers] of operations) {
            const pick: Pick = (values) => values[numbers.next().value % values.length]!;
            await OPERATIONS[name]!(executions, plain, pick, root);
            if (pick([true, false, false])) {
              assertEquals(await told(executions), plain.recount(), name);
            }
          }
          assertEquals(await told(executions), plain.recount());
        },
      ),
      { numRuns: SOAK ? 200 : 4 },
    );
  }));

testRepositories(
  "ExecutionRepository counts runs whose nodes say that they were repeated more often than is possible",
  async ({ open }) => {
    using executions = await open();
    const nodes = Array.from({ length: 1100 }, (_, i) => ({
      id: `n${i}`,
      node_id: "read",
      node_type: "mcp_tool",
      status: "completed",
      started_at: "2026-01-01 00:00:00",
      retry_count: Number.MAX_SAFE_INTEGER,
    }));
    const line = JSON.stringify({
      id: "a",
      workflow_id: "orders",
      workflow_version: "1",
      status: "completed",
      started_at: "2026-01-01 00:00:00",
      node_executions: nodes,
    });
    assertEquals((await executions.import(new Response(line).body!)).imported, 1);
    for (let i = 0; i < 40; i++) await executions.record(sampleRun({ nodes: 0 }));
    const { runs, nodes: { types, retries } } = await executions.statistics();
    assertEquals([runs.count, types, retries], [41, { mcp_tool: 1100 }, 0]);
    assertEquals((await executions.prune({ rules: [{ maxCount: 1 }] })).count, 40);
  },
  { only: { journalMode: "wal" } },
);
