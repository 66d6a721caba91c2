/**
 * Finds the runs that a policy lets go.
 *
 * @module
 */

import type { RetentionPolicy, RetentionRule } from "../domain/execution_retention.ts";
import { GoneRuns } from "../executions/gone_runs.ts";
import { PINNED } from "../executions/labels.ts";
import { type Candidate, finalStatuses, OLDEST } from "../executions/policy.ts";
import { Params, timestampOf, ZERO_SQL } from "./columns.ts";
import type { Session } from "./database.ts";
import type { PostgresRow } from "./driver.ts";

/** A run that a rule lets go, as it was when it was found. */
export interface FoundRun extends Candidate {
  /** Its start, as the server writes it. */
  started: string;
  /** Its status. */
  status: string;
}

/** What the server adds to a row and its index entries, about. */
const ROW = 100;

const lengths = (columns: string[]) =>
  columns.map((column) => `coalesce(octet_length(${column}), 0)`).join(" + ");
const childBytes = (table: string, columns: string[]) =>
  `coalesce((SELECT sum(${lengths(columns)} + ${ROW}) FROM ${table} AS c
    WHERE c.execution_id = e.id), 0)`;

/** Bytes of a run: its row, its index entries, and those of its parts. */
const BYTES = `(${
  lengths(["e.id", "e.workflow_id", "e.return_value", "e.error_message", "e.error_context"])
} + ${4 * ROW} + ${
  childBytes("node_executions", [
    "c.id",
    "c.execution_id",
    "c.node_id",
    "c.inputs",
    "c.outputs",
    "c.error_message",
    "c.error_context",
  ])
} + ${
  childBytes("variable_snapshots", [
    "c.execution_id",
    "c.variable_name",
    "c.old_value",
    "c.new_value",
  ])
})::bigint`;

/** Finds runs, oldest first, in batches. */
export class PruneScan {
  readonly #session: Pick<Session, "query">;
  readonly #policy: RetentionPolicy;
  readonly #now: number;
  readonly #kept: ReadonlySet<string>;
  /** Runs that earlier rules let go, unless those are deleted meanwhile. */
  readonly #gone: GoneRuns<string> | undefined;
  #rule = 0;
  /** Place behind the runs of the current rule that were looked at. */
  #place: { started: string; id: string } | undefined;
  /** How many runs, or bytes, the current rule lets go still. */
  #allowance: number | undefined;

  private constructor(
    session: Pick<Session, "query">,
    policy: RetentionPolicy,
    kept: ReadonlySet<string>,
    deletes: boolean,
  ) {
    this.#session = session;
    this.#policy = policy;
    this.#now = Date.now();
    this.#kept = kept;
    this.#gone = deletes ? undefined : new GoneRuns();
  }

  /**
   * Begins a scan.
   *
   * @param session Where to read.
   * @param policy The policy.
   * @param deletes Whether what is found is deleted before the next call.
   * @returns The scan.
   */
  static async begin(
    session: Pick<Session, "query">,
    policy: RetentionPolicy,
    deletes: boolean,
  ): Promise<PruneScan> {
    return new PruneScan(session, policy, await keptRuns(session, policy), deletes);
  }

  /**
   * Finds the next runs.
   *
   * @param limit Most rows to look at.
   * @returns The runs, or `undefined` when all rules are done; may be empty before that.
   */
  async next(limit: number): Promise<FoundRun[] | undefined> {
    const rule = this.#policy.rules[this.#rule];
    if (rule === undefined) return undefined;
    this.#allowance ??= await this.#allowanceOf(rule);
    const rows = this.#allowance <= 0 ? [] : await this.#scan(rule, limit);
    const found: FoundRun[] = [];
    for (const [id, started, status, workflowId, labelled, bytes] of rows) {
      if (this.#allowance <= 0) break;
      this.#place = { started: String(started), id: String(id) };
      if (labelled !== 0 || this.#kept.has(String(id)) || this.#gone?.has(String(id))) continue;
      const run = {
        id: String(id),
        bytes: Number(bytes),
        rule: this.#rule,
        started: String(started),
        status: String(status),
      };
      found.push(run);
      this.#allowance -= rule.maxBytes === undefined ? 1 : run.bytes;
      this.#gone?.add(run.id, String(workflowId), run.status, run.bytes);
    }
    if (rows.length < limit || this.#allowance <= 0) {
      this.#rule++;
      this.#place = undefined;
      this.#allowance = undefined;
    }
    return found;
  }

  /** Walks from the oldest, along the index of the workflow if there is one. */
  async #scan(rule: RetentionRule, limit: number): Promise<PostgresRow[]> {
    const params = new Params();
    const terms = scopeTerms(rule, params);
    if (rule.maxAge !== undefined) {
      // Without a start, the end tells the age; without both nobody knows it.
      const instant = Math.max(Math.floor(this.#now - rule.maxAge), -OLDEST);
      const before = `${params.add(timestampOf(BigInt(instant) * 1000n))}::timestamptz`;
      terms.push(
        `e.started_at < ${before} AND (e.started_at > ${ZERO_SQL} OR e.completed_at < ${before})`,
      );
    }
    if (this.#place !== undefined) {
      const { started, id } = this.#place;
      terms.push(
        `(e.started_at, e.id) > (${params.add(started)}::timestamptz, ${params.add(id)})`,
      );
    }
    const labelled = labelledSql(this.#policy, params);
    const { rows } = await this.#session.query(
      `SELECT e.id, e.started_at::text, e.status, e.workflow_id, ${labelled}, ${BYTES}
      FROM executions AS e WHERE ${terms.join(" AND ")}
      ORDER BY e.started_at, e.id LIMIT ${params.add(limit)}`,
      params.values,
    );
    return rows;
  }

  async #allowanceOf(rule: RetentionRule): Promise<number> {
    if (rule.maxAge !== undefined) return Infinity;
    const params = new Params();
    const what = rule.maxCount === undefined ? `coalesce(sum(${BYTES}), 0)::bigint` : "count(*)";
    const { rows } = await this.#session.query(
      `SELECT ${what} FROM executions AS e WHERE ${scopeTerms(rule, params).join(" AND ")}`,
      params.values,
    );
    const gone = this.#gone?.of(rule) ?? { count: 0, bytes: 0 };
    return rule.maxCount === undefined
      ? Number(rows[0]![0]) - gone.bytes - rule.maxBytes!
      : Number(rows[0]![0]) - gone.count - rule.maxCount;
  }
}

function scopeTerms(rule: RetentionRule, params: Params): string[] {
  const terms = [`e.status = ANY(${params.add(finalStatuses(rule))})`];
  if (rule.workflowId !== undefined) terms.push(`e.workflow_id = ${params.add(rule.workflowId)}`);
  return terms;
}

/**
 * Returns the condition of runs `e` that their labels keep.
 *
 * @param policy The policy.
 * @param params The parameters of the statement.
 * @returns The condition.
 */
export function labelledSql({ keepLabels = true }: RetentionPolicy, params: Params): string {
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
  session: Pick<Session, "query">,
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
