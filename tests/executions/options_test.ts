import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DatabaseError, InvalidDataError } from "../../src/domain/errors.ts";
import { emptyPlan } from "../../src/executions/policy.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { sleep } from "../../src/timers.ts";
import { runDeno } from "../helpers/child.ts";
import { makeGoDatabase, rawSql, testBackends } from "./backends.ts";
import { testRepositories } from "./repositories.ts";
import { sampleRun } from "./sample_runs.ts";

testBackends(
  "SQLiteExecutionRepository with redaction keeps secrets off the disk",
  async ({ root, open }) => {
    const secret = "hunter2-hunter2";
    {
      using executions = await open({ redaction: { values: () => [secret] } });
      const run = sampleRun({ status: "failed", nodes: 1 });
      run.setVariable("api_key", { inner: "plain" });
      run.setVariable("text", `before ${secret} after`);
      run.returnValue = [{ password: "x1", note: secret }];
      run.error = { type: "auth", message: `bad ${secret}`, context: { Token: "t1", [secret]: 1 } };
      run.nodeExecutions[0]!.inputs = {
        header: { authorization: "Bearer y" },
        url: `?k=${secret}`,
      };
      await executions.record(run);
      await executions.checkpoint();
      const loaded = await executions.load(run.id);
      assertEquals(loaded.variables, {
        n: 1,
        api_key: "[REDACTED]",
        text: "before [REDACTED] after",
      });
      assertEquals(loaded.returnValue, [{ password: "[REDACTED]", note: "[REDACTED]" }]);
      assertEquals(loaded.error, {
        type: "auth",
        message: "bad [REDACTED]",
        context: { Token: "[REDACTED]", "[REDACTED]": 1 },
      });
      assertEquals(loaded.nodeExecutions[0]?.inputs, {
        header: { authorization: "[REDACTED]" },
        url: "?k=[REDACTED]",
      });
      // What the caller holds stays as it is.
      assertEquals(run.variables["api_key"], { inner: "plain" });
    }
    for (const { name } of Deno.readDirSync(root)) {
      assert(!(new TextDecoder().decode(await Deno.readFile(join(root, name)))).includes(secret));
    }
  },
);

testBackends(
  "SQLiteExecutionRepository with redaction keeps secrets out of what cannot be read too",
  async ({ root, path, open }) => {
    const secret = "hunter2-hunter2";
    const run = sampleRun({ status: "failed", nodes: 1 });
    {
      using executions = await open();
      await executions.record(run);
    }
    const broken = `'{ ${secret}'`;
    await rawSql(
      path,
      `UPDATE executions SET return_value = ${broken}, error_context = ${broken}`,
      `UPDATE node_executions SET inputs = ${broken}, outputs = ${broken}, error_context = ${broken}`,
      "SELECT 1",
    );
    using executions = await open();
    const loaded = await executions.load(run.id);
    using other = await open({ path: join(root, "other.db"), redaction: { values: [secret] } });
    await other.record(loaded);
    const { invalidColumns = [], nodeExecutions } = await other.load(run.id);
    const texts = [...invalidColumns, ...nodeExecutions[0]?.invalidColumns ?? []]
      .map(({ text }) => text);
    assertEquals(texts, Array(5).fill("{ [REDACTED]"));
    using strict = await open({
      path: join(root, "strict.db"),
      redaction: { mode: "strict", values: [secret] },
    });
    await assertRejects(() => strict.record(loaded), InvalidDataError, "holds a secret");
  },
);

testRepositories(
  "ExecutionRepository with strict redaction refuses to store secrets",
  async ({ open }) => {
    using executions = await open({
      redaction: { mode: "strict", keys: ["pin", /^x-/], values: ["s3cret"] },
    });
    for (const bad of [{ PIN: 1 }, { deep: [{ "x-id": "a" }] }, { text: "my s3cret!" }]) {
      const run = sampleRun({ nodes: 1 });
      run.nodeExecutions[0]!.outputs = bad;
      const error = await assertRejects(
        () => executions.record(run),
        InvalidDataError,
        "holds a secret",
      );
      assert(!error.message.includes("s3cret"));
    }
    await executions.record(sampleRun());
    assertEquals((await executions.list({ total: "exact" })).total?.count, 1);
  },
);

testBackends(
  "SQLiteExecutionRepository with a cache is never stale",
  async ({ root, path, open, backend }) => {
    using executions = await open({ cacheSize: 2 });
    using other = await SQLiteExecutionRepository.open({ root, ...backend });
    const run = sampleRun();
    await executions.record(run);
    const first = await executions.load(run.id);
    first.nodeExecutions[0]!.outputs["ok"] = "changed by the caller";
    const second = await executions.load(run.id);
    assertEquals(second, run);
    assert(second !== first);
    assertEquals((await executions.load(run.id, { nodeExecutions: "none" })).nodeExecutions, []);
    run.returnValue = "own write";
    await executions.save(run);
    assertEquals((await executions.load(run.id)).returnValue, "own write");
    run.returnValue = "other connection";
    await other.save(run);
    assertEquals((await executions.load(run.id)).returnValue, "other connection");
    if (backend.driver === "builtin") {
      await rawSql(path, `UPDATE executions SET return_value = '"Go"'`, "SELECT 1");
      assertEquals((await executions.load(run.id)).returnValue, "Go");
    }
    const { stdout } = await runDeno(new URL("child.ts", import.meta.url), {
      flags: ["-A"],
      args: ["change", JSON.stringify({ root, ...backend }), run.id],
    });
    assertEquals(stdout, "done\n");
    assertEquals((await executions.load(run.id)).returnValue, "another process");
    for (let i = 0; i < 5; i++) {
      const more = sampleRun();
      await executions.record(more);
      assertEquals(await executions.load(more.id), more);
    }
  },
);

testRepositories(
  "ExecutionRepository with autoPrune does not begin a pruning before the last one is done",
  async ({ open }) => {
    using executions = await open({
      autoPrune: { policy: { rules: [{ maxCount: 1 }] }, interval: 1 },
    });
    let [calls, running, most] = [0, 0, 0];
    const twice = Promise.withResolvers<void>();
    executions.prune = async (policy) => {
      most = Math.max(most, ++running);
      await sleep(20);
      running--;
      if (++calls === 2) twice.resolve();
      return { ...emptyPlan(policy), freedPages: 0 };
    };
    // Not kept alive by the timer of the pruning itself.
    const alive = setInterval(() => {}, 1000);
    await twice.promise;
    clearInterval(alive);
    assertEquals(most, 1);
  },
);

testRepositories(
  "ExecutionRepository with autoPrune prunes while it is open",
  async ({ open }) => {
    let pruned = () => {};
    const done = new Promise<void>((resolve) => pruned = resolve);
    using executions = await open({
      autoPrune: {
        policy: { rules: [{ maxCount: 1 }] },
        interval: 20,
        options: { onProgress: () => pruned() },
      },
    });
    // Not kept alive by the timer of the pruning itself.
    const alive = setInterval(() => {}, 1000);
    for (let i = 0; i < 3; i++) await executions.record(sampleRun({ startedAt: new Date(i) }));
    await done;
    clearInterval(alive);
    assertEquals((await executions.list({ total: "exact" })).total!.count < 3, true);
    await assertRejects(
      () => open({ autoPrune: { policy: { rules: [] } } }),
      InvalidDataError,
      "no rules",
    );
  },
);

testBackends(
  "SQLiteExecutionRepository.open() copies an old file before it migrates it",
  async ({ root, path, open }) => {
    await makeGoDatabase(path);
    {
      using executions = await open();
      assertEquals((await executions.info()).migration, { from: 1, copy: `${path}.v1.backup` });
    }
    const [row] = await rawSql(
      `${path}.v1.backup`,
      "SELECT max(version) AS version FROM migrations",
    );
    assertEquals(row, { version: 1 });
    if (Deno.build.os !== "windows") {
      assertEquals((await Deno.stat(`${path}.v1.backup`)).mode! & 0o777, 0o600);
    }
    // A copy of before is never replaced.
    const first = await Deno.readFile(`${path}.v1.backup`);
    await Deno.copyFile(`${path}.v1.backup`, path);
    (await open()).close();
    assertEquals(await Deno.readFile(`${path}.v1.backup`), first);
    assert((await Deno.stat(`${path}.v1-2.backup`)).size > 0);
    const names = [...Deno.readDirSync(root)].map(({ name }) => name).sort();
    assertEquals(names, ["goflow.db", "goflow.db.v1-2.backup", "goflow.db.v1.backup"]);
  },
);

testBackends(
  "SQLiteExecutionRepository.open() refuses an edited migration",
  async ({ path, open }) => {
    (await open()).close();
    await rawSql(path, "UPDATE migrations SET checksum = 'other' WHERE version = 2", "SELECT 1");
    const error = await assertRejects(() => open(), DatabaseError, "migration 2 is not the one");
    assertEquals(error.code, "corrupt");
  },
);

testRepositories(
  "ExecutionRepository.iterate() and iterateNodeExecutions() yield all, in order",
  async ({ open }) => {
    using executions = await open();
    for (let i = 0; i < 30; i++) {
      await executions.record(sampleRun({ id: `r${i}`, startedAt: new Date(i * 1000), nodes: 0 }));
    }
    const ids: string[] = [];
    for await (const { id } of executions.iterate({ limit: 7 })) ids.push(id);
    assertEquals(ids, Array.from({ length: 30 }, (_, i) => `r${29 - i}`));
    const run = sampleRun({ nodes: 250 });
    run.nodeExecutions[3]!.status = "pending";
    delete run.nodeExecutions[3]!.startedAt;
    await executions.record(run);
    const nodes: string[] = [];
    for await (const { nodeId } of executions.iterateNodeExecutions(run.id)) nodes.push(nodeId);
    assertEquals(nodes, (await executions.load(run.id)).nodeExecutions.map(({ nodeId }) => nodeId));
    assertEquals(nodes.at(-1), "node_3");
    run.setVariable("late", 1);
    run.variableSnapshots.at(-1)!.timestamp = new Date("2100-01-01T00:00:00Z");
    await executions.record(run);
    assertEquals(await executions.variablesAt(run.id, new Date()), { n: 1 });
    assertEquals(await executions.variablesAt(run.id), { n: 1, late: 1 });
    await assertRejects(() => executions.variablesAt(run.id, new Date(NaN)), InvalidDataError);
  },
);
