/**
 * Fills a database with a history of finished runs, fast: rows are made by SQL,
 * in large transactions, through the triggers of the schema.
 *
 * @module
 */

import { SQLiteExecutionRepository } from "../src/executions/repository.ts";
import { openPlain } from "./plain.ts";

/** The first run starts here; the last one of any history 90 days later. */
export const BEGIN = Date.parse("2026-01-01T00:00:00Z");
const SPAN = 90 * 86_400_000;
const WORKFLOWS = 50;
const NODES = 3;

/** Text of an id that is ordered by time, as those of the module are. */
const id = (ms: string, number: string) =>
  `printf('%08x-%04x-7000-8000-%012x', (${ms}) >> 16, (${ms}) & 65535, ${number})`;
const time = (ms: string) =>
  `strftime('%Y-%m-%d %H:%M:%f', (${ms}) / 1000.0, 'unixepoch') || '+00:00'`;

const RUNS =
  `WITH RECURSIVE numbers(i) AS (VALUES (CAST(?1 AS INTEGER)) UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < ?2),
runs AS (SELECT i, ${BEGIN} + i * ${SPAN} / CAST(?3 AS INTEGER) AS ms, i * 7919 % 60000 AS took,
  'workflow-' || (i % ${WORKFLOWS}) AS workflow, i % 20 = 7 AS failed FROM numbers)`;

const INSERT_RUNS = `${RUNS}
INSERT INTO executions (id, workflow_id, workflow_version, status, started_at, completed_at,
  error_type, error_message, return_value)
SELECT ${id("ms", "i")}, workflow, '1.0', CASE WHEN failed THEN 'failed' ELSE 'completed' END,
  ${time("ms")}, ${time("ms + took")},
  CASE WHEN failed THEN 'timeout' END, CASE WHEN failed THEN 'no answer within 30 s' END,
  CASE WHEN NOT failed THEN '{"nodes":${NODES},"number":' || i || '}' END FROM runs`;

const INSERT_NODES = `${RUNS}, nodes(n) AS (VALUES (0), (1), (2))
INSERT INTO node_executions (id, execution_id, node_id, node_type, status, started_at,
  completed_at, inputs, outputs)
SELECT ${id("ms", `i * ${NODES} + n`)}, ${id("ms", "i")}, 'node_' || n, 'mcp_tool', 'completed',
  ${time(`ms + took * n / ${NODES}`)}, ${time(`ms + took * (n + 1) / ${NODES}`)},
  '{"url":"https://example.com/orders","page":' || i || ',"list":[1,2,3,4,5]}',
  '{"ok":true,"items":[{"id":1,"name":"item 1"},{"id":2,"name":"item 2"},' ||
  '{"id":3,"name":"item 3"},{"id":4,"name":"item 4"},{"id":5,"name":"item 5"}]}'
FROM runs CROSS JOIN nodes`;

/** Runs of one transaction. */
const BATCH = 20_000;

/**
 * Makes a database of finished runs of three nodes.
 *
 * @param path Path of the new file.
 * @param runs How many runs the whole history has.
 * @param first The first run that is stored.
 */
export async function makeHistory(path: string, runs: number, first = 0): Promise<void> {
  (await SQLiteExecutionRepository.open({ path, driver: "builtin" })).close();
  const database = await openPlain("builtin", path);
  // Node executions come first, so that a run is counted with its nodes.
  database.exec("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144");
  const statements = [INSERT_NODES, INSERT_RUNS].map((sql) => database.prepare(sql));
  for (let from = first; from < runs; from += BATCH) {
    database.exec("BEGIN IMMEDIATE");
    for (const statement of statements) statement.run(from, Math.min(from + BATCH, runs), runs);
    database.exec("COMMIT");
  }
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}
