/**
 * Measures recording and loading runs of 10 to 500 nodes:
 * `deno task bench:executions`, with `--driver=ffi` for the other driver.
 *
 * @module
 */

import type { DriverName } from "../src/executions/driver.ts";
import { SQLiteExecutionRepository } from "../src/executions/repository.ts";
import { compare, printHead } from "./measure.ts";
import { PlainStore } from "./plain.ts";
import { makeLongRun } from "./samples.ts";

/** So many runs are counted at once. */
const CALLS = 32;

async function measure(driver: DriverName, folder: string): Promise<void> {
  using plain = await PlainStore.create(driver, `${folder}/plain.db`);
  using bare = await PlainStore.createBare(driver, `${folder}/bare.db`);
  using here = await SQLiteExecutionRepository.open({
    path: `${folder}/here.db`,
    driver,
    journalMode: "wal",
  });
  for (const nodes of [10, 30, 100, 500]) {
    const rounds = nodes > 100 ? 8 : 24;
    for (const other of [bare, plain]) {
      const runs = Array.from(
        { length: CALLS * (rounds + (rounds >> 3) + 2) },
        () => makeLongRun(nodes),
      );
      await compare(
        `record, ${nodes} nodes${other === plain ? ", by version 1" : ""}`,
        nodes === 30 && other === bare ? 1.3 : Infinity,
        { rounds, calls: CALLS },
        (call) => other.record(runs[call]!),
        (call) => here.record(runs[call]!),
      );
    }
  }
  const runs = Array.from({ length: 200 }, () => makeLongRun(30));
  await compare(
    "31 saves of a run of 30 nodes",
    1.3,
    { rounds: 24, calls: 4 },
    (call) => {
      plain.save(runs[call]!);
      for (const node of runs[call]!.nodeExecutions) plain.saveNode(node);
    },
    async (call) => {
      await here.save(runs[call]!);
      for (const node of runs[call]!.nodeExecutions) await here.saveNodeExecution(node);
    },
  );
  for (const nodes of [10, 30, 100, 500]) {
    const run = makeLongRun(nodes);
    plain.record(run);
    await here.record(run);
    const repetition = { rounds: 40, calls: nodes > 100 ? 4 : 20 };
    const load = () => plain.load(run.id);
    await compare(`load, ${nodes} nodes, decoded`, 1.25, repetition, load, async () => {
      const { nodeExecutions, returnValue, variableSnapshots } = await here.load(run.id);
      for (const node of nodeExecutions) void [node.inputs, node.outputs];
      void [returnValue, variableSnapshots];
    });
    await compare(
      `load, ${nodes} nodes, payloads untouched`,
      0.5,
      repetition,
      load,
      async () => {
        for (const node of (await here.load(run.id)).nodeExecutions) void node.startedAt;
      },
    );
  }
}

if (import.meta.main) {
  const driver = Deno.args.includes("--driver=ffi") ? "ffi" : "builtin";
  const folder = await Deno.makeTempDir();
  try {
    printHead(`Driver ${driver}`);
    await measure(driver, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
