/** Databases with wrong bytes in any place. */

import { assert, assertEquals } from "@std/assert";
import { Execution, NodeExecution, StorageError } from "../../mod.ts";
import { testBackends } from "../executions/backends.ts";

/** Numbers from 0 to 1 that are the same in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

function run(): Execution {
  const execution = Execution.create("orders", "1.0", { day: "2026-11-23" });
  execution.start();
  const node = execution.addNodeExecution(
    NodeExecution.create(execution.id, "sum", "transform"),
  );
  node.start();
  node.complete({ text: "x".repeat(300) });
  execution.complete({ sum: 17 });
  return execution;
}

testBackends(
  "SQLiteExecutionRepository throws only its own errors on a file with wrong bytes",
  async ({ path, open }) => {
    {
      using executions = await open();
      for (let i = 0; i < 40; i++) await executions.record(run());
    }
    const whole = await Deno.readFile(path);
    const random = randomNumbers(42);
    let refused = 0;
    for (let round = 0; round < 30; round++) {
      const damaged = whole.slice();
      const reach = round % 2 === 0 ? whole.length : 20_000;
      for (let left = 1 + random() * 100; left > 0; left--) {
        damaged[Math.floor(random() * reach)] = Math.floor(random() * 256);
      }
      await Deno.writeFile(path, damaged);
      try {
        using executions = await open();
        const { executions: found } = await executions.list({ total: "exact" });
        for (const { id } of found.slice(0, 5)) await executions.load(id);
        await executions.record(run());
      } catch (error) {
        assert(error instanceof StorageError, `round ${round}: ${error}`);
        refused++;
      }
    }
    assert(refused > 0, "no byte that was changed mattered");
  },
  { only: { journalMode: "delete" } },
);

testBackends(
  "SQLiteExecutionRepository refuses a file cut off anywhere, and leaves it as it is",
  async ({ path, open }) => {
    {
      using executions = await open();
      for (let i = 0; i < 40; i++) await executions.record(run());
    }
    const whole = await Deno.readFile(path);
    for (let part = 1; part < 25; part++) {
      const cut = whole.slice(0, Math.floor(whole.length * part / 25) + part % 3);
      await Deno.writeFile(path, cut);
      const error = await open().then(() => undefined, (error) => error);
      assert(error instanceof StorageError, `${cut.length} bytes: ${error}`);
      assertEquals(await Deno.readFile(path), cut);
    }
  },
  { only: { journalMode: "delete" } },
);
