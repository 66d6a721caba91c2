/**
 * Reads runs with their parts, in one statement, which sees one state.
 *
 * @module
 */

import type { LoadOptions } from "../domain/execution_repository.ts";
import type { Row } from "../executions/driver.ts";
import type { RunRows } from "../executions/load.ts";
import {
  NODE_ORDER,
  NODE_SELECT,
  NODE_TIMES,
  noteNumber,
  RUN_SELECT,
  RUN_TIMES,
  SNAPSHOT_SELECT,
  SNAPSHOT_TIMES,
  withTimes,
} from "./columns.ts";
import type { Session } from "./database.ts";

/** Columns of a node execution, the widest of the parts. */
const WIDTH = 13;
const RUN_WIDTH = 12;
const SNAPSHOT_WIDTH = 7;

const nulls = (count: number) => Array(count).fill("NULL").join(", ");

/** The last column is a number; the id of a snapshot, one too, is text here. */
const RUN = `SELECT 0, row_number() OVER (), ${RUN_SELECT}, ${nulls(WIDTH - RUN_WIDTH)}::bigint
FROM executions AS e WHERE e.id = $1`;
const NODES = `SELECT 1, row_number() OVER (ORDER BY ${NODE_ORDER}), ${NODE_SELECT}
FROM node_executions AS n WHERE n.execution_id = $1`;
const SNAPSHOTS = `SELECT 2, row_number() OVER (ORDER BY s.id), ${
  SNAPSHOT_SELECT.replace("s.id", "s.id::text")
}, ${nulls(WIDTH - SNAPSHOT_WIDTH)} FROM variable_snapshots AS s WHERE s.execution_id = $1`;

/**
 * Reads the rows of a run and of the wanted parts.
 *
 * @param session Where to read.
 * @param id Id of the run.
 * @param options Which parts.
 * @returns The rows, `undefined` if there is no such run.
 */
export async function readRunRows(
  session: Pick<Session, "query">,
  id: string,
  options: LoadOptions = {},
): Promise<RunRows | undefined> {
  const { nodeExecutions = "lazy", variableSnapshots = true } = options;
  const parts = [
    RUN,
    ...(nodeExecutions === "none" ? [] : [NODES]),
    ...(variableSnapshots ? [SNAPSHOTS] : []),
  ];
  const { rows } = await session.query(`${parts.join(" UNION ALL ")} ORDER BY 1, 2`, [id]);
  const [run] = rows;
  if (run === undefined || run[0] !== 0) return undefined;
  const newest = rows.at(-1)!;
  if (newest[0] === 2) noteNumber(Number(newest[2]));
  const take = (part: number, width: number, times: readonly number[]): Row[] =>
    rows.filter((row) => row[0] === part)
      .map((row) => withTimes(row.slice(2, 2 + width), times));
  return {
    run: withTimes(run.slice(2, 2 + RUN_WIDTH), RUN_TIMES),
    nodes: nodeExecutions === "none" ? undefined : take(1, WIDTH, NODE_TIMES),
    snapshots: variableSnapshots ? take(2, SNAPSHOT_WIDTH, SNAPSHOT_TIMES) : undefined,
  };
}
