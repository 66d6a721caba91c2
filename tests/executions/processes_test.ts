import { assert, assertEquals } from "@std/assert";
import { denoCommand, runDeno } from "../helpers/child.ts";
import { type Backend, ffiMissing, rawSql, testBackends, withRoot } from "./backends.ts";
import { holdLock } from "./lock_holder.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";

const CHILD = new URL("child.ts", import.meta.url);
const SOAK = Deno.env.get("GOFLOW_SOAK") === "1";

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

    const gaps: number[] = [];
    let last = performance.now();
    const timer = setInterval(() => {
      gaps.push(performance.now() - last);
      last = performance.now();
    }, 1);
    const { Execution } = await import("../../src/domain/execution.ts");
    const { DatabaseError } = await import("../../src/domain/errors.ts");
    const run = Execution.create("orders", "1.0");
    const start = performance.now();
    const error = await executions.save(run).catch((error) => error);
    const waited = performance.now() - start;
    assert(error instanceof DatabaseError);
    assertEquals(error.code, "busy");
    assert(waited >= 200 && waited < 1000, `waited ${waited} ms`);
    // A busy machine may be late once; a lock that blocks would be so each time.
    const blocked = gaps.filter((gap) => gap > 50);
    assert(blocked.length < 2, `the event loop was blocked for ${blocked.join(", ")} ms`);

    using patient = await SQLiteExecutionRepository.open({ path, ...backend });
    const saved = patient.save(run);
    await holder[Symbol.asyncDispose]();
    await saved;
    clearInterval(timer);
    assertEquals((await executions.load(run.id)).id, run.id);
  },
);
