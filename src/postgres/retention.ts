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

/** Bytes of a run `e`: its row, its index entries, and those of its parts. */
export const BYTES: string = `(${
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

/** A run in the order of their starts. */
interface Place {
  started: string;
  id: string;
}

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
  #place: Place | undefined;
  /** How many runs, or bytes, the current rule lets go still. */
  #allowance: number | undefined;
  /** The newest run that the current rule lets go: where others delete meanwhile, no newer one makes up. */
  #last: Place | undefined;

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
    let allowance = this.#allowance ?? await this.#measure(rule);
    const rows = allowance <= 0 ? [] : await this.#scan(rule, limit);
    const found: FoundRun[] = [];
    for (const [id, started, status, workflowId, labelled, bytes] of rows) {
      if (allowance <= 0) break;
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
      allowance -= rule.maxBytes === undefined ? 1 : run.bytes;
      this.#gone?.add(run.id, String(workflowId), run.status, run.bytes);
    }
    this.#allowance = allowance;
    if (rows.length < limit || allowance <= 0) {
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
    const compare = (sign: string, place: Place | undefined) => {
      if (place === undefined) return;
      const { started, id } = place;
      terms.push(
        `(e.started_at, e.id) ${sign} (${params.add(started)}::timestamptz, ${params.add(id)})`,
      );
    };
    compare(">", this.#place);
    compare("<=", this.#last);
    const labelled = labelledSql(this.#policy, params);
    const { rows } = await this.#session.query(
      `SELECT e.id, e.started_at::text, e.status, e.workflow_id, ${labelled}, ${BYTES}
      FROM executions AS e WHERE ${terms.join(" AND ")}
      ORDER BY e.started_at, e.id LIMIT ${params.add(limit)}`,
      params.values,
    );
    return rows;
  }

  /** Finds out how much the rule lets go, and up to which run: by one statement, which sees one state. */
  async #measure(rule: RetentionRule): Promise<number> {
    this.#last = undefined;
    if (rule.maxAge !== undefined) return Infinity;
    const params = new Params();
    const isCount = rule.maxCount !== undefined;
    const most = `${params.add(rule.maxCount ?? rule.maxBytes!)}::bigint`;
    const scope = scopeTerms(rule, params).join(" AND ");
    const labelled = labelledSql(this.#policy, params);
    const kept = params.add([...this.#kept]);
    const { rows } = await this.#session.query(
      `WITH sized AS (
        SELECT e.started_at, e.id, ${isCount ? "1" : BYTES} AS size,
          NOT ${labelled} AND e.id <> ALL(${kept}::text[]) AS goes
        FROM executions AS e WHERE ${scope}
      ), excess AS (
        SELECT (coalesce(sum(size), 0) - ${most})::bigint AS excess FROM sized
      )
      SELECT excess, last.started_at::text, last.id FROM excess LEFT JOIN LATERAL (
        SELECT started_at, id FROM (
          SELECT started_at, id, sum(size) OVER (ORDER BY started_at, id) - size AS before
          FROM sized WHERE goes
        ) AS going WHERE before < excess ORDER BY started_at DESC, id DESC LIMIT 1
      ) AS last ON true`,
      params.values,
    );
    const [excess, started, id] = rows[0]!;
    const gone = this.#gone?.of(rule);
    if (gone !== undefined) return Number(excess) - (isCount ? gone.count : gone.bytes);
    if (id !== null) this.#last = { started: String(started), id: String(id) };
    return Number(excess);
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
