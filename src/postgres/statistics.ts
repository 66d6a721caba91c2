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
import { OLDEST } from "../executions/policy.ts";
import { dayOf, lastDayBefore, summariseNodes } from "../executions/node_statistics.ts";
import { RUN_SPANS } from "../executions/statistics_schema.ts";
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
} from "../executions/statistics_summary.ts";
import { FINAL_SQL, Params, ZERO_SQL } from "./columns.ts";
import type { Session } from "./database.ts";

/**
 * Reads statistics.
 *
 * @param session Where to read.
 * @param query What to count.
 * @returns The statistics.
 * @throws {InvalidDataError} If an option is not valid.
 */
export async function readStatistics(
  session: Session,
  query: StatisticsQuery,
): Promise<ExecutionStatistics> {
  checkBy(query);
  const { percentiles = false } = query;
  const workflows = await readGroups(session, query, "workflow", percentiles);
  const buckets: Group = query.by === undefined
    ? new Map()
    : await readGroups(session, query, "time", percentiles);
  const all = [...(await readGroups(session, query, "all", true)).values()].flat();
  const runs = summarise(all, true);
  if (query.exact) {
    const duration = await exactDuration(session, query);
    if (duration !== undefined) runs.duration = duration;
  }
  return {
    runs,
    active: await countActive(session, query),
    ...summariseGroups(workflows, buckets, percentiles),
    nodes: await readNodeStatistics(session, query),
  };
}

async function countActive(
  session: Session,
  { workflowId }: StatisticsQuery,
): Promise<ExecutionStatistics["active"]> {
  const params = new Params();
  const workflow = workflowId === undefined ? "" : ` AND workflow_id = ${params.add(workflowId)}`;
  const count = (status: string) =>
    `(SELECT count(*) FROM executions WHERE status = '${status}'${workflow})`;
  const { rows } = await session.query(
    `SELECT ${count("pending")}, ${count("running")}`,
    params.values,
  );
  return { pending: Number(rows[0]![0]), running: Number(rows[0]![1]) };
}

/** Reads the durations of the runs themselves. */
async function exactDuration(
  session: Session,
  query: StatisticsQuery,
): Promise<DurationStatistics | undefined> {
  const params = new Params();
  const terms = [`status IN ${FINAL_SQL}`];
  terms.push(`started_at > ${ZERO_SQL}`, "completed_at IS NOT NULL");
  if (query.workflowId !== undefined) terms.push(`workflow_id = ${params.add(query.workflowId)}`);
  // The server knows no times long before the first year.
  const hour = (option: string, time: Date) =>
    `to_timestamp(${params.add(Math.max(hourOf(option, time), -OLDEST / 1000))})`;
  if (query.from !== undefined) terms.push(`started_at >= ${hour("from", query.from)}`);
  if (query.to !== undefined) terms.push(`started_at < ${hour("to", query.to)}`);
  const { rows } = await session.query(
    `SELECT greatest(0, floor(extract(epoch FROM completed_at - started_at) * 1000))::bigint AS ms,
      count(*) FROM executions WHERE ${terms.join(" AND ")} GROUP BY ms ORDER BY ms`,
    params.values,
  );
  return summariseDurations(rows);
}

async function readGroups(
  session: Session,
  query: StatisticsQuery,
  by: "all" | "workflow" | "time",
  bins: boolean,
): Promise<Group> {
  const params = new Params();
  const span = spanOf(query, by);
  const terms = [`span = ${span}`];
  if (query.workflowId !== undefined) {
    terms.push(`workflow_id = ${params.add(query.workflowId)}`);
  } else {
    const ofAll = span === RUN_SPANS.day || (span === RUN_SPANS.all && by === "all");
    terms.push(ofAll ? "workflow_id = ''" : "workflow_id > ''");
  }
  if (query.from !== undefined) terms.push(`start >= ${params.add(hourOf("from", query.from))}`);
  if (query.to !== undefined) terms.push(`start < ${params.add(hourOf("to", query.to))}`);
  const key = by === "time" ? bucketSql(query.by) : by === "all" ? "''" : "workflow_id";
  const { rows } = await session.query(
    `SELECT ${key}, status, error_type, ${bins ? "bin" : "0"}, ${sumsSql()} FROM run_statistics
    WHERE ${terms.join(" AND ")} GROUP BY 1, 2, 3, 4 HAVING sum(runs) > 0 ORDER BY 1`,
    params.values,
  );
  return Map.groupBy(rows, ([key]) => String(key));
}

/** The longest buckets that tell what is asked; those of a day are of all workflows together. */
function spanOf({ from, to, by, workflowId }: StatisticsQuery, group: string): number {
  if (from !== undefined || to !== undefined) return RUN_SPANS.hour;
  if (group !== "time") return RUN_SPANS.all;
  return by === "hour" || workflowId !== undefined ? RUN_SPANS.hour : RUN_SPANS.day;
}

function bucketSql(by: StatisticsQuery["by"]): string {
  if (by === "hour") return "start";
  return by === "day" ? "start - start % 86400" : `start - (start - ${MONDAY}) % ${WEEK}`;
}

async function readNodeStatistics(
  session: Session,
  { workflowId, from, to }: StatisticsQuery,
): Promise<ExecutionStatistics["nodes"]> {
  const params = new Params();
  const terms = ["true"];
  if (workflowId !== undefined) terms.push(`workflow_id = ${params.add(workflowId)}`);
  if (from !== undefined) terms.push(`day >= ${params.add(dayOf(from))}`);
  if (to !== undefined) terms.push(`day <= ${params.add(lastDayBefore(to))}`);
  const { rows } = await session.query(
    `SELECT workflow_id, node_id, node_type, error_type, sum(nodes), sum(retries), sum(total),
      max(CASE WHEN nodes > 0 THEN longest END) FROM node_statistics WHERE ${terms.join(" AND ")}
    GROUP BY workflow_id, node_id, node_type, status, error_type HAVING sum(nodes) > 0`,
    params.values,
  );
  return summariseNodes(rows);
}
