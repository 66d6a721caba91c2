/**
 * Measures the execution store on PostgreSQL against plain statements of the
 * same driver in the same run, on a server that it starts, and prints a table
 * of ratios.
 *
 * `deno task bench:postgres [runs]`: the number of runs in which
 * pages are read, by default 100,000. `--retention` compares how old runs are
 * deleted: in batches, or with a partition for each month.
 *
 * @module
 */

// @ts-types="../src/postgres/pg.d.ts"
import pg from "pg";
import type { Execution } from "../src/domain/execution.ts";
import { encodeCursor } from "../src/executions/cursor.ts";
import { filterKey } from "../src/executions/filter.ts";
import { placeOf } from "../src/postgres/list_query.ts";
import { PostgresExecutionRepository } from "../src/postgres/repository.ts";
import { PostgresServer } from "../tests/postgres/server.ts";
import { compare, ms, printFigure, printHead } from "./measure.ts";
import { CopyIn, copyRow } from "./postgres_copy.ts";
import { compareRetention } from "./postgres_retention.ts";
import { makeRun } from "./samples.ts";

const RUNS = Number(Deno.args.find((arg) => /^\d+$/.test(arg)) ?? 100_000);

/** Variables of each run, whose snapshots are stored too. */
const VARIABLES = { n: 1 };

type PlainRow = Record<string, string>;

/** A connection as its documentation says. */
async function connectPlain(server: PostgresServer, schema: string) {
  const url = new URL(server.url());
  const client = new pg.Client({
    host: url.hostname,
    port: server.port,
    user: url.username,
    database: "postgres",
    password: server.password,
    ssl: false,
  });
  await client.connect();
  await client.query(`SET search_path TO "${schema}"; SET TimeZone TO 'UTC'`);
  let count = 0;
  const names = new Map<string, string>();
  const query = (text: string, values: readonly unknown[] = []) => {
    let name = names.get(text);
    if (name === undefined) names.set(text, name = `s${count++}`);
    return client.query<PlainRow>({ text, values, name });
  };
  return { client, query };
}

const RUN = `INSERT INTO executions (id, workflow_id, workflow_version, status, started_at,
  completed_at, return_value) VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (id) DO UPDATE SET status = excluded.status, completed_at = excluded.completed_at`;
const NODE_COLUMNS = `execution_id, id, place, node_id, node_type, status, started_at,
  completed_at, inputs, outputs, retry_count`;
const NODE = `INSERT INTO node_executions (${NODE_COLUMNS})
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  ON CONFLICT (id) DO UPDATE SET status = excluded.status, outputs = excluded.outputs`;
const NODES = `INSERT INTO node_executions (${NODE_COLUMNS})
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[],
    $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[], $11::bigint[])
  ON CONFLICT (id) DO UPDATE SET status = excluded.status, outputs = excluded.outputs`;
const SNAPSHOT = `INSERT INTO variable_snapshots (execution_id, id, variable_name, new_value,
  taken_at) VALUES ($1, $2, $3, $4, $5)`;

type Plain = Awaited<ReturnType<typeof connectPlain>>;

async function recordPlain({ query }: Plain, run: Execution, together: boolean): Promise<void> {
  await query("BEGIN");
  await query(RUN, [
    run.id,
    run.workflowId,
    run.workflowVersion,
    run.status,
    run.startedAt,
    run.completedAt,
    JSON.stringify(run.returnValue),
  ]);
  const nodes = run.nodeExecutions.map((node, i) => [
    run.id,
    node.id,
    i,
    node.nodeId,
    node.nodeType,
    node.status,
    node.startedAt,
    node.completedAt,
    JSON.stringify(node.inputs),
    JSON.stringify(node.outputs),
    node.retryCount,
  ]);
  if (together) await query(NODES, nodes[0]!.map((_, i) => nodes.map((one) => one[i])));
  else for (const node of nodes) await query(NODE, node);
  for (const [i, snapshot] of run.variableSnapshots.entries()) {
    await query(SNAPSHOT, [
      run.id,
      i,
      snapshot.variableName,
      JSON.stringify(snapshot.newValue),
      snapshot.timestamp,
    ]);
  }
  await query("COMMIT");
}

async function small(server: PostgresServer): Promise<void> {
  await using ours = await PostgresExecutionRepository.open(server.url());
  await using _tables = await PostgresExecutionRepository.open(server.url(), { schema: "plain" });
  const plain = await connectPlain(server, "plain");
  for (const nodes of [10, 30, 100]) {
    for (const together of [false, true]) {
      const runs = Array.from({ length: 300 }, () => makeRun(nodes, VARIABLES));
      await compare(
        `record, ${nodes} nodes; plain: ${together ? "one statement for all" : "one by one"}`,
        1.3,
        { rounds: 20, calls: 10 },
        (call) => recordPlain(plain, runs[call]!, together),
        (call) => ours.record(runs[call]!),
      );
    }
  }
  const run = makeRun(30, VARIABLES);
  await ours.record(run);
  await recordPlain(plain, run, true);
  await compare("load, 30 nodes, decoded", 1.3, { rounds: 30, calls: 10 }, async () => {
    await plain.query("SELECT * FROM executions WHERE id = $1", [run.id]);
    const nodes = await plain.query(
      "SELECT * FROM node_executions WHERE execution_id = $1 ORDER BY started_at, place",
      [run.id],
    );
    await plain.query("SELECT * FROM variable_snapshots WHERE execution_id = $1", [run.id]);
    for (const { inputs, outputs } of nodes.rows) {
      [inputs, outputs].forEach((one) => JSON.parse(one!));
    }
  }, async () => {
    for (const node of (await ours.load(run.id)).nodeExecutions) void [node.inputs, node.outputs];
  });
  await plain.client.end();
}

async function pages(server: PostgresServer): Promise<void> {
  const schema = "pages";
  await using ours = await PostgresExecutionRepository.open(server.url(), { schema });
  const plain = await connectPlain(server, schema);
  let start = performance.now();
  await plain.client.query(`INSERT INTO executions (id, workflow_id, workflow_version, status,
    started_at, completed_at, return_value)
    SELECT gen_random_uuid(), 'workflow-' || i % 50, '1.0',
      (ARRAY['completed', 'completed', 'failed', 'cancelled'])[1 + i % 4],
      '2026-01-01'::timestamptz + i * interval '5 seconds',
      '2026-01-01'::timestamptz + i * interval '5 seconds' + interval '3 seconds', '{"ok":true}'
    FROM generate_series(1, ${RUNS}) AS i`);
  await plain.client.query("VACUUM ANALYZE executions");
  console.log(`\n${RUNS} runs, filled in ${((performance.now() - start) / 1000).toFixed()} s`);
  let deepest: { cursor?: string } = {};
  for (const depth of [0, 0.5, 0.9]) {
    const offset = Math.floor(RUNS * depth);
    const [key] = offset === 0 ? [undefined] : (await plain.query(
      `SELECT started_at::text AS at, id FROM executions
      ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET ${offset}`,
    )).rows;
    deepest = key === undefined
      ? {}
      : { cursor: encodeCursor("older", placeOf(key["id"]!, key["at"]!), filterKey({})) };
    const query = deepest;
    const where = key === undefined ? "" : "WHERE (started_at, id) < ($1, $2)";
    await compare(
      `page of 50 at depth ${offset}`,
      1.3,
      { rounds: 40, calls: 10 },
      async () => {
        const { rows } = await plain.query(
          `SELECT * FROM executions ${where} ORDER BY started_at DESC, id DESC LIMIT 51`,
          key === undefined ? [] : [key["at"]!, key["id"]!],
        );
        for (const one of rows) JSON.parse(one["return_value"]!);
      },
      async () => {
        const { executions } = await ours.list(query);
        for (const one of executions) void one.returnValue;
      },
    );
  }
  await compare(
    "the first page, and the deepest of these",
    1.3,
    { rounds: 40, calls: 10 },
    () => ours.list(),
    () => ours.list(deepest),
  );
  start = performance.now();
  await ours.statistics();
  console.log(`statistics: ${ms(performance.now() - start)}`);
  await plain.client.end();
}

async function imports(server: PostgresServer): Promise<void> {
  const runs = Array.from({ length: 3000 }, () => makeRun(10, VARIABLES));
  await using source = await PostgresExecutionRepository.open(server.url(), { schema: "source" });
  for (let i = 0; i < runs.length; i += 100) {
    await Promise.all(runs.slice(i, i + 100).map((run) => source.record(run)));
  }
  const ndjson = new Uint8Array(await new Response(source.export()).arrayBuffer());
  await using _tables = await PostgresExecutionRepository.open(server.url(), { schema: "copied" });
  const plain = await connectPlain(server, "copied");
  const texts = [
    [
      "executions (id, workflow_id, workflow_version, status, started_at, completed_at, return_value)",
      runs.map((run) =>
        copyRow([
          run.id,
          run.workflowId,
          run.workflowVersion,
          run.status,
          run.startedAt.toISOString(),
          run.completedAt!.toISOString(),
          JSON.stringify(run.returnValue),
        ])
      ),
    ],
    [
      `node_executions (${NODE_COLUMNS})`,
      runs.flatMap((run) =>
        run.nodeExecutions.map((node, i) =>
          copyRow([
            run.id,
            node.id,
            String(i),
            node.nodeId,
            node.nodeType,
            node.status,
            node.startedAt!.toISOString(),
            node.completedAt!.toISOString(),
            JSON.stringify(node.inputs),
            JSON.stringify(node.outputs),
            "0",
          ])
        )
      ),
    ],
    [
      "variable_snapshots (execution_id, id, variable_name, new_value, taken_at)",
      runs.map((run) => copyRow([run.id, "1", "n", "1", run.startedAt.toISOString()])),
    ],
  ] as [string, string[]][];
  let start = performance.now();
  await plain.client.query("BEGIN");
  for (const [into, rows] of texts) {
    await new CopyIn(`COPY ${into} FROM STDIN`, rows).run(plain.client);
  }
  await plain.client.query("COMMIT");
  const copied = performance.now() - start;
  await using target = await PostgresExecutionRepository.open(server.url(), { schema: "imported" });
  start = performance.now();
  const { imported } = await target.import(new Blob([ndjson]).stream());
  const took = performance.now() - start;
  if (imported !== runs.length) throw new Error(`Expected ${runs.length}, found ${imported}`);
  printFigure(
    `import of ${runs.length} runs of 10 nodes; plain: COPY`,
    took / copied,
    2,
    "×",
    [ms(copied), ms(took)],
  );
  await plain.client.end();
}

if (import.meta.main) {
  await using server = await PostgresServer.start({
    fsync: true,
    settings: { shared_buffers: "256MB", max_wal_size: "4GB" },
  });
  if (Deno.args.includes("--retention")) {
    const plain = await connectPlain(server, "public");
    await compareRetention(plain, RUNS);
    await plain.client.end();
  } else {
    printHead("Executions on PostgreSQL");
    await small(server);
    await imports(server);
    await pages(server);
  }
}
