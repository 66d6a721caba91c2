import { assert, assertEquals, assertRejects } from "@std/assert";
import { DatabaseError, NotFoundError } from "../../src/domain/errors.ts";
import { Execution } from "../../src/domain/execution.ts";
import { denoCommand, runDeno } from "../helpers/child.ts";
import { type Backend, ffiMissing, rawSql, testBackends, withRoot } from "./backends.ts";
import { holdLock } from "./lock_holder.ts";
import { sampleRun } from "./sample_runs.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";

const CHILD = new URL("child.ts", import.meta.url);
const SOAK = Deno.env.get("GOFLOW_SOAK") === "1";

/** Watches the event loop until the returned function is called, which checks that it was free. */
function watchEventLoop(): (name: string) => void {
  const gaps: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    gaps.push(performance.now() - last);
    last = performance.now();
  }, 1);
  return (name) => {
    clearInterval(timer);
    // A busy machine may be late once; a lock that blocks would be so each time.
    const blocked = gaps.filter((gap) => gap > 50);
    assert(blocked.length < 2, `${name} blocked the event loop for ${blocked.join(", ")} ms`);
  };
}

/** Eight processes record runs on one new file; checks that none is lost. */
async function recordTogether(root: string, backends: Backend[]): Promise<void> {
  const runs = SOAK ? 500 : 25;
  const children = backends.map((backend) =>
    runDeno(CHILD, {
      flags: ["-A"],
      args: ["record", JSON.stringify({ root, ...backend }), String(runs)],
    })
  );
  const outputs = await Promise.all(children);
  for (const { code, stdout, stderr } of outputs) {
    assertEquals({ code, stdout, stderr }, { code: 0, stdout: "done\n", stderr: "" });
  }
  const path = `${root}/goflow.db`;
  const count = async (table: string) => {
    const [row] = await rawSql(path, `SELECT count(*) AS n FROM ${table}`);
    return (row as { n: number }).n;
  };
  assertEquals(await count("executions"), backends.length * runs);
  assertEquals(await count("node_executions"), backends.length * runs * 3);
  assertEquals(await count("variable_snapshots"), backends.length * runs);
  assertEquals(await rawSql(path, "PRAGMA foreign_key_check"), []);
  const [integrity] = await rawSql(path, "PRAGMA integrity_check");
  assertEquals(integrity, { integrity_check: "ok" });
}

testBackends(
  "SQLiteExecutionRepository.record() loses nothing among eight processes",
  async ({ root, backend }) => {
    await recordTogether(root, Array.from({ length: 8 }, () => backend));
  },
);

for (const journalMode of ["wal", "delete"] as const) {
  Deno.test({
    name:
      `SQLiteExecutionRepository.record() loses nothing among eight processes (mixed, ${journalMode})`,
    ignore: ffiMissing !== undefined,
    fn: () =>
      withRoot((root) =>
        recordTogether(
          root,
          Array.from({ length: 8 }, (_, i) => ({ driver: i % 2 ? "ffi" : "builtin", journalMode })),
        )
      ),
  });
}

testBackends(
  "SQLiteExecutionRepository.record() is whole or absent after SIGKILL",
  async ({ root, path, backend, open }) => {
    const acknowledged: string[] = [];
    for (let round = 0; round < (SOAK ? 50 : 3); round++) {
      const child = denoCommand(CHILD, {
        flags: ["-A"],
        args: ["recordForever", JSON.stringify({ root, ...backend })],
      }).spawn();
      const lines = child.stdout.pipeThrough(new TextDecoderStream());
      let text = "";
      const wanted = 1 + Math.random() * 20;
      for await (const chunk of lines) {
        text += chunk;
        if (text.split("\n").length > wanted) break;
      }
      child.kill("SIGKILL");
      await child.stderr.cancel();
      await child.status;
      // The last line may be cut.
      acknowledged.push(...text.split("\n").slice(0, -1));
    }
    {
      using executions = await open();
      for (const id of acknowledged) {
        const { nodeExecutions, variables, status } = await executions.load(id);
        assertEquals([nodeExecutions.length, variables["n"], status], [3, 1, "completed"]);
      }
    }
    const [halves] = await rawSql(
      path,
      `SELECT count(*) AS n FROM executions AS e WHERE 3 <>
      (SELECT count(*) FROM node_executions WHERE execution_id = e.id)`,
    );
    assertEquals(halves, { n: 0 });
    const [integrity] = await rawSql(path, "PRAGMA integrity_check");
    assertEquals(integrity, { integrity_check: "ok" });
  },
);

testBackends(
  "SQLiteExecutionRepository.save() waits for a lock without blocking, and gives up in time",
  async ({ path, open, backend }) => {
    using executions = await open({ timeout: 200 });
    const holder = await holdLock(path);

    const run = Execution.create("orders", "1.0");
    const checkEventLoop = watchEventLoop();
    const start = performance.now();
    const error = await executions.save(run).catch((error) => error);
    const waited = performance.now() - start;
    assert(error instanceof DatabaseError);
    assertEquals(error.code, "busy");
    assert(waited >= 200 && waited < 1000, `waited ${waited} ms`);
    checkEventLoop("save");
    // Those that wait for their turn wait for the lock as well.
    const queued = Array.from({ length: 20 }, () => executions.save(run).catch(({ code }) => code));
    assertEquals(new Set(await Promise.all(queued)), new Set(["busy"]));
    const all = performance.now() - start - waited;
    assert(all >= 200 && all < 2000, `waited ${all} ms`);

    using patient = await SQLiteExecutionRepository.open({ path, ...backend });
    const saved = patient.save(run);
    await holder[Symbol.asyncDispose]();
    await saved;
    assertEquals((await executions.load(run.id)).id, run.id);
  },
);

testBackends(
  "SQLiteExecutionRepository never blocks the event loop for long, whatever waits for a lock",
  async ({ root, path, open, backend }) => {
    using executions = await open({ timeout: 150 });
    const run = sampleRun();
    await executions.record(run);
    await executions.backup(`${root}/copy.db`);
    const line = await new Response(executions.export()).bytes();
    const policy = { rules: [{ maxCount: 0 }], keepLastSuccess: false };
    const isWal = backend.journalMode === "wal";
    const writes: Record<string, () => Promise<unknown>> = {
      record: () => executions.record(run),
      delete: () => executions.delete(run.id),
      addLabels: () => executions.addLabels(run.id, "eu"),
      prune: () => executions.prune(policy),
      import: () => executions.import(ReadableStream.from([line])),
      restore: () => executions.restore(`${root}/copy.db`),
      open: () => open({ timeout: 150, journalMode: isWal ? "delete" : "wal" }),
    };
    const reads: Record<string, () => Promise<unknown>> = {
      load: () => executions.load(run.id),
      list: () => executions.list({ total: "exact" }),
      planPrune: () => executions.planPrune(policy),
      export: () => new Response(executions.export()).bytes(),
      watch: () => executions.watch({ after: 0 }).next(),
    };
    await using _holder = await holdLock(path, "EXCLUSIVE");
    for (const [name, operation] of Object.entries({ ...writes, ...reads })) {
      const checkEventLoop = watchEventLoop();
      const error = await operation().then(() => undefined, (error) => error);
      checkEventLoop(name);
      // In WAL mode a writer keeps no reader out.
      if (isWal && name in reads) assertEquals(error, undefined, name);
      else {
        assert(error instanceof DatabaseError, `${name}: ${error}`);
        assertEquals(error.code, "busy", `${name}: ${error}`);
      }
    }
  },
);

testBackends(
  "SQLiteExecutionRepository keeps several stores in one process apart, and on one file in step",
  async ({ root, path, open }) => {
    using first = await open();
    using second = await open({ cacheSize: 5 });
    using other = await open({ path: `${root}/other.db` });
    const runs = Array.from({ length: 20 }, () => sampleRun());
    await Promise.all(runs.map((run, i) => [first, second, other][i % 3]!.record(run)));
    const count = async (executions: SQLiteExecutionRepository) =>
      (await executions.list({ limit: 1, total: "exact" })).total?.count;
    assertEquals([await count(first), await count(second), await count(other)], [14, 14, 6]);
    const [run] = runs;
    await second.load(run!.id);
    await first.delete(run!.id);
    await assertRejects(() => second.load(run!.id), NotFoundError);
    first.close();
    // The locks of the file stay those of the second one.
    await second.record(sampleRun());
    {
      await using _holder = await holdLock(path);
      const error = await assertRejects(async () => {
        using impatient = await open({ timeout: 50 });
        await impatient.record(sampleRun());
      }, DatabaseError);
      assertEquals(error.code, "busy");
    }
    assertEquals((await second.check({ full: true })).ok, true);
    const error = await assertRejects(() => second.restore(path), DatabaseError, "itself");
    assertEquals(error.code, "io");
    assertEquals(await count(second), 14);
  },
);
