/**
 * Inserts runs as they are stored elsewhere, many in one statement.
 *
 * @module
 */

import { DatabaseError, InvalidDataError } from "../domain/errors.ts";
import type { Row } from "../executions/driver.ts";
import {
  CHANGE_COLUMNS,
  NODE_COLUMNS,
  RUN_COLUMNS,
  type StoredRun,
} from "../executions/run_line.ts";
import { FINAL_SQL, nextNumber, storedTime, textParam, UNREADABLE_START } from "./columns.ts";
import type { PostgresDatabase } from "./database.ts";
import type { Param } from "./driver.ts";
import { readStoredIds, TIMES } from "./stored_run.ts";
import { columnsOf, typeOf } from "./write.ts";

/** The columns of a table, in the order of its parameters. */
const RUN_PARAMS = RUN_COLUMNS.flatMap(timed);
const NODE_PARAMS = ["execution_id", "place", ...NODE_COLUMNS.flatMap(timed)];
const SNAPSHOT_PARAMS = ["execution_id", "id", ...CHANGE_COLUMNS.flatMap(timed)];

function timed(column: string): string[] {
  const time = TIMES[column];
  return time === undefined ? [column] : [`${time}_at`, `${time}_text`];
}

function unnest(columns: readonly string[], first: number): string {
  const types = columns.map((column, i) => {
    const isNumber = column === "id" && columns === SNAPSHOT_PARAMS;
    return `$${first + i}::${isNumber ? "bigint" : typeOf(column)}[]`;
  });
  return `unnest(${types.join(", ")}) AS u (${columns.join(", ")})`;
}

const NODES_AT = RUN_PARAMS.length + 1;
const SNAPSHOTS_AT = NODES_AT + NODE_PARAMS.length;
const LABELS_AT = SNAPSHOTS_AT + SNAPSHOT_PARAMS.length;

const values = (columns: readonly string[]) => columns.map((column) => `u.${column}`).join(", ");

/** Inserts runs that are not there yet, with their parts. */
const INSERT = `WITH runs AS (
  INSERT INTO executions (${RUN_PARAMS.join(", ")}) SELECT ${values(RUN_PARAMS)}
  FROM ${unnest(RUN_PARAMS, 1)} ON CONFLICT (id) DO NOTHING RETURNING id, status
), nodes AS (
  INSERT INTO node_executions (${NODE_PARAMS.join(", ")}) SELECT ${values(NODE_PARAMS)}
  FROM ${unnest(NODE_PARAMS, NODES_AT)} JOIN runs ON runs.id = u.execution_id
), snapshots AS (
  INSERT INTO variable_snapshots (${SNAPSHOT_PARAMS.join(", ")}) SELECT ${values(SNAPSHOT_PARAMS)}
  FROM ${unnest(SNAPSHOT_PARAMS, SNAPSHOTS_AT)} JOIN runs ON runs.id = u.execution_id
), labelled AS (
  INSERT INTO labels (execution_id, label) SELECT u.execution_id, u.label
  FROM ${unnest(["execution_id", "label"], LABELS_AT)} JOIN runs ON runs.id = u.execution_id
  ON CONFLICT DO NOTHING
), change AS (
  INSERT INTO queued_changes (execution_id, kind) SELECT id, 'created' FROM runs
), queued AS (
  INSERT INTO uncounted SELECT id FROM runs WHERE status IN ${FINAL_SQL}
) SELECT id FROM runs`;

/** A run as the parameters of its rows. */
interface Prepared {
  id: string;
  run: Param[];
  nodes: Param[][];
  snapshots: Param[][];
  labels: Param[][];
}

function prepare({ run, nodes, snapshots, labels }: StoredRun): Prepared {
  const id = String(run[0]);
  const action = `Cannot import run "${id}"`;
  return {
    id,
    run: paramsOf(RUN_COLUMNS, run, action),
    nodes: nodes.map((row) => [id, nextNumber(), ...paramsOf(NODE_COLUMNS, row, action)]),
    snapshots: snapshots.map((row) => [id, nextNumber(), ...paramsOf(CHANGE_COLUMNS, row, action)]),
    labels: labels.map((label) => [id, textParam(label, action)]),
  };
}

/** Of these an unreadable one has no instant. */
const OPTIONAL_TIMES = ["completed_at", "created_at"];

function paramsOf(columns: readonly string[], row: Row, action: string): Param[] {
  const params: Param[] = [];
  for (const [i, column] of columns.entries()) {
    const value = row[i] ?? null;
    if (value instanceof Uint8Array) {
      throw new InvalidDataError(
        `${action}: "${column}" holds bytes that are no UTF-8 text, which PostgreSQL cannot hold; ` +
          "correct them in the source",
      );
    }
    if (column === "retry_count") params.push(wholeNumber(value, action));
    else if (TIMES[column] === undefined) params.push(textParam(value, action));
    else {
      textParam(value, action);
      const unreadable = OPTIONAL_TIMES.includes(column) ? null : UNREADABLE_START;
      params.push(...storedTime(value, unreadable));
    }
  }
  return params;
}

function wholeNumber(value: Row[number], action: string): number | bigint | null {
  if (value === null || value === undefined) return null;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  // An export writes those that are not exact in JavaScript as text.
  const exact = /^-?\d{1,19}$/.test(String(value)) ? BigInt(String(value)) : undefined;
  if (exact !== undefined && BigInt.asIntN(64, exact) === exact) return exact;
  throw new InvalidDataError(`${action}: "retry_count" is "${value}", wanted is a whole number`);
}

/**
 * Inserts runs that are not there yet.
 *
 * @param database The database.
 * @param runs The runs.
 * @param action What it is for.
 * @returns For each run whether it was inserted, or why it cannot be.
 */
export async function insertStoredRuns(
  database: PostgresDatabase,
  runs: readonly StoredRun[],
  action: string,
): Promise<(boolean | InvalidDataError)[]> {
  const prepared = runs.map((run) => orError(() => prepare(run)));
  const wanted = new Map<string, Prepared>();
  for (const one of prepared) {
    if (!(one instanceof InvalidDataError) && !wanted.has(one.id)) wanted.set(one.id, one);
  }
  const outcomes = await insertAll(database, [...wanted.values()], action);
  // Of several of one id the first counts.
  return prepared.map((one) => {
    if (one instanceof InvalidDataError) return one;
    return wanted.get(one.id) === one && outcomes.get(one.id)!;
  });
}

function orError<T>(make: () => T): T | InvalidDataError {
  try {
    return make();
  } catch (error) {
    if (error instanceof InvalidDataError) return error;
    throw error;
  }
}

/** All at once; when the server refuses one of them, one by one. */
async function insertAll(
  database: PostgresDatabase,
  runs: readonly Prepared[],
  action: string,
): Promise<Map<string, boolean | InvalidDataError>> {
  if (runs.length === 0) return new Map();
  try {
    const inserted = await insertTogether(database, runs, action);
    return new Map(runs.map(({ id }) => [id, inserted.has(id)]));
  } catch (cause) {
    const refused = cause instanceof InvalidDataError ||
      cause instanceof DatabaseError && cause.code === "constraint";
    if (!refused) throw cause;
    const [only] = runs;
    if (runs.length === 1) {
      return new Map([[only!.id, new InvalidDataError(cause.message, { cause })]]);
    }
    const outcomes = new Map<string, boolean | InvalidDataError>();
    for (const run of runs) {
      for (const [id, outcome] of await insertAll(database, [run], action)) {
        outcomes.set(id, outcome);
      }
    }
    return outcomes;
  }
}

async function insertTogether(
  database: PostgresDatabase,
  runs: readonly Prepared[],
  action: string,
): Promise<Set<string>> {
  const params = [
    ...columnsOf(RUN_PARAMS.length, runs.map(({ run }) => run)),
    ...columnsOf(NODE_PARAMS.length, runs.flatMap(({ nodes }) => nodes)),
    ...columnsOf(SNAPSHOT_PARAMS.length, runs.flatMap(({ snapshots }) => snapshots)),
    ...columnsOf(2, runs.flatMap(({ labels }) => labels)),
  ];
  return await database.attempt(action, async (session) => {
    const { rows } = await session.query(INSERT, params);
    if (!session.uncertain) return new Set(rows.map(([id]) => String(id)));
    // The answer to an earlier attempt was lost: what is there now was added by it.
    return await readStoredIds(session, runs.map(({ id }) => id));
  });
}
