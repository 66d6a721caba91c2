import { assert, assertEquals } from "@std/assert";
import type { ExecutionStatus } from "../../src/domain/execution.ts";
import type { ExecutionRepository } from "../../src/domain/execution_repository.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { testPostgres, waitFor } from "../postgres/databases.ts";
import { denoCommand } from "../helpers/child.ts";
import { type Backend, testBackends } from "./backends.ts";
import type { Place } from "./engine.ts";
import { sampleRun } from "./sample_runs.ts";

const SOAK = Deno.env.get("GOFLOW_SOAK") === "1";
const RUNS = SOAK ? 120 : 40;
const only: Partial<Backend> = SOAK ? {} : { driver: "builtin", journalMode: "wal" };
const NAME = "engines that sleep and die in the middle end each run exactly once";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts an engine; returns the runs that it says it ended, once it has stopped. */
function startEngine(place: Place, name: string) {
  const child = denoCommand(new URL("engine.ts", import.meta.url), {
    flags: ["-A"],
    args: [JSON.stringify(place), name],
  }).spawn();
  let running = true;
  const output = child.output().then(({ signal, code, stdout, stderr }) => {
    running = false;
    const error = new TextDecoder().decode(stderr);
    assert(signal === "SIGKILL" || code === 0 && error === "", `${signal} ${code} ${error}`);
    return { name, ended: new TextDecoder().decode(stdout).split("\n").slice(0, -1) };
  });
  const signal = (signal: Deno.Signal) => {
    if (running) child.kill(signal);
  };
  return { name, output, signal };
}

async function checkEngines(executions: ExecutionRepository, place: Place): Promise<void> {
  const ids = Array.from({ length: RUNS }, (_, i) => `r${i}`);
  for (const id of ids) {
    await executions.record(sampleRun({ id, status: "running", nodes: 0 }));
    await executions.lease(id, "the one before", 1);
  }
  const engines = Array.from({ length: 3 }, (_, i) => startEngine(place, `engine ${i}`));
  const outputs = engines.map(({ output }) => output);
  const count = async (status: ExecutionStatus) =>
    (await executions.list({ status, limit: 1, total: "exact" })).total!.count;
  await waitFor(async () => await count("completed") > 0);
  for (let round = 0; await count("running") > 0; round++) {
    await pause(20);
    const victim = engines[round % engines.length]!;
    if (round % 4 === 3) {
      victim.signal("SIGKILL");
      await victim.output;
      const next = startEngine(place, `engine ${outputs.length}`);
      engines[round % engines.length] = next;
      outputs.push(next.output);
    } else {
      // Longer than its lease, so that others go on with its run.
      victim.signal("SIGSTOP");
      await pause(100);
      victim.signal("SIGCONT");
    }
  }
  const told = new Map<string, string>();
  for (const { name, ended } of await Promise.all(outputs)) {
    for (const id of ended) {
      assertEquals(told.has(id), false, `${told.get(id)} and ${name} both ended ${id}`);
      told.set(id, name);
    }
  }
  for (const id of ids) {
    const run = await executions.load(id);
    assertEquals(run.status, "completed");
    const { owner } = run.returnValue as { owner: string };
    assertEquals(told.get(id) ?? owner, owner);
    const done = run.nodeExecutions.filter(({ status }) => status === "completed");
    assertEquals(done.filter(({ outputs }) => outputs.owner === owner).length, 4);
  }
  assertEquals(await executions.listAbandoned(), []);
  assertEquals((await executions.statistics()).runs.byStatus, { completed: RUNS });
}

testBackends(NAME, async ({ root, backend, open }) => {
  using executions = await open();
  await checkEngines(executions, { sqlite: { root, ...backend, durability: "normal" } });
}, { only });

testPostgres(NAME, async ({ url, schema }) => {
  await using executions = await PostgresExecutionRepository.open(url, { schema });
  await checkEngines(executions, { url, schema });
});
