/**
 * Runs for tests.
 *
 * @module
 */

import { Execution, type ExecutionStatus } from "../../src/domain/execution.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import type { ExecutionRepository } from "../../src/domain/execution_repository.ts";

/** How a run is made. */
export interface SampleOptions {
  id?: string;
  workflowId?: string;
  status?: ExecutionStatus;
  startedAt?: Date;
  /** Milliseconds. */
  duration?: number;
  errorType?: string;
  nodes?: number;
}

/** Makes a run that has ended, unless its status says otherwise. */
export function sampleRun(options: SampleOptions = {}): Execution {
  const { workflowId = "orders", status = "completed", duration = 1000, nodes = 2 } = options;
  const run = Execution.create(workflowId, "1.0", { n: 1 });
  if (options.id !== undefined) {
    run.id = options.id;
    for (const snapshot of run.variableSnapshots) snapshot.executionId = run.id;
  }
  run.startedAt = options.startedAt ?? new Date();
  run.status = status;
  if (status !== "pending" && status !== "running") {
    run.completedAt = new Date(run.startedAt.getTime() + duration);
    if (status !== "completed") {
      run.error = { type: options.errorType ?? "execution", message: "it failed" };
    }
  }
  for (let i = 0; i < nodes; i++) {
    const node = run.addNodeExecution(NodeExecution.create(run.id, `node_${i}`, "transform"));
    node.inputs = { i };
    node.status = "completed";
    node.startedAt = run.startedAt;
    node.completedAt = new Date(run.startedAt.getTime() + (i + 1) * 10);
    node.outputs = { ok: true };
  }
  return run;
}

const DAY = 86_400_000;

/** Twenty runs, `r00` twenty days old, of two workflows; every fourth failed. */
export async function fill(executions: ExecutionRepository): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await executions.record(sampleRun({
      id: `r${String(i).padStart(2, "0")}`,
      workflowId: i % 2 ? "orders" : "notes",
      status: i % 4 === 0 ? "failed" : "completed",
      startedAt: new Date(Date.now() - (20 - i) * DAY),
    }));
  }
}

/** Ids of all runs, the oldest first. */
export async function ids(executions: ExecutionRepository): Promise<string[]> {
  const { executions: all } = await executions.list({ limit: 1000 });
  return all.map(({ id }) => id).reverse();
}

/** Ids of those runs, from one number to before another. */
export const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `r${String(from + i).padStart(2, "0")}`);
