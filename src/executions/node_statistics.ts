/**
 * Statistics of node executions, read from the roll-ups by day.
 *
 * @module
 */

import type { NodeStatistics, SlowNode, StatisticsQuery } from "../domain/execution_statistics.ts";
import type { Connection } from "./connection.ts";
import type { Row, SqlValue } from "./driver.ts";
import { Counts } from "./statistics_summary.ts";

/**
 * Reads statistics of node executions; times count by the day of the run.
 *
 * @param connection The connection, in a transaction.
 * @param query What to count.
 * @returns The statistics.
 */
export function readNodeStatistics(connection: Connection, query: StatisticsQuery): NodeStatistics {
  const terms: string[] = [];
  const params: SqlValue[] = [];
  const where = (term: string, value: SqlValue) => {
    terms.push(term);
    params.push(value);
  };
  if (query.workflowId !== undefined) where("workflow_id = ?", query.workflowId);
  if (query.from !== undefined) where("day >= ?", dayOf(query.from));
  if (query.to !== undefined) where("day <= ?", lastDayBefore(query.to));
  const rows = connection.statement(
    `SELECT workflow_id, node_id, node_type, error_type, sum(nodes), sum(retries), sum(total),
      max(CASE WHEN nodes > 0 THEN longest END) FROM node_statistics${
      terms.length ? ` WHERE ${terms.join(" AND ")}` : ""
    }
    GROUP BY workflow_id, node_id, node_type, status, error_type HAVING sum(nodes) > 0`,
  ).all(...params);
  return summariseNodes(rows);
}

/**
 * Adds up rows of node executions.
 *
 * @param rows Workflow, node, type of node, type of error, count, retries, total and longest.
 * @returns The statistics.
 */
export function summariseNodes(rows: readonly Row[]): NodeStatistics {
  const [types, errorTypes] = [new Counts(), new Counts()];
  let retries = 0;
  const nodes = new Map<string, SlowNode & { total: number }>();
  for (const row of rows) {
    const [workflowId = "", nodeId = "", type = "", errorType = ""] = row.map(String);
    const count = Number(row[4]);
    types.add(type, count);
    retries += Number(row[5]);
    if (errorType !== "") errorTypes.add(errorType, count);
    const key = JSON.stringify([workflowId, nodeId]);
    const node = nodes.get(key) ?? { workflowId, nodeId, count: 0, mean: 0, max: 0, total: 0 };
    node.count += count;
    node.total += Number(row[6]);
    node.max = Math.max(node.max, Number(row[7]));
    node.mean = node.count === 0 ? 0 : node.total / node.count;
    nodes.set(key, node);
  }
  const slowest = [...nodes.values()].filter(({ count }) => count > 0)
    .sort((a, b) => b.mean - a.mean).slice(0, 10)
    .map(({ total: _, ...node }) => node);
  return { types: types.toRecord(), retries, errorTypes: errorTypes.toRecord(), slowest };
}

/** Days since 1970. */
export function dayOf(time: Date): number {
  return Math.floor(time.getTime() / 86_400_000);
}

/**
 * Returns the day that a time ends, which it does not belong to if it is midnight.
 *
 * @param time The time.
 * @returns Days since 1970.
 */
export function lastDayBefore(time: Date): number {
  return Math.ceil(time.getTime() / 86_400_000) - 1;
}
