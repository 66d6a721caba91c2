/**
 * Roll-ups of runs and node executions, kept by triggers in the file, so that
 * they cost nothing to read, count what Go writes too, and survive pruning.
 *
 * A run that ends is put into the table `uncounted` by its own transaction.
 * When there are many, and before one of them is deleted, they are added to the
 * roll-ups together, which is far cheaper than one by one; reading statistics
 * does so too. The triggers use nothing that an old library lacks.
 *
 * @module
 */

import { ZERO_INSTANT } from "./instant.ts";

/** Statuses in which a run has ended. */
export const FINAL_STATUSES = ["completed", "failed", "cancelled", "timed_out"] as const;

/**
 * Lengths of the buckets of runs in seconds; 0 is all time. Roll-ups of the
 * same buckets without bins, which are read where no percentiles are asked for, are
 * named by negative numbers.
 */
export const RUN_SPANS = { all: 0, day: 86_400, hour: 3_600, allSums: -1, daySums: -2 } as const;

/**
 * The roll-ups of a run: name, length of a bucket, whether it is of all
 * workflows or of that of the run, whether it has bins.
 */
const ROLLUPS = [
  [RUN_SPANS.all, RUN_SPANS.all, 1, 1],
  [RUN_SPANS.all, RUN_SPANS.all, 0, 1],
  [RUN_SPANS.allSums, RUN_SPANS.all, 0, 0],
  [RUN_SPANS.day, RUN_SPANS.day, 1, 1],
  [RUN_SPANS.daySums, RUN_SPANS.day, 1, 0],
  [RUN_SPANS.hour, RUN_SPANS.hour, 0, 1],
] as const;

/** How many runs wait to be counted. */
const QUEUE = 32;

/**
 * The bin of a duration: durations whose leading three digits are close share
 * one, which is named by its lowest. A bin is at most 2.5 % wide, so its middle
 * is at most 1.3 % off.
 *
 * @param ms An expression: whole milliseconds, not negative.
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
  return `(${FINAL_STATUSES.map((final) => `${status} = '${final}'`).join(" OR ")})`;
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
  return `(${columns.map((column) => `old.${column} IS NOT new.${column}`).join(" OR ")})`;
}

function isUncounted(id: string): string {
  return `EXISTS (SELECT 1 FROM uncounted WHERE execution_id = ${id})`;
}

/** A subquery whose columns are computed once for each of its rows: the LIMIT forbids to merge it. */
function once(columns: string, from: string): string {
  return `(SELECT ${columns} ${from} LIMIT -1 OFFSET 0)`;
}

/** Adds runs to their roll-ups, or takes them out; a clock may have gone backwards. */
function countRunsSql(row: string, from: string, sign: string): string {
  const instants = once(
    `${row}.workflow_id AS workflow_id, ${row}.status AS status,
    coalesce(${row}.error_type, '') AS error_type,
    ${row}.started_instant AS started, ${row}.completed_instant AS completed`,
    from,
  );
  const durations = once(
    `workflow_id, status, error_type, started / 1000000 AS seconds,
    CASE WHEN started > ${ZERO_INSTANT} THEN max(0, (completed - started) / 1000) END AS ms`,
    `FROM ${instants}`,
  );
  return `INSERT INTO run_statistics
  (span, workflow_id, start, status, error_type, bin, runs, total, shortest, longest)
SELECT span, CASE every_workflow WHEN 1 THEN '' ELSE workflow_id END AS workflow,
  CASE length WHEN 0 THEN 0 ELSE seconds - ((seconds % length) + length) % length END AS bucket,
  status, error_type, CASE WHEN bins = 0 AND ms IS NOT NULL THEN 0 ELSE own_bin END AS bin,
  ${sign} * count(*), ${sign} * sum(coalesce(ms, 0)), min(ms), max(ms)
FROM ${once(`*, ${binSql("ms")} AS own_bin`, `FROM ${durations}`)}
CROSS JOIN run_spans GROUP BY span, workflow, bucket, status, error_type, bin
ON CONFLICT DO UPDATE SET runs = runs + excluded.runs, total = total + excluded.total,
  shortest = CASE runs WHEN 0 THEN excluded.shortest
    ELSE min(coalesce(shortest, excluded.shortest), excluded.shortest) END,
  longest = CASE runs WHEN 0 THEN excluded.longest
    ELSE max(coalesce(longest, excluded.longest), excluded.longest) END`;
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

/** How often a node execution was repeated; what no program counts to would overflow the sum. */
function retriesSql(row: string): string {
  return `CASE WHEN ${row}.retry_count BETWEEN -2147483648 AND 2147483647 ` +
    `THEN ${row}.retry_count ELSE 0 END`;
}

/** The day of a run, counted from 1970. */
function daySql(run: string): string {
  return `${run}.started_instant / 86400000000`;
}

/**
 * Adds node executions to their roll-ups by the day of their run, or takes
 * them out; those that have not ended do not count.
 */
function countNodesSql(row: string, workflow: string, day: string, from: string, sign: string) {
  const columns = `${workflow} AS workflow, ${day} AS day,
    ${row}.node_id AS node_id, ${row}.node_type AS node_type, ${row}.status AS status,
    coalesce(${row}.error_type, '') AS error_type, ${retriesSql(row)} AS retries,
    ${nodeDurationSql(row)} AS ms`;
  return `INSERT INTO node_statistics
  (workflow_id, node_id, node_type, status, error_type, day, nodes, retries, total, longest)
SELECT workflow, node_id, node_type, status, error_type, day,
  ${sign} * count(*), ${sign} * sum(retries), ${sign} * sum(ms), max(ms)
FROM ${once(columns, from)}
WHERE status = 'completed' OR status = 'failed' OR status = 'skipped'
GROUP BY workflow, node_id, node_type, status, error_type, day
ON CONFLICT DO UPDATE SET nodes = nodes + excluded.nodes, retries = retries + excluded.retries,
  total = total + excluded.total, longest = CASE nodes WHEN 0 THEN excluded.longest ELSE max(longest, excluded.longest) END`;
}

/** Statements that count all waiting runs but those that a condition spares. */
function foldSql(condition: string): string[] {
  const runs = `FROM uncounted AS u CROSS JOIN executions AS e ON e.id = u.execution_id
  WHERE ${condition}`;
  const days = once(`e.id AS id, e.workflow_id AS workflow_id, ${daySql("e")} AS day`, runs);
  const nodes = `FROM ${days} AS r CROSS JOIN node_executions AS n ON n.execution_id = r.id`;
  return [
    countRunsSql("e", runs, "1"),
    countNodesSql("n", "r.workflow_id", "r.day", nodes, "1"),
    `DELETE FROM uncounted WHERE ${condition.replaceAll("u.", "")}`,
  ];
}

/** Statements that count all waiting runs. */
export const FOLD_SQL: readonly string[] = foldSql("true");

/** Columns of a run that is counted alone: those that the roll-ups need. */
const ONE_RUN = "id, workflow_id, status, error_type, started_instant, completed_instant";

/** Counts one run and its nodes, or takes them out. */
function countOneSql(row: "old" | "new", sign: 1 | -1, condition: string): string {
  const columns = ONE_RUN.split(", ").map((column) => `${row}.${column}`).join(", ");
  return `INSERT INTO single_runs SELECT ${columns}, ${sign} WHERE ${condition};`;
}

/** Hands a node execution over whose run was counted already. */
function lateNodeSql(row: "new" | "old", event: string, when: string, sign: 1 | -1): string {
  const columns = NODE_COUNTED.map((column) => `${row}.${column}`).join(", ");
  return `CREATE TRIGGER ${sign === 1 ? "count" : "uncount"}_late_node_${event}
AFTER ${event} ON node_executions WHEN ${when} NOT ${isUncounted(`${row}.execution_id`)} BEGIN
INSERT INTO late_nodes SELECT ${columns}, id, ${sign} FROM executions
  WHERE id = ${row}.execution_id AND ${isFinal("status")};
END;`;
}

/** A view that takes rows for a trigger, which is entered only when there are some; it may replace one. */
function viewSql(name: string, columns: readonly string[], statements: readonly string[]): string {
  return `DROP VIEW IF EXISTS ${name};
CREATE VIEW ${name} AS SELECT ${columns.map((one) => `NULL AS ${one}`).join(", ")};
CREATE TRIGGER count_${name} INSTEAD OF INSERT ON ${name} BEGIN
${statements.map((sql) => `${sql};`).join("\n")}
END;`;
}

const ALL_RUNS = `FROM executions AS e WHERE ${isFinal("e.status")}`;
const ALL_NODES = `FROM node_executions AS n CROSS JOIN executions AS e ON e.id = n.execution_id
  WHERE ${isFinal("e.status")}`;

const RUN_STATISTICS = `(
  span INTEGER NOT NULL,
  workflow_id TEXT NOT NULL,
  start INTEGER NOT NULL,
  status TEXT NOT NULL,
  error_type TEXT NOT NULL,
  bin INTEGER NOT NULL,
  runs INTEGER,
  total INTEGER,
  shortest INTEGER,
  longest INTEGER,
  PRIMARY KEY (span, workflow_id, start, status, error_type, bin)
) WITHOUT ROWID`;

const NODE_STATISTICS = `(
  workflow_id TEXT NOT NULL,
  node_id TEXT NOT NULL,
  node_type TEXT NOT NULL,
  status TEXT NOT NULL,
  error_type TEXT NOT NULL,
  day INTEGER NOT NULL,
  nodes INTEGER,
  retries INTEGER,
  total INTEGER,
  longest INTEGER,
  PRIMARY KEY (workflow_id, node_id, node_type, status, error_type, day)
) WITHOUT ROWID`;

const UNCOUNTED = "(execution_id TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID";

/** The tables that counting the waiting runs changes, and their columns. */
export const COUNTED_TABLES: readonly [name: string, columns: string][] = [
  ["run_statistics", RUN_STATISTICS],
  ["node_statistics", NODE_STATISTICS],
  ["uncounted", UNCOUNTED],
];

/** Triggers of version 5 of the schema; `count_late_node` goes with its view. */
const FORMER_TRIGGERS = [
  "queue_inserted_run",
  "queue_ended_run",
  "requeue_changed_run",
  "count_deleted_run",
  "count_queue",
  "count_late_node_insert",
  "uncount_late_node_update",
  "count_late_node_update",
];

/** A table of version 5 under another name; an empty one in a file that never was of that version. */
function setAside(table: string, columns: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} ${columns};
ALTER TABLE ${table} RENAME TO former_${table};`;
}

/**
 * Statements that add the roll-ups without bins, which version 5 did not have.
 *
 * @param from The table that holds those with bins.
 * @returns The statements.
 */
export function addSumsSql(from: string): string {
  return `${oneSumSql(from, RUN_SPANS.allSums, RUN_SPANS.all, "<> ''")}
${oneSumSql(from, RUN_SPANS.daySums, RUN_SPANS.day, "= ''")}`;
}

/** Adds the roll-up without bins to that of the same buckets with bins. */
function oneSumSql(from: string, sums: number, span: number, workflow: string): string {
  return `INSERT INTO run_statistics SELECT ${sums}, workflow_id, start, status, error_type,
  CASE bin WHEN -1 THEN -1 ELSE 0 END AS one, sum(runs), sum(total), min(shortest), max(longest)
FROM ${from} WHERE span = ${span} AND workflow_id ${workflow} AND runs > 0
GROUP BY workflow_id, start, status, error_type, one;`;
}

const NEVER_COUNTED = "NOT EXISTS (SELECT 1 FROM former_run_spans)";

/**
 * Tables, triggers, and the roll-ups of what is there already. What version 5
 * counted is kept, since the runs may have been deleted.
 */
export const STATISTICS_SQL: string = `
${FORMER_TRIGGERS.map((name) => `DROP TRIGGER IF EXISTS ${name};`).join("\n")}
DROP VIEW IF EXISTS late_nodes;
${setAside("run_spans", "(span INTEGER, every_workflow INTEGER)")}
${setAside("run_statistics", RUN_STATISTICS)}
${setAside("node_statistics", NODE_STATISTICS)}
CREATE TABLE run_spans (
  span INTEGER NOT NULL,
  length INTEGER NOT NULL,
  every_workflow INTEGER NOT NULL,
  bins INTEGER NOT NULL
);
INSERT INTO run_spans VALUES ${ROLLUPS.map((row) => `(${row.join(", ")})`).join(", ")};
CREATE TABLE run_statistics ${RUN_STATISTICS};
CREATE TABLE node_statistics ${NODE_STATISTICS};
CREATE TABLE IF NOT EXISTS uncounted ${UNCOUNTED};
INSERT INTO run_statistics SELECT * FROM former_run_statistics;
${addSumsSql("former_run_statistics")}
INSERT INTO node_statistics SELECT * FROM former_node_statistics;
${countRunsSql("e", `${ALL_RUNS} AND ${NEVER_COUNTED}`, "1")};
${countNodesSql("n", "e.workflow_id", daySql("e"), `${ALL_NODES} AND ${NEVER_COUNTED}`, "1")};
DROP TABLE former_run_spans;
DROP TABLE former_run_statistics;
DROP TABLE former_node_statistics;
CREATE TRIGGER queue_inserted_run AFTER INSERT ON executions WHEN ${isFinal("new.status")} BEGIN
INSERT INTO uncounted VALUES (new.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER queue_ended_run AFTER UPDATE ON executions
WHEN ${isFinal("new.status")} AND NOT ${isFinal("old.status")} BEGIN
INSERT INTO uncounted VALUES (new.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER requeue_changed_run AFTER UPDATE ON executions
WHEN ${isFinal("old.status")} AND ${differs(RUN_COUNTED)} BEGIN
${countOneSql("old", -1, `NOT ${isUncounted("old.id")}`)}
INSERT INTO uncounted SELECT new.id WHERE ${isFinal("new.status")} ON CONFLICT DO NOTHING;
DELETE FROM uncounted WHERE execution_id = new.id AND NOT ${isFinal("new.status")};
END;
CREATE TRIGGER count_deleted_run BEFORE DELETE ON executions WHEN ${isUncounted("old.id")} BEGIN
${countOneSql("old", 1, "true")}
DELETE FROM uncounted WHERE execution_id = old.id;
END;
CREATE TRIGGER count_queue AFTER INSERT ON uncounted
WHEN (SELECT count(*) FROM uncounted) > ${QUEUE} BEGIN
INSERT INTO waiting_runs VALUES (new.execution_id);
END;
${lateNodeSql("new", "insert", "", 1)}
${lateNodeSql("old", "update", `${differs(NODE_COUNTED)} AND`, -1)}
${lateNodeSql("new", "update", `${differs(NODE_COUNTED)} AND`, 1)}
`;

/**
 * The views that the triggers of {@linkcode STATISTICS_SQL} put runs and node
 * executions into, and a trigger for a run that gets another id by hand.
 */
export const COUNTING_SQL: string = [
  `CREATE TRIGGER rename_waiting_run AFTER UPDATE OF id ON executions
WHEN new.id <> old.id AND NOT ${differs(RUN_COUNTED)} BEGIN
UPDATE OR REPLACE uncounted SET execution_id = new.id WHERE execution_id = old.id;
END;`,
  viewSql("waiting_runs", ["newest"], foldSql("u.execution_id <> new.newest")),
  viewSql("single_runs", [...ONE_RUN.split(", "), "sign"], [
    countRunsSql("new", "WHERE true", "new.sign"),
    countNodesSql(
      "n",
      "new.workflow_id",
      daySql("new"),
      "FROM node_executions AS n WHERE n.execution_id = new.id",
      "new.sign",
    ),
  ]),
  viewSql("late_nodes", [...NODE_COUNTED, "execution_id", "sign"], [
    countNodesSql(
      "new",
      "e.workflow_id",
      daySql("e"),
      "FROM executions AS e WHERE e.id = new.execution_id",
      "new.sign",
    ),
  ]),
].join("\n");
