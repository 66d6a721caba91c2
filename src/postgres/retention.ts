/**
 * Finds the runs that a policy lets go.
 *
 * @module
 */

import type { RetentionPolicy, RetentionRule } from "../domain/execution_retention.ts";
import { PINNED } from "../executions/labels.ts";
import { type Candidate, statusesOf } from "../executions/policy.ts";
import { FINAL_STATUSES } from "../executions/statistics_schema.ts";
import { Params, timestampOf } from "./columns.ts";
import type { Session } from "./database.ts";
import type { PostgresRow } from "./driver.ts";

/** A run that a rule lets go. */
export type PostgresCandidate = Omit<Candidate, "rowid">;

const FINAL: ReadonlySet<string> = new Set(FINAL_STATUSES);

const lengths = (columns: string[]) =>
  columns.map((column) => `coalesce(octet_length(${column}), 0)`).join(" + ");
const childBytes = (table: string, columns: string[]) =>
  `coalesce((SELECT sum(${lengths(columns)}) FROM ${table} AS c WHERE c.execution_id = e.id), 0)`;

/** Bytes of the values of a run, without what the server adds. */
const BYTES = `(${lengths(["e.id", "e.return_value", "e.error_message"])} + 200 + ${
  childBytes("node_executions", [
    "c.id",
    "c.execution_id",
    "c.inputs",
    "c.outputs",
    "c.error_message",
  ])
} + ${childBytes("variable_snapshots", ["c.execution_id", "c.old_value", "c.new_value"])})::bigint`;

/** Finds candidates, oldest first, in batches. */
export class PruneScan {
  readonly #policy: RetentionPolicy;
  readonly #now: number;
  readonly #kept: ReadonlySet<string>;
  #rule = 0;
  /** Place behind the candidates of the current rule that were looked at. */
  #place: { started: string; id: string } | undefined;
  /** How many runs, or bytes, the current rule lets go still. */
  #allowance: number | undefined;

  private constructor(policy: RetentionPolicy, now: number, kept: ReadonlySet<string>) {
    this.#policy = policy;
    this.#now = now;
    this.#kept = kept;
  }

  /**
   * Begins a scan.
   *
   * @param session Where to read.
   * @param policy The policy.
   * @param now The time.
   * @returns The scan.
   */
  static async begin(
    session: Session,
    policy: RetentionPolicy,
    now: number,
  ): Promise<PruneScan> {
    return new PruneScan(policy, now, await keptRuns(session, policy));
  }

  /**
   * Finds the next candidates.
   *
   * @param session Where to read.
   * @param limit Most rows to look at.
   * @returns The candidates, or `undefined` when all rules are done; may be empty before that.
   */
  async next(session: Session, limit: number): Promise<PostgresCandidate[] | undefined> {
    const rule = this.#policy.rules[this.#rule];
    if (rule === undefined) return undefined;
    this.#allowance ??= await allowanceOf(session, rule);
    const rows = this.#allowance <= 0 ? [] : await this.#scan(session, rule, limit);
    const candidates: PostgresCandidate[] = [];
    for (const [id, started, exempt, bytes] of rows) {
      if (this.#allowance <= 0) break;
      this.#place = { started: String(started), id: String(id) };
      if (exempt !== 0 || this.#kept.has(String(id))) continue;
      candidates.push({ id: String(id), bytes: Number(bytes), rule: this.#rule });
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
  async #scan(session: Session, rule: RetentionRule, limit: number): Promise<PostgresRow[]> {
    const params = new Params();
    const statuses = statusesOf(rule).filter((status) => FINAL.has(status));
    const terms = [`e.status = ANY(${params.add(statuses)})`];
    if (rule.workflowId !== undefined) {
      terms.push(`e.workflow_id = ${params.add(rule.workflowId)}`);
    }
    if (rule.maxAge !== undefined) {
      const before = BigInt(Math.floor(this.#now - rule.maxAge)) * 1000n;
      terms.push(`e.started_at < ${params.add(timestampOf(before))}::timestamptz`);
    }
    if (this.#place !== undefined) {
      const { started, id } = this.#place;
      terms.push(
        `(e.started_at, e.id) > (${params.add(started)}::timestamptz, ${params.add(id)})`,
      );
    }
    const exempt = exemptSql(this.#policy, params);
    const { rows } = await session.query(
      `SELECT e.id, e.started_at::text, ${exempt}, ${BYTES} FROM executions AS e
      WHERE ${terms.join(" AND ")} ORDER BY e.started_at, e.id LIMIT ${params.add(limit)}`,
      params.values,
    );
    return rows;
  }
}

async function allowanceOf(session: Session, rule: RetentionRule): Promise<number> {
  if (rule.maxAge !== undefined) return Infinity;
  const params = new Params();
  const what = rule.maxBytes === undefined ? "count(*)" : `coalesce(sum(${BYTES}), 0)::bigint`;
  const terms = ["true"];
  // All runs take their space, whatever the rule lets go.
  if (rule.maxBytes === undefined) {
    terms.push(`e.status = ANY(${params.add(statusesOf(rule))})`);
    if (rule.workflowId !== undefined) {
      terms.push(`e.workflow_id = ${params.add(rule.workflowId)}`);
    }
  }
  const { rows } = await session.query(
    `SELECT ${what} FROM executions AS e WHERE ${terms.join(" AND ")}`,
    params.values,
  );
  return Number(rows[0]![0]) - (rule.maxBytes ?? rule.maxCount!);
}

function exemptSql({ keepLabels = true }: RetentionPolicy, params: Params): string {
  const labels = keepLabels === true
    ? ""
    : ` AND l.label = ANY(${params.add([PINNED, ...keepLabels])})`;
  return `EXISTS (SELECT FROM labels AS l WHERE l.execution_id = e.id${labels})`;
}

/** All workflow ids, by jumping from one to the next along the index. */
const WORKFLOWS = `WITH RECURSIVE workflows (id) AS (
  (SELECT min(workflow_id) FROM executions)
  UNION ALL
  SELECT (SELECT min(workflow_id) FROM executions WHERE workflow_id > workflows.id)
  FROM workflows WHERE workflows.id IS NOT NULL
)`;

/** Ids of the runs that each workflow keeps. */
async function keptRuns(
  session: Session,
  { keepLast = 0, keepLastSuccess = true }: RetentionPolicy,
): Promise<Set<string>> {
  const { rows } = await session.query(
    `${WORKFLOWS} SELECT kept.id FROM workflows, LATERAL (
      (SELECT e.id FROM executions AS e WHERE e.workflow_id = workflows.id
        ORDER BY e.started_at DESC, e.id DESC LIMIT $1)
      UNION ALL
      (SELECT e.id FROM executions AS e WHERE e.workflow_id = workflows.id
        AND e.status = 'completed' ORDER BY e.started_at DESC, e.id DESC LIMIT $2)
    ) AS kept`,
    [keepLast, keepLastSuccess ? 1 : 0],
  );
  return new Set(rows.map(([id]) => String(id)));
}
