/**
 * Databases as the Go program reads and writes them.
 *
 * @module
 */

import { go } from "./go_program.ts";

/** Rows in the form of the Go program; times are RFC 3339 text with nanoseconds. */
export interface GoDatabase {
  executions: GoExecution[];
  nodeExecutions: GoNodeExecution[];
  snapshots: GoSnapshot[];
  migrations?: { version: number; appliedAt: string }[];
  journalMode?: string;
}

/** Error columns. */
export interface GoError {
  type: string;
  message: string;
  nodeId?: string;
  context?: Record<string, unknown>;
}

/** A row of `executions`. */
export interface GoExecution {
  id: string;
  workflowId: string;
  workflowVersion: string;
  status: string;
  startedAt: string;
  completedAt?: string;
  error?: GoError;
  returnValue?: unknown;
  createdAt?: string;
}

/** A row of `node_executions`. */
export interface GoNodeExecution {
  id: string;
  executionId: string;
  nodeId: string;
  nodeType: string;
  status: string;
  startedAt: string;
  completedAt?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  error?: GoError;
  retryCount: number;
}

/** A row of `variable_snapshots`. */
export interface GoSnapshot {
  id?: number;
  executionId: string;
  nodeExecutionId?: string;
  variableName: string;
  oldValue?: unknown;
  newValue?: unknown;
  timestamp: string;
}

/** Zones on both sides of UTC, one with half an hour, one without a letter name. */
export const ZONES = ["UTC", "America/Los_Angeles", "Asia/Kolkata", "America/Sao_Paulo"];
/** Go's zero time, which means "not set". */
export const NOT_SET = "0001-01-01T00:00:00Z";
/** A value that JSON encoders and databases are known to damage. */
export const AWKWARD = {
  html: "<a href='x'>&amp;",
  lines: "\u2028\u2029\n",
  text: "日本 😀 \u0000",
  n: 1.5,
};
const START = Date.UTC(2026, 10, 23, 19, 48, 11);

/** A time of the sequence, 20 minutes apart, with `digits` of the second. */
export function at(step: number, digits = "620066549"): string {
  return new Date(START + step * 1_200_000).toISOString().replace(".000Z", `.${digits}Z`);
}

/** The rows that one zone writes; the steps of the zones interleave. */
export function rowsOf(zone: number): GoDatabase {
  const rows: GoDatabase = { executions: [], nodeExecutions: [], snapshots: [] };
  for (let i = 0; i < 3; i++) {
    const step = i * ZONES.length + zone;
    const id = `run-${step}`;
    rows.executions.push({
      id,
      workflowId: "flow",
      workflowVersion: "1.0",
      status: ["completed", "failed", "running"][i]!,
      startedAt: at(step),
      ...(i < 2 ? { completedAt: at(step + 1, "9") } : {}),
      ...(i === 0 ? { returnValue: AWKWARD } : {}),
      ...(i === 1
        ? { error: { type: "execution", message: "a > b", nodeId: "n", context: AWKWARD } }
        : {}),
    });
    // In the wrong order, and one that has not started.
    for (const [node, start] of [["late", 2], ["early", 1]] as const) {
      rows.nodeExecutions.push({
        id: `${id}-${node}`,
        executionId: id,
        nodeId: node,
        nodeType: "mcp_tool",
        status: "completed",
        startedAt: at(step + start, "000000001"),
        completedAt: at(step + start + 1),
        inputs: AWKWARD,
        outputs: { list: [1, "1", null] },
        retryCount: start,
      });
    }
    rows.nodeExecutions.push({
      id: `${id}-never`,
      executionId: id,
      nodeId: "never",
      nodeType: "end",
      status: "pending",
      startedAt: NOT_SET,
      retryCount: 0,
    });
    rows.snapshots.push({
      executionId: id,
      nodeExecutionId: `${id}-early`,
      variableName: "x",
      oldValue: "1.0",
      newValue: AWKWARD,
      timestamp: at(step, "5"),
    });
  }
  return rows;
}

/** Writes rows with the Go program in a zone. */
export async function writeWithGo(
  path: string,
  rows: Partial<GoDatabase>,
  zone = "UTC",
): Promise<void> {
  await go(["db-write", path], { input: rows, env: { TZ: zone } });
}

/** Reads all rows with the Go program, times as UTC whatever the zone. */
export async function readWithGo(path: string, zone = "Asia/Tokyo"): Promise<GoDatabase> {
  return JSON.parse(await go(["db-read", path], { env: { TZ: zone } }));
}

/** Makes a database with rows of every zone. */
export async function writeAllZones(path: string): Promise<void> {
  for (const [i, zone] of ZONES.entries()) await writeWithGo(path, rowsOf(i), zone);
}

/** The instant of a time of Go in milliseconds, which is all that a `Date` holds. */
export function instant(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text.replace(/(\.\d{3})\d+/, "$1"));
}

/** The steps of runs, which their ids tell. */
export function steps(executions: readonly { id: string }[]): number[] {
  return executions.map((execution) => Number(execution.id.replace("run-", "")));
}

/** Number of runs of all zones. */
export const COUNT = 3 * ZONES.length;
/** Their steps, newest first. */
export const NEWEST_FIRST = Array.from({ length: COUNT }, (_, i) => COUNT - 1 - i);

/** The fields that have a value. */
export function defined(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}
