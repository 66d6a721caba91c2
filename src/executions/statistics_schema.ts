/**
 * Roll-ups of runs and node executions, kept by triggers in the transaction of
 * the run, so that they cost nothing to read, count what Go writes too, and
 * survive pruning. The triggers use nothing that an old library lacks.
 *
 * @module
 */

import { ZERO_INSTANT } from "./instant.ts";

/** Statuses in which a run has ended. */
export const FINAL_STATUSES = ["completed", "failed", "cancelled", "timed_out"] as const;

/** Lengths of the buckets of runs in seconds; 0 is all time. */
export const RUN_SPANS = { all: 0, day: 86_400, hour: 3_600 } as const;

/** The four roll-ups of a run: a span, and whether it is of all workflows or of that of the run. */
const ROLLUPS = [
  [RUN_SPANS.all, 1],
  [RUN_SPANS.all, 0],
  [RUN_SPANS.day, 1],
  [RUN_SPANS.hour, 0],
] as const;

/**
 * The bin of a duration: durations whose leading three digits are close share
 * one, which is named by its lowest. A bin is at most 2.5 % wide, so its middle
 * is at most 1.3 % off.
 *
 * @param ms An expression: milliseconds, not negative.
 * @returns An expression.
 */
export function binSql(ms: string): string {
  const digits = `CAST(substr(${ms}, 1, 3) AS INTEGER)`;
  const step = `CASE WHEN ${digits} < 200 THEN 2 WHEN ${digits} < 500 THEN 5 ELSE 10 END`;
  return `CASE WHEN ${ms} IS NULL THEN -1 WHEN ${ms} < 100 THEN ${ms} ` +
    `ELSE CAST((${digits} - ${digits} % (${step})) || ` +
    `substr('0000000000000000', 1, length(${ms}) - 3) AS INTEGER) END`;
}

/** Whether a status is final. An IN would build a table each time a trigger fires. */
function isFinal(status: string): string {
  return FINAL_STATUSES.map((final) => `${status} = '${final}'`).join(" OR ");
}

/** The columns of a run that its roll-ups depend on. */
const RUN_COUNTED = ["workflow_id", "status", "started_at", "completed_at", "error_type"];

/** The columns of a node execution that its roll-ups depend on. */
const NODE_COUNTED = [
  "node_id",
  "node_type",
  "status",
  "error_type",
  "started_at",
  "completed_at",
  "retry_count",
];

function differs(columns: readonly string[]): string {
  return columns.map((column) => `old.${column} IS NOT new.${column}`).join(" OR ");
}

/** Milliseconds of a run, NULL when a time is missing; a clock may have gone backwards. */
function runDurationSql(row: string): string {
  const [started, completed] = [`${row}.started_instant`, `${row}.completed_instant`];
  return `CASE WHEN ${started} > ${ZERO_INSTANT}
    THEN max(0, (${completed} - ${started}) / 1000) END`;
}

/** Adds a run to its roll-ups, or takes it out. The LIMITs make SQLite compute each value once. */
function countRunSql(row: string, sign: 1 | -1): string {
  return `INSERT INTO run_statistics
  (span, workflow_id, start, status, error_type, bin, runs, total, shortest, longest)
SELECT span, CASE every_workflow WHEN 1 THEN '' ELSE ${row}.workflow_id END,
  CASE span WHEN 0 THEN 0 ELSE seconds - ((seconds % span) + span) % span END,
  ${row}.status, coalesce(${row}.error_type, ''), bin, ${sign}, ${sign} * coalesce(ms, 0), ms, ms
FROM (SELECT ms, seconds, ${binSql("ms")} AS bin
  FROM (SELECT ${row}.started_instant / 1000000 AS seconds,
    ${runDurationSql(row)} AS ms LIMIT 1)
  LIMIT 1)
CROSS JOIN run_spans WHERE true
ON CONFLICT DO UPDATE SET runs = runs + excluded.runs, total = total + excluded.total,
  shortest = min(coalesce(shortest, excluded.shortest), excluded.shortest),
  longest = max(coalesce(longest, excluded.longest), excluded.longest);`;
}

/**
 * The time as days. Short, because a trigger pays for every register of its
 * program each time it fires: only our forms and Go's are read.
 */
function daysSql(time: string): string {
  const blank = `instr(substr(${time}, 20), ' ')`;
  return `coalesce(julianday(${time}), julianday(substr(${time}, 1, 18 + ${blank}) || ` +
    `substr(${time}, 20 + ${blank}, 3) || ':' || substr(${time}, 23 + ${blank}, 2)))`;
}

/** Milliseconds of a node execution, 0 when it did not start or has not ended. */
function nodeDurationSql(row: string): string {
  return `CASE WHEN ${row}.started_at GLOB '0001-*' THEN 0
    ELSE max(0, coalesce(CAST(round((${daysSql(`${row}.completed_at`)} - ${
    daysSql(`${row}.started_at`)
  }) * 86400000) AS INTEGER), 0)) END`;
}

/**
 * Adds node executions to their roll-ups by the day of their run, or takes
 * them out; those that have not ended do not count.
 */
function countNodesSql(row: string, workflow: string, instant: string, sign: string): string {
  return `INSERT INTO node_statistics
  (workflow_id, node_id, node_type, status, error_type, day, nodes, retries, total, longest)
SELECT workflow, node_id, node_type, status, error_type, day, sign, sign * retries, sign * ms, ms
FROM (SELECT ${workflow} AS workflow, ${instant} / 86400000000 AS day, ${sign} AS sign,
    ${row}.node_id AS node_id, ${row}.node_type AS node_type, ${row}.status AS status,
    coalesce(${row}.error_type, '') AS error_type, coalesce(${row}.retry_count, 0) AS retries,
    ${nodeDurationSql(row)} AS ms`;
}

function nodeHasEnded(row: string): string {
  return `(${row}.status = 'completed' OR ${row}.status = 'failed' OR ${row}.status = 'skipped')`;
}

const COUNT_NODES = `WHERE true
ON CONFLICT DO UPDATE SET nodes = nodes + excluded.nodes, retries = retries + excluded.retries,
  total = total + excluded.total, longest = max(longest, excluded.longest);`;

/** All node executions of a run that ends, or that goes on after its end. */
function countNodesOfRunSql(row: string, sign: 1 | -1): string {
  return `${countNodesSql("n", `${row}.workflow_id`, `${row}.started_instant`, `${sign}`)}
  FROM node_executions AS n
  WHERE n.execution_id = ${row}.id AND ${nodeHasEnded("n")} LIMIT -1 OFFSET 0)
${COUNT_NODES}`;
}

/** Hands a node execution over, if its run has ended before it was stored. */
function lateNodeSql(row: "new" | "old", event: string, when: string, sign: 1 | -1): string {
  const columns = NODE_COUNTED.map((column) => `${row}.${column}`).join(", ");
  return `CREATE TRIGGER ${sign === 1 ? "count" : "uncount"}_late_node_${event}
AFTER ${event} ON node_executions
WHEN ${when} EXISTS (SELECT 1 FROM executions
  WHERE id = ${row}.execution_id AND (${isFinal("status")})) BEGIN
INSERT INTO late_nodes VALUES (${columns}, ${row}.execution_id, ${sign});
END;`;
}

/** Tables, triggers, and the roll-ups of what is there already. */
export const STATISTICS_SQL: string = `
CREATE TABLE run_spans (span INTEGER NOT NULL, every_workflow INTEGER NOT NULL);
INSERT INTO run_spans VALUES ${ROLLUPS.map((row) => `(${row.join(", ")})`).join(", ")};
CREATE TABLE run_statistics (
  span INTEGER NOT NULL,
  workflow_id TEXT NOT NULL,
  start INTEGER NOT NULL,
  status TEXT NOT NULL,
  error_type TEXT NOT NULL,
  bin INTEGER NOT NULL,
  runs INTEGER NOT NULL,
  total INTEGER NOT NULL,
  shortest INTEGER,
  longest INTEGER,
  PRIMARY KEY (span, workflow_id, start, status, error_type, bin)
) WITHOUT ROWID;
CREATE TABLE node_statistics (
  workflow_id TEXT NOT NULL,
  node_id TEXT NOT NULL,
  node_type TEXT NOT NULL,
  status TEXT NOT NULL,
  error_type TEXT NOT NULL,
  day INTEGER NOT NULL,
  nodes INTEGER NOT NULL,
  retries INTEGER NOT NULL,
  total INTEGER NOT NULL,
  longest INTEGER NOT NULL,
  PRIMARY KEY (workflow_id, node_id, node_type, status, error_type, day)
) WITHOUT ROWID;
CREATE TRIGGER count_run_insert AFTER INSERT ON executions
WHEN ${isFinal("new.status")} BEGIN
${countRunSql("new", 1)}
${countNodesOfRunSql("new", 1)}
END;
CREATE TRIGGER uncount_run_update AFTER UPDATE ON executions
WHEN (${isFinal("old.status")}) AND (${differs(RUN_COUNTED)}) BEGIN
${countRunSql("old", -1)}
${countNodesOfRunSql("old", -1)}
END;
CREATE TRIGGER count_run_update AFTER UPDATE ON executions
WHEN (${isFinal("new.status")}) AND (${differs(RUN_COUNTED)}) BEGIN
${countRunSql("new", 1)}
${countNodesOfRunSql("new", 1)}
END;
CREATE VIEW late_nodes AS SELECT ${NODE_COUNTED.map((column) => `NULL AS ${column}`).join(", ")},
  NULL AS execution_id, NULL AS sign;
CREATE TRIGGER count_late_node INSTEAD OF INSERT ON late_nodes
WHEN ${nodeHasEnded("new")} BEGIN
${countNodesSql("new", "e.workflow_id", "e.started_instant", "new.sign")}
  FROM executions AS e WHERE e.id = new.execution_id LIMIT 1)
${COUNT_NODES}
END;
${lateNodeSql("new", "insert", "", 1)}
${lateNodeSql("old", "update", `(${differs(NODE_COUNTED)}) AND`, -1)}
${lateNodeSql("new", "update", `(${differs(NODE_COUNTED)}) AND`, 1)}
INSERT INTO run_statistics
  (span, workflow_id, start, status, error_type, bin, runs, total, shortest, longest)
SELECT span, CASE every_workflow WHEN 1 THEN '' ELSE workflow_id END AS workflow,
  CASE span WHEN 0 THEN 0 ELSE seconds - ((seconds % span) + span) % span END AS start,
  status, error_type, ${binSql("ms")} AS bin, count(*), sum(coalesce(ms, 0)), min(ms), max(ms)
FROM (SELECT workflow_id, status, coalesce(error_type, '') AS error_type,
    started_instant / 1000000 AS seconds, ${runDurationSql("executions")} AS ms
  FROM executions WHERE ${isFinal("status")} LIMIT -1 OFFSET 0)
CROSS JOIN run_spans GROUP BY 1, 2, 3, 4, 5, 6;
${countNodesSql("n", "e.workflow_id", "e.started_instant", "1")}
  FROM node_executions AS n JOIN executions AS e ON e.id = n.execution_id
  WHERE (${isFinal("e.status")}) AND ${nodeHasEnded("n")} LIMIT -1 OFFSET 0)
${COUNT_NODES}
`;
