/**
 * What other processes do to a database in these tests: the first argument
 * names it, the second is the options of the store as JSON.
 *
 * @module
 */

import { Execution } from "../../src/domain/execution.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";

const [task = "", options = "{}", ...args] = Deno.args;

/** A run of a workflow with three nodes and a variable. */
function makeRun(workflowId: string): Execution {
  const run = Execution.create(workflowId, "1.0", { n: 1 });
  run.start();
  for (let i = 0; i < 3; i++) {
    const node = run.addNodeExecution(NodeExecution.create(run.id, `node_${i}`, "transform"));
    node.start();
    node.complete({ i });
  }
  run.complete();
  return run;
}

/** Says that it is there, and blocks. */
function stop(): void {
  console.log("begins");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const tasks: Record<string, (executions: SQLiteExecutionRepository) => Promise<void>> = {
  /** Records a number of runs. */
  async record(executions): Promise<void> {
    for (let i = 0; i < Number(args[0]); i++) await executions.record(makeRun("orders"));
    console.log("done");
  },

  /** Records runs until it is killed; prints the id of each that was acknowledged. */
  async recordForever(executions): Promise<void> {
    for (;;) {
      const run = makeRun("orders");
      await executions.record(run);
      console.log(run.id);
    }
  },

  /** Records large runs until an error, prints it, and whether the store still works. */
  async fillDisk(executions): Promise<void> {
    let stored = 0;
    try {
      for (;; stored++) {
        const run = makeRun("orders");
        run.returnValue = "x".repeat(20_000);
        await executions.record(run);
      }
    } catch (error) {
      const { name, code } = error as { name: string; code: string };
      const { total } = await executions.list({ total: "exact" });
      console.log(name, code, stored > 0 && total?.count === stored);
    }
  },

  /** Prints what can be read, and the error of a write. */
  async readOnly(executions): Promise<void> {
    const { executions: runs } = await executions.list();
    const { readOnly } = await executions.info();
    const error = await executions.record(makeRun("orders")).catch((error) => error);
    const counts = [await executions.statistics(), await executions.statistics()]
      .map(({ runs, nodes }) => `${runs.count} ${nodes.types.transform}`);
    console.log(runs.length, ...counts, readOnly, error?.name, error?.code);
  },

  /** Prunes all runs into an archive. */
  async prune(executions): Promise<void> {
    console.log("begins");
    await executions.prune({ rules: [{ maxAge: 0 }], keepLastSuccess: false }, {
      archive: `${args[0]}/archive.gz`,
      batchSize: 5,
    });
  },

  /** Prunes one batch and stops for ever. */
  async pruneAndStop(executions): Promise<void> {
    await executions.prune({ rules: [{ maxCount: 0 }], keepLastSuccess: false }, {
      batchSize: 5,
      onProgress: stop,
    });
  },

  /** Imports one batch and stops for ever. */
  async importAndStop(executions): Promise<void> {
    using file = await Deno.open(`${args[0]}/runs.ndjson`);
    await executions.import(file.readable, { onProgress: stop });
  },

  /** Imports runs, prunes them and compacts the file, again and again. */
  async importAndCompact(executions): Promise<void> {
    console.log("begins");
    for (;;) {
      using file = await Deno.open(`${args[0]}/runs.ndjson`);
      await executions.import(file.readable);
      await executions.prune({ rules: [{ maxCount: 0 }], keepLastSuccess: false });
      await executions.compact();
    }
  },

  /** Changes what a run returned. */
  async change(executions): Promise<void> {
    const run = await executions.load(args[0] ?? "");
    run.returnValue = "another process";
    await executions.save(run);
    console.log("done");
  },

  /** Claims every abandoned run until there are none; prints those it got. */
  async claim(executions): Promise<void> {
    for (;;) {
      const abandoned = await executions.listAbandoned();
      if (abandoned.length === 0) return;
      for (const { id } of abandoned) {
        if (await executions.claim(id, args[0] ?? "")) console.log(id);
      }
    }
  },

  /** Compacts the file; prints by how many bytes the most memory in use grew. */
  async compact(executions): Promise<void> {
    const peak = async () =>
      Number(/^VmHWM:\s+(\d+)/m.exec(await Deno.readTextFile("/proc/self/status"))?.[1]) * 1024;
    const before = await peak();
    await executions.compact();
    console.log(await peak() - before);
  },

  /** Restores a copy. */
  async restore(executions): Promise<void> {
    console.log("begins");
    await executions.restore(`${args[0]}/copy.db`);
  },

  /** Prunes on a full disk; prints how many runs went, and whether the store works again. */
  async pruneFullDisk(executions): Promise<void> {
    await tasks["fillDisk"]!(executions);
    const { count } = await executions.prune({ rules: [{ maxCount: 1 }], keepLastSuccess: false });
    await executions.checkpoint();
    await executions.record(makeRun("orders"));
    const { total } = await executions.list({ total: "exact" });
    console.log(count > 0, total?.count);
  },
};

if (task === "migrate") console.log("begins");

try {
  using executions = await SQLiteExecutionRepository.open(JSON.parse(options));
  await tasks[task]?.(executions);
} catch (error) {
  const { name, code, resource, message } = error as Record<string, string>;
  console.log(name, code ?? resource ?? message);
}
