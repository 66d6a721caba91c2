/**
 * The runs that a policy always keeps.
 *
 * @module
 */

import type { RetentionPolicy } from "../domain/execution_retention.ts";
import type { Connection } from "./connection.ts";
import { PINNED } from "./labels.ts";
import { LIMIT_SQL } from "./list_query.ts";

/**
 * Finds the runs that each workflow keeps.
 *
 * @param connection The connection, in a transaction.
 * @param policy The policy.
 * @returns Their rows.
 */
export function keptRows(connection: Connection, policy: RetentionPolicy): Set<number> {
  const { keepLast = 0, keepLastSuccess = true } = policy;
  const kept = new Set<number>();
  const keep = (where: string, limit: number) => {
    for (const [rowid] of connection.statement(newestSql(where)).all(limit)) {
      kept.add(Number(rowid));
    }
  };
  if (keepLast > 0) keep("", keepLast);
  if (keepLastSuccess) keep(" AND status = 'completed'", 1);
  return kept;
}

/** Jumps from one workflow to the next along the index. */
function newestSql(where: string): string {
  return `WITH RECURSIVE workflows(id) AS (
    SELECT min(workflow_id) FROM executions
    UNION ALL
    SELECT (SELECT min(workflow_id) FROM executions WHERE workflow_id > workflows.id)
    FROM workflows WHERE workflows.id IS NOT NULL
  )
  SELECT executions.rowid FROM workflows CROSS JOIN executions ON executions.rowid IN (
    SELECT rowid FROM executions WHERE workflow_id = workflows.id${where}
    ORDER BY started_instant DESC, rowid DESC ${LIMIT_SQL}
  )`;
}

/**
 * Returns the condition of runs that their labels keep.
 *
 * @param policy The policy.
 * @returns The condition and its parameters.
 */
export function labelledSql({ keepLabels = true }: RetentionPolicy): {
  sql: string;
  params: string[];
} {
  const exists = (extra: string) =>
    `EXISTS (SELECT 1 FROM labels WHERE execution_id = executions.id${extra})`;
  if (keepLabels === true) return { sql: exists(""), params: [] };
  const labels = [PINNED, ...keepLabels];
  return { sql: exists(` AND label IN (${labels.map(() => "?").join(", ")})`), params: labels };
}
