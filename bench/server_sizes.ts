/**
 * Measures what runs and workflows take on a PostgreSQL server, which it
 * starts: bytes of each table, bytes written ahead, and runs in a second.
 *
 * `deno task bench:sizes [runs]`, by default 2,000 runs.
 *
 * @module
 */

import { openPostgresStorage } from "../src/postgres/storage.ts";
import { PostgresDatabase } from "../src/postgres/database.ts";
import { PostgresServer } from "../tests/postgres/server.ts";
import { makeRun, makeWorkflow } from "./samples.ts";

const RUNS = Number(Deno.args[0] ?? 2000);
const REVISIONS = 200;
/** Variables of each run. */
const VARIABLES = { source: "https://example.com", limit: 5 };

await using server = await PostgresServer.start({ fsync: true });
await using storage = await openPostgresStorage(server.url());
const database = await PostgresDatabase.open(server.url());
await using _closing = { [Symbol.asyncDispose]: () => database.close() };

async function number(sql: string): Promise<number> {
  const { rows: [row] } = await database.query("Cannot measure", sql);
  return Number(row?.[0]);
}

/** Bytes of the tables, indexes included. */
async function sizes(...tables: string[]): Promise<number> {
  const sum = tables.map((table) => `pg_total_relation_size('${table}')`).join(" + ");
  return await number(`SELECT (${sum})::bigint`);
}

const wal = () => number("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint");

console.log(`PostgreSQL ${database.info.serverVersion}, ${RUNS} runs each`);
for (const nodes of [3, 30]) {
  const before = await sizes("executions", "node_executions", "variable_snapshots");
  const logged = await wal();
  const runs = Array.from({ length: RUNS }, () => makeRun(nodes, VARIABLES));
  const start = performance.now();
  let next = 0;
  // As many at a time as the pool has connections.
  await Promise.all(Array.from({ length: 10 }, async () => {
    for (let run = runs[next++]; run !== undefined; run = runs[next++]) {
      await storage.executions.record(run);
    }
  }));
  const seconds = (performance.now() - start) / 1000;
  const after = await sizes("executions", "node_executions", "variable_snapshots");
  console.log(
    `a run of ${nodes} nodes: ${Math.round((after - before) / RUNS)} bytes stored, ` +
      `${Math.round((await wal() - logged) / RUNS)} bytes written ahead, ` +
      `${Math.round(RUNS / seconds)} runs in a second`,
  );
}

const workflow = makeWorkflow("orders", 36);
await storage.workflows.save(workflow);
const size = (await storage.workflows.readText("orders")).length;
const before = await sizes("workflow_revisions");
for (let i = 0; i < REVISIONS; i++) {
  await storage.workflows.update("orders", (w) => void (w.description = `change ${i}`));
}
const each = (await sizes("workflow_revisions") - before) / REVISIONS;
console.log(`a revision of a workflow of ${size} characters: ${Math.round(each)} bytes stored`);
