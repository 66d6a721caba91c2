/**
 * An engine of the tests: takes over runs whose owner is gone and brings them
 * to their end, until there are none. The arguments are where the runs are, as
 * JSON, and its name. Prints the id of each run that it was told is stored as
 * ended.
 *
 * @module
 */

import { ConflictError, InvalidStateError } from "../../src/domain/errors.ts";
import type { ExecutionRepository } from "../../src/domain/execution_repository.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import type { SQLiteOptions } from "../../src/executions/options.ts";

/** Where the runs are. */
export type Place = { sqlite: SQLiteOptions } | { url: string; schema: string };

/** How long an engine may be silent, in milliseconds. */
const LEASE = 60;
/** How long a step takes, in milliseconds. */
const THOUGHT = 5;
const STEPS = 4;

async function openPlace(place: Place): Promise<ExecutionRepository> {
  if ("sqlite" in place) {
    const { SQLiteExecutionRepository } = await import("../../src/executions/repository.ts");
    return await SQLiteExecutionRepository.open(place.sqlite);
  }
  const { PostgresExecutionRepository } = await import("../../src/postgres/repository.ts");
  return await PostgresExecutionRepository.open(place.url, { schema: place.schema });
}

/** Brings a run to its end; what was done before by another engine stays. */
async function runToEnd(
  executions: ExecutionRepository,
  id: string,
  owner: string,
): Promise<void> {
  const run = await executions.load(id);
  if (run.status === "pending") run.start();
  for (let step = 0; step < STEPS; step++) {
    const node = run.addNodeExecution(NodeExecution.create(id, `step_${step}`, "transform"));
    node.start();
    await new Promise((resolve) => setTimeout(resolve, THOUGHT));
    await executions.saveNodeExecution(node, { owner });
    node.complete({ owner });
  }
  run.complete({ owner });
  await executions.record(run, { owner });
  console.log(id);
}

if (import.meta.main) {
  const [place = "", owner = ""] = Deno.args;
  await using executions = await openPlace(JSON.parse(place));
  for (;;) {
    const { total } = await executions.list({ status: ["pending", "running"], total: "exact" });
    if (total!.count === 0) break;
    for (const { id } of await executions.listAbandoned()) {
      if (!await executions.claim(id, owner, LEASE)) continue;
      try {
        await runToEnd(executions, id, owner);
      } catch (error) {
        // It slept too long, and the run is another engine's.
        if (!(error instanceof ConflictError || error instanceof InvalidStateError)) throw error;
      }
    }
  }
}
