/**
 * Which runs may go: a policy is data, and a plan says which run goes by which
 * of its rules.
 *
 * @module
 */

import type { RetentionPolicy, RetentionRule } from "../domain/execution_retention.ts";
import type { Connection } from "./connection.ts";
import type { Row, SqlValue } from "./driver.ts";
import { PINNED } from "./labels.ts";
import { type Candidate, statusesOf } from "./policy.ts";
import { FINAL_STATUSES } from "./statistics_schema.ts";

/** Finds candidates, oldest first, in batches. */
export class PruneScan {
  readonly #connection: Connection;
  readonly #policy: RetentionPolicy;
  readonly #now: number;
  readonly #kept: Set<number>;
  #rule = 0;
  /** Place behind the candidates of the current rule that were looked at. */
  #place: { instant: SqlValue; rowid: SqlValue } | undefined;
  /** How many runs, or bytes, the current rule lets go still. */
  #allowance: number | undefined;

  /**
   * @param connection The connection, in a transaction.
   * @param policy The policy.
   * @param now The time.
   */
  constructor(connection: Connection, policy: RetentionPolicy, now: number) {
    this.#connection = connection;
    this.#policy = policy;
    this.#now = now;
    this.#kept = keptRows(connection, policy);
  }

  /**
   * Finds the next candidates.
   *
   * @param limit Most rows to look at.
   * @returns The candidates, or `undefined` when all rules are done; may be empty before that.
   */
  next(limit: number): Candidate[] | undefined {
    const rule = this.#policy.rules[this.#rule];
    if (rule === undefined) return undefined;
    this.#allowance ??= this.#allowanceOf(rule);
    const rows = this.#allowance <= 0 ? [] : this.#scan(rule, limit);
    const candidates: Candidate[] = [];
    for (const [rowid = null, id = null, instant = null, exempt, bytes] of rows) {
      if (this.#allowance <= 0) break;
      this.#place = { instant, rowid };
      if (exempt !== 0 || this.#kept.has(Number(rowid))) continue;
      candidates.push({
        rowid: Number(rowid),
        id: String(id),
        bytes: Number(bytes),
        rule: this.#rule,
      });
      this.#allowance -= rule.maxBytes === undefined ? 1 : Number(bytes);
    }
    if (rows.length < limit || this.#allowance <= 0) {
      this.#rule++;
      this.#place = undefined;
      this.#allowance = undefined;
    }
    return candidates;
  }

  /** Walks from the oldest, along the index of the workflow if there is one. */
  #scan(rule: RetentionRule, limit: number): Row[] {
    const statuses = statusesOf(rule).filter((status) => FINAL.has(status));
    const terms = [`status IN (${statuses.map(() => "?").join(", ")})`];
    const params: SqlValue[] = [...statuses];
    const where = (term: string, ...values: SqlValue[]) => {
      terms.push(term);
      params.push(...values);
    };
    if (rule.workflowId !== undefined) where("workflow_id = ?", rule.workflowId);
    if (rule.maxAge !== undefined) {
      where("started_instant < ?", BigInt(Math.floor(this.#now - rule.maxAge)) * 1000n);
    }
    if (this.#place !== undefined) {
      where("(started_instant, rowid) > (?, ?)", this.#place.instant, this.#place.rowid);
    }
    // The plus keeps the index of the status, which would need a sort, away.
    terms[0] = `+${terms[0]}`;
    const { sql, params: exemptParams } = exemptSql(this.#policy);
    return this.#connection.statement(
      `SELECT rowid, id, started_instant, ${sql}, ${BYTES_SQL} FROM executions
      WHERE ${terms.join(" AND ")} ORDER BY started_instant, rowid LIMIT ?`,
    ).all(...exemptParams, ...params, limit);
  }

  #allowanceOf(rule: RetentionRule): number {
    if (rule.maxAge !== undefined) return Infinity;
    if (rule.maxBytes !== undefined) {
      return usedBytes(this.#connection) - rule.maxBytes;
    }
    const statuses = statusesOf(rule);
    const workflow = rule.workflowId === undefined ? "" : " AND workflow_id = ?";
    const found = this.#connection.statement(
      `SELECT count(*) FROM executions
      WHERE status IN (${statuses.map(() => "?").join(", ")})${workflow}`,
    ).get(...statuses, ...(rule.workflowId === undefined ? [] : [rule.workflowId]))?.[0];
    return Number(found) - rule.maxCount!;
  }
}

const FINAL: ReadonlySet<string> = new Set(FINAL_STATUSES);

const CHILD_BYTES = (table: string, columns: string[]) =>
  `coalesce((SELECT sum(${
    columns.map((column) => `coalesce(length(CAST(${column} AS BLOB)), 0)`).join(" + ")
  }) FROM ${table} WHERE execution_id = executions.id), 0)`;

/** Bytes of the values of a run, without what SQLite adds. */
const BYTES_SQL = `coalesce(length(id), 0) + coalesce(length(return_value), 0) +
  coalesce(length(error_message), 0) + 200 + ${
  CHILD_BYTES("node_executions", ["id", "execution_id", "inputs", "outputs", "error_message"])
} + ${CHILD_BYTES("variable_snapshots", ["execution_id", "old_value", "new_value"])}`;

function exemptSql({ keepLabels = true }: RetentionPolicy): { sql: string; params: string[] } {
  const exists = (extra: string) =>
    `EXISTS (SELECT 1 FROM labels WHERE execution_id = executions.id${extra})`;
  if (keepLabels === true) return { sql: exists(""), params: [] };
  const labels = [PINNED, ...keepLabels];
  return { sql: exists(` AND label IN (${labels.map(() => "?").join(", ")})`), params: labels };
}

/** Rows of the runs that each workflow keeps. */
function keptRows(connection: Connection, policy: RetentionPolicy): Set<number> {
  const { keepLast = 0, keepLastSuccess = true } = policy;
  const kept = new Set<number>();
  for (const workflowId of workflowIds(connection)) {
    const keep = (where: string, limit: number, ...params: SqlValue[]) => {
      const rows = connection.statement(
        `SELECT rowid FROM executions WHERE workflow_id = ?${where}
        ORDER BY started_instant DESC, rowid DESC LIMIT ?`,
      ).all(workflowId, ...params, limit);
      for (const [rowid] of rows) kept.add(Number(rowid));
    };
    if (keepLast > 0) keep("", keepLast);
    if (keepLastSuccess) keep(" AND status = ?", 1, "completed");
  }
  return kept;
}

/** All workflow ids, by jumping from one to the next along the index. */
function workflowIds(connection: Connection): string[] {
  const next = connection.statement(
    "SELECT min(workflow_id) FROM executions WHERE workflow_id > ?",
  );
  const ids: string[] = [];
  let last: SqlValue | undefined = connection.statement(
    "SELECT min(workflow_id) FROM executions",
  ).get()?.[0];
  while (typeof last === "string") {
    ids.push(last);
    last = next.get(last)?.[0];
  }
  return ids;
}

/**
 * Returns how many bytes of the file are in use.
 *
 * @param connection The connection.
 * @returns The bytes; free pages do not count.
 */
export function usedBytes(connection: Connection): number {
  const pragma = (name: string) => Number(connection.statement(`PRAGMA ${name}`).get()?.[0]);
  return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
}
