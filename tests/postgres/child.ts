/**
 * What other processes do to a server in these tests: the first argument names
 * it, the others are the URL, the schema and a number.
 *
 * @module
 */

import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { sampleRun } from "../executions/sample_runs.ts";

const [task = "", url = "", schema = "", count = ""] = Deno.args;

const tasks: Record<string, (executions: PostgresExecutionRepository) => Promise<void>> = {
  /** Records runs, four at a time. */
  async record(executions): Promise<void> {
    let left = Number(count);
    const work = async () => {
      while (left-- > 0) await executions.record(sampleRun({ nodes: 3 }));
    };
    await Promise.all([work(), work(), work(), work()]);
    console.log("done");
  },

  /** Records large runs until an error, prints it, and whether all that was acknowledged is there. */
  async fill(executions): Promise<void> {
    const stored: string[] = [];
    const failure = await (async () => {
      for (;;) {
        const run = sampleRun({ nodes: 3 });
        // Random, so that the server cannot compress it.
        run.returnValue = crypto.getRandomValues(new Uint8Array(30_000)).toBase64();
        try {
          await executions.record(run);
        } catch (error) {
          return error as { name: string; code: string; message: string };
        }
        stored.push(run.id);
      }
    })();
    console.log(failure.name, failure.code, failure.message.includes("free some space"));
    let whole = 0;
    for await (const { id } of executions.iterate()) {
      const { nodeExecutions, variableSnapshots } = await executions.load(id);
      if (nodeExecutions.length === 3 && variableSnapshots.length === 1) whole++;
    }
    const there = await executions.storedIds(stored);
    console.log(stored.length > 10, there.size === stored.length, whole === stored.length);
  },
};

await using executions = await PostgresExecutionRepository.open(url, { schema });
await tasks[task]!(executions);
