/**
 * Finds the runs that a policy lets go.
 *
 * @module
 */

import type { RetentionPolicy, RetentionRule } from "../domain/execution_retention.ts";
import type { Connection } from "./connection.ts";
import type { Row, SqlValue } from "./driver.ts";
import { GoneRuns } from "./gone_runs.ts";
import { ZERO_INSTANT } from "./instant.ts";
import { keptRows, labelledSql } from "./kept_runs.ts";
import { LIMIT_SQL } from "./list_query.ts";
import { type Candidate, finalStatuses, OLDEST } from "./policy.ts";
import { runBytesSql, usedBytes } from "./run_bytes.ts";

/** A run that a rule lets go, as it was when it was found. */
export interface FoundRun extends Candidate {
  /** Its row. */
  rowid: SqlValue;
  /** Instant of its start. */
  instant: SqlValue;
  /** Its status. */
  status: SqlValue;
}

/** Finds runs, oldest first, in batches. */
export class PruneScan {
  readonly #connection: Connection;
  readonly #policy: RetentionPolicy;
  readonly #now: number;
  readonly #bytesSql: string;
  #kept: Set<number>;
  /** Rows that earlier rules let go, unless those are deleted meanwhile. */
  readonly #gone: GoneRuns<number> | undefined;
  #rule = 0;
  /** Place behind the runs of the current rule that were looked at. */
  #place: [instant: SqlValue, rowid: SqlValue] | undefined;
  /** Bytes of the runs that were measured for the current rule, and of the largest of them. */
  #measured = 0;
  #largest = 0;
  /** How many runs, or bytes, the current rule lets go still. */
  #allowance: number | undefined;
  /** Whether the current rule has found all of its runs. */
  #done = false;

  /**
   * @param connection The connection, in a transaction.
   * @param policy The policy.
   * @param now The time.
   * @param deletes Whether what is found is deleted before the next call.
   */
  constructor(connection: Connection, policy: RetentionPolicy, now: number, deletes: boolean) {
    this.#connection = connection;
    this.#policy = policy;
    this.#now = now;
    this.#bytesSql = runBytesSql(connection.info.sqliteVersion);
    this.#kept = keptRows(connection, policy);
    this.#gone = deletes ? undefined : new GoneRuns();
  }

  /**
   * Finds the next runs.
   *
   * @param limit Most rows to look at.
   * @returns The runs, or `undefined` when all rules are done; may be empty before that.
   */
  next(limit: number): FoundRun[] | undefined {
    if (this.#done) {
      this.#rule++;
      this.#place = undefined;
      this.#measured = 0;
      this.#largest = 0;
      this.#allowance = undefined;
      this.#done = false;
    }
    const rule = this.#policy.rules[this.#rule];
    if (rule === undefined) return undefined;
    if (this.#allowance === undefined) {
      this.#allowance = this.#allowanceOf(rule, limit);
      if (this.#allowance === undefined) return [];
      this.#place = undefined;
    }
    const rows = this.#allowance > 0 ? this.#scan(rule, limit) : [];
    const found: FoundRun[] = [];
    for (const row of rows) {
      if (this.#allowance <= 0) break;
      const [rowid = null, id, instant = null, status = null, workflowId, bytes, labelled] = row;
      this.#place = [instant, rowid];
      if (labelled !== 0 || this.#kept.has(Number(rowid))) continue;
      if (this.#gone?.has(Number(rowid))) continue;
      const run = {
        rowid,
        id: String(id),
        instant,
        status,
        bytes: Number(bytes),
        rule: this.#rule,
      };
      found.push(run);
      this.#allowance -= rule.maxBytes === undefined ? 1 : run.bytes;
      this.#gone?.add(Number(rowid), String(workflowId), String(status), run.bytes);
    }
    this.#done = rows.length < limit || this.#allowance <= 0;
    return found;
  }

  /**
   * Begins the current rule anew, since others deleted runs: fewer may have to
   * go. To measure all bytes again would take too long, so each of those runs
   * is taken for the largest.
   *
   * @param found What the rule found and was not deleted.
   * @param deleted How many runs others deleted.
   */
  restart(found: readonly FoundRun[], deleted: number): void {
    this.#kept = keptRows(this.#connection, this.#policy);
    this.#place = undefined;
    this.#done = false;
    if (this.#policy.rules[this.#rule]?.maxBytes === undefined) this.#allowance = undefined;
    else {
      const bytes = found.reduce((sum, run) => sum + run.bytes, 0);
      this.#allowance = (this.#allowance ?? 0) + bytes - deleted * this.#largest;
    }
  }

  /** Walks from the oldest, along the index of the workflow if there is one. */
  #scan(rule: RetentionRule, limit: number): Row[] {
    const { sql: labelled, params: labels } = labelledSql(this.#policy);
    const { sql, params } = this.#scopeSql(rule);
    const terms = [sql];
    if (rule.maxAge !== undefined) {
      // Without a start, the end tells the age; without both nobody knows it.
      const before = BigInt(Math.max(Math.floor(this.#now - rule.maxAge), -OLDEST)) * 1000n;
      terms.push("started_instant < ? AND (started_instant > ? OR completed_instant < ?)");
      params.push(before, ZERO_INSTANT, before);
    }
    return this.#walk(
      `SELECT rowid, id, started_instant, status, workflow_id, ${this.#bytesSql}, ${labelled}`,
      terms,
      [...labels, ...params],
      limit,
    );
  }

  #walk(select: string, terms: string[], params: SqlValue[], limit: number): Row[] {
    const place = this.#place === undefined ? [] : ["(started_instant, rowid) > (?, ?)"];
    return this.#connection.statement(
      `${select} FROM executions WHERE ${[...terms, ...place].join(" AND ")}
      ORDER BY started_instant, rowid ${LIMIT_SQL}`,
    ).all(...params, ...(this.#place ?? []), limit);
  }

  /** The plus keeps the index of the status, which several would have to be sorted from, away. */
  #scopeSql(rule: RetentionRule, plus: "+" | "" = "+"): { sql: string; params: SqlValue[] } {
    const statuses = finalStatuses(rule);
    const status = statuses.length === 1
      ? "status = ?"
      : `${plus}status IN (${statuses.map(() => "?").join(", ")})`;
    return rule.workflowId === undefined
      ? { sql: status, params: statuses }
      : { sql: `workflow_id = ? AND ${status}`, params: [rule.workflowId, ...statuses] };
  }

  /** Returns `undefined` while there is more to measure. */
  #allowanceOf(rule: RetentionRule, limit: number): number | undefined {
    if (rule.maxAge !== undefined) return Infinity;
    const gone = this.#gone?.of(rule) ?? { count: 0, bytes: 0 };
    if (rule.maxCount !== undefined) {
      const { sql, params } = this.#scopeSql(rule, "");
      const count = this.#connection.statement(`SELECT count(*) FROM executions WHERE ${sql}`)
        .get(...params)?.[0];
      return Number(count) - gone.count - rule.maxCount;
    }
    const maxBytes = rule.maxBytes!;
    // The runs are smaller than the file.
    if (this.#place === undefined && usedBytes(this.#connection) <= maxBytes) return 0;
    const { sql, params } = this.#scopeSql(rule);
    const select = `SELECT started_instant, rowid, ${this.#bytesSql}`;
    const rows = this.#walk(select, [sql], params, limit);
    for (const [instant = null, rowid = null, bytes] of rows) {
      this.#place = [instant, rowid];
      this.#measured += Number(bytes);
      this.#largest = Math.max(this.#largest, Number(bytes));
    }
    return rows.length < limit ? this.#measured - gone.bytes - maxBytes : undefined;
  }
}

/**
 * Returns the condition of a run that is as it was found, and still may go.
 *
 * @param policy The policy.
 * @returns The condition, and its parameters for a run.
 */
export function unchangedSql(policy: RetentionPolicy): {
  sql: string;
  params: (run: FoundRun) => SqlValue[];
} {
  const { sql, params } = labelledSql(policy);
  return {
    sql: `rowid = ? AND id = ? AND started_instant = ? AND status = ? AND NOT ${sql}`,
    params: ({ rowid, id, instant, status }) => [rowid, id, instant, status, ...params],
  };
}
