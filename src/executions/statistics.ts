/**
 * Statistics of runs, read from the roll-ups.
 *
 * @module
 */

import type {
  DurationStatistics,
  ExecutionStatistics,
  StatisticsQuery,
} from "../domain/execution_statistics.ts";
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./driver.ts";
import { ZERO_INSTANT } from "./instant.ts";
import { COUNTED_TABLES, FINAL_STATUSES, FOLD_SQL, RUN_SPANS } from "./statistics_schema.ts";
import {
  checkBy,
  type Group,
  hourOf,
  MONDAY,
  summarise,
  summariseDurations,
  summariseGroups,
  sumsSql,
  WEEK,
} from "./statistics_summary.ts";
import { readNodeStatistics } from "./node_statistics.ts";

/**
 * Tells whether runs wait to be added to the roll-ups.
 *
 * @param connection The connection, in a transaction.
 * @returns Whether there are some.
 */
export function hasUncounted(connection: Connection): boolean {
  return connection.statement("SELECT 1 FROM uncounted LIMIT 1").get() !== undefined;
}

/**
 * Adds the waiting runs to the roll-ups; there are never many.
 *
 * @param connection The connection, in a write transaction.
 */
export function countWaiting(connection: Connection): void {
  for (const sql of FOLD_SQL) connection.statement(sql).run();
}

/**
 * Reads statistics.
 *
 * @param connection The connection, in a transaction.
 * @param query What to count.
 * @returns The statistics.
 * @throws {InvalidDataError} If an option is not valid.
 */
export function readStatistics(
  connection: Connection,
  query: StatisticsQuery,
): ExecutionStatistics {
  checkBy(query);
  const { percentiles = false } = query;
  const workflows = readGroups(connection, query, "workflow", percentiles);
  const buckets: Group = query.by === undefined
    ? new Map()
    : readGroups(connection, query, "time", percentiles);
  const runs = summarise([...readGroups(connection, query, "all", true).values()].flat(), true);
  if (query.exact) {
    const duration = exactDuration(connection, query);
    if (duration !== undefined) runs.duration = duration;
  }
  return {
    runs,
    active: { pending: countActive("pending"), running: countActive("running") },
    ...summariseGroups(workflows, buckets, percentiles),
    nodes: readNodeStatistics(connection, query),
  };

  function countActive(status: string): number {
    const workflow = query.workflowId === undefined ? "" : " AND workflow_id = ?";
    return Number(
      connection.statement(`SELECT count(*) FROM executions WHERE status = ?${workflow}`)
        .get(status, ...(query.workflowId === undefined ? [] : [query.workflowId]))?.[0],
    );
  }
}

/**
 * Does what {@linkcode readStatistics} does where the waiting runs cannot be
 * added to the roll-ups, since the file cannot be written: they are added to
 * copies, which stand in front of the tables of the same names while they are there.
 *
 * @param connection The connection, in a transaction.
 * @param query What to count.
 * @returns The statistics.
 * @throws {InvalidDataError} If an option is not valid.
 */
export function readStatisticsAside(
  connection: Connection,
  query: StatisticsQuery,
): ExecutionStatistics {
  const run = (sql: string) => connection.statement(sql).run();
  for (const [table, columns] of COUNTED_TABLES) {
    run(`CREATE TEMP TABLE ${table} ${columns}`);
    run(`INSERT INTO temp.${table} SELECT * FROM main.${table}`);
  }
  countWaiting(connection);
  const statistics = readStatistics(connection, query);
  for (const [table] of COUNTED_TABLES) run(`DROP TABLE temp.${table}`);
  return statistics;
}

/** Reads the durations of the runs themselves. */
function exactDuration(
  connection: Connection,
  query: StatisticsQuery,
): DurationStatistics | undefined {
  const terms = [`+status IN ('${FINAL_STATUSES.join("', '")}')`];
  terms.push("started_instant > ?", "completed_instant IS NOT NULL");
  const params: SqlValue[] = [ZERO_INSTANT];
  if (query.workflowId !== undefined) {
    terms.push("workflow_id = ?");
    params.push(query.workflowId);
  }
  if (query.from !== undefined) {
    terms.push("started_instant >= ?");
    params.push(BigInt(hourOf("from", query.from)) * 1_000_000n);
  }
  if (query.to !== undefined) {
    terms.push("started_instant < ?");
    params.push(BigInt(hourOf("to", query.to)) * 1_000_000n);
  }
  const rows = connection.statement(
    `SELECT max(0, (completed_instant - started_instant) / 1000) AS ms, count(*) FROM executions
    WHERE ${terms.join(" AND ")} GROUP BY ms ORDER BY ms`,
  ).all(...params);
  return summariseDurations(rows);
}

/** Builds the narrowest query over the roll-ups and groups its rows. */
function readGroups(
  connection: Connection,
  query: StatisticsQuery,
  by: "all" | "workflow" | "time",
  bins: boolean,
): Group {
  const span = spanOf(query, by, bins);
  const params: SqlValue[] = [];
  let from = "run_statistics";
  if (query.workflowId !== undefined) {
    from += ` WHERE span = ${span} AND workflow_id = ?`;
    params.push(query.workflowId);
  } else if (span !== RUN_SPANS.hour) {
    from += ` WHERE span = ${span} AND workflow_id ${by === "workflow" ? ">" : "="} ''`;
  } else {
    // One search per workflow: the hours of all are too many.
    from = `(SELECT DISTINCT workflow_id AS workflow FROM run_statistics
      WHERE span = ${RUN_SPANS.allSums}) CROSS JOIN run_statistics
      WHERE span = ${span} AND workflow_id = workflow`;
  }
  if (query.from !== undefined) {
    from += " AND start >= ?";
    params.push(hourOf("from", query.from));
  }
  if (query.to !== undefined) {
    from += " AND start < ?";
    params.push(hourOf("to", query.to));
  }
  const key = by === "time" ? bucketSql(query.by, span) : by === "all" ? "''" : "workflow_id";
  const bin = bins ? "bin" : "0";
  const binned = BINNED[span];
  const sums = binned === undefined
    ? sumsSql()
    : sumsSql(extremeSql("shortest", "ASC", binned), extremeSql("longest", "DESC", binned));
  const rows = connection.statement(
    `SELECT ${key} AS key, status, error_type, ${bin}, ${sums} FROM ${from}
    GROUP BY key, status, error_type${bins ? ", bin" : ""} HAVING sum(runs) > 0 ORDER BY key`,
  ).all(...params);
  return Map.groupBy(rows, ([key]) => String(key));
}

/** The roll-ups with bins of those without. */
const BINNED: Partial<Record<number, number>> = {
  [RUN_SPANS.allSums]: RUN_SPANS.all,
  [RUN_SPANS.daySums]: RUN_SPANS.day,
};

/** The first or last bin that still has runs; without bins nothing forgets a duration that changed. */
function extremeSql(column: "shortest" | "longest", order: "ASC" | "DESC", span: number): string {
  return `(SELECT b.${column} FROM run_statistics AS b WHERE b.span = ${span}
    AND b.workflow_id = run_statistics.workflow_id AND b.start = run_statistics.start
    AND b.status = run_statistics.status AND b.error_type = run_statistics.error_type
    AND b.bin >= 0 AND b.runs > 0 ORDER BY b.bin ${order} LIMIT 1)`;
}

/** The longest buckets that tell what is asked; those of a day are of all workflows together. */
function spanOf(
  { from, to, by, workflowId }: StatisticsQuery,
  group: "all" | "workflow" | "time",
  bins: boolean,
): number {
  if (from !== undefined || to !== undefined) return RUN_SPANS.hour;
  if (group !== "time") return bins ? RUN_SPANS.all : RUN_SPANS.allSums;
  if (by === "hour" || workflowId !== undefined) return RUN_SPANS.hour;
  return bins ? RUN_SPANS.day : RUN_SPANS.daySums;
}

function bucketSql(by: StatisticsQuery["by"], span: number): string {
  // Without computing the rows come grouped out of the table.
  if (by === "hour" || (by === "day" && span !== RUN_SPANS.hour)) return "start";
  if (by === "day") return floorSql("start", 86_400);
  return `${floorSql(`(start - ${MONDAY})`, WEEK)} + ${MONDAY}`;
}

/** Rounds down, also before 1970. */
function floorSql(seconds: string, length: number): string {
  return `${seconds} - ((${seconds} % ${length}) + ${length}) % ${length}`;
}
