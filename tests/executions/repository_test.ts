import { assert, assertEquals, assertRejects } from "@std/assert";
import { DatabaseError, InvalidDataError, NotFoundError } from "../../src/domain/errors.ts";
import { Execution } from "../../src/domain/execution.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { rawSql, testBackends, withRoot } from "./backends.ts";
import { testRepositories } from "./repositories.ts";

/** A failed run with a retried, a failed and a skipped node and three snapshots. */
function sampleRun(): Execution {
  const run = Execution.create("orders", "1.0", { region: "eu" });
  run.start();
  const list = run.addNodeExecution(NodeExecution.create(run.id, "list", "mcp_tool"));
  list.inputs = { html: "<a href='x'>&</a>", big: 9007199254740993n, nested: { list: [1, 2] } };
  list.start();
  list.fail({ type: "connection", message: "refused: ünïcode", context: { attempt: 1 } });
  list.retry();
  list.complete({ text: "line\nbreak \u2028", ok: true });
  run.setVariable("total", 1, list.id);
  run.setVariable("total", 2, list.id);
  const store = run.addNodeExecution(NodeExecution.create(run.id, "store", "transform"));
  store.start();
  store.fail({ type: "quota", message: `'quoted' "double"` });
  run.addNodeExecution(NodeExecution.create(run.id, "never", "end")).skip();
  run.fail({ type: "execution", message: "failed", nodeId: "store", context: { code: 429 } });
  return run;
}

testRepositories("ExecutionRepository.record() stores a run whole", async ({ open }) => {
  const run = sampleRun();
  using executions = await open();
  await executions.record(run);
  const loaded = await executions.load(run.id);
  assertEquals(loaded, run);
  assert(loaded !== run);
  assertEquals(loaded.variables, { region: "eu", total: 2 });
  assertEquals(loaded.nodeExecutions[2]?.startedAt, undefined);
});

testBackends(
  "SQLiteExecutionRepository.record() stores no snapshot twice",
  async ({ open, path }) => {
    const run = sampleRun();
    {
      using executions = await open();
      await executions.record(run);
      await executions.record(run);
      const loaded = await executions.load(run.id);
      loaded.setVariable("later", null);
      await executions.record(loaded);
      await executions.saveVariableSnapshot(loaded.variableSnapshots.at(-1)!);
    }
    assertEquals(await rawSql(path, "SELECT id FROM variable_snapshots ORDER BY id"), [
      { id: 1 },
      { id: 2 },
      { id: 3 },
      { id: 4 },
    ]);
  },
);

testRepositories("ExecutionRepository.record() stores all or nothing", async ({ open }) => {
  using executions = await open();
  const run = sampleRun();
  run.variableSnapshots[1]!.nodeExecutionId = "absent";
  const error = await assertRejects(() => executions.record(run), DatabaseError);
  assertEquals(error.code, "constraint");
  assert(error.cause instanceof Error);
  await assertRejects(() => executions.load(run.id), NotFoundError);
  assertEquals(run.variableSnapshots[0]?.id, undefined);

  run.variableSnapshots[1]!.executionId = "another";
  await assertRejects(() => executions.record(run), InvalidDataError, '"another"');
});

testBackends(
  "SQLiteExecutionRepository.save() follows the life of a run",
  async ({ open, path }) => {
    const run = Execution.create("orders", "1.0");
    let created: unknown[];
    {
      using executions = await open();
      await executions.save(run);
      created = await rawSql(path, "SELECT created_at FROM executions");
      run.start();
      await executions.save(run);
      const node = run.addNodeExecution(NodeExecution.create(run.id, "one", "mcp_tool"));
      await executions.saveNodeExecution(node);
      node.start();
      await executions.saveNodeExecution(node);
      node.complete({ ok: true });
      await executions.saveNodeExecution(node);
      run.complete({ ok: true });
      await executions.save(run);
      assertEquals(await executions.load(run.id), run);

      const [listed] = await executions.listByWorkflow("orders");
      assertEquals(listed?.nodeExecutions, []);
      await executions.save(listed!);
      assertEquals(await executions.load(run.id), run);
    }
    assertEquals(await rawSql(path, "SELECT created_at FROM executions"), created);
  },
  { only: { driver: "builtin" } },
);

testRepositories(
  "ExecutionRepository.save() copies the run when it is called",
  async ({ open }) => {
    using executions = await open();
    const run = Execution.create("orders", "1.0");
    const saved = executions.save(run);
    run.start();
    await saved;
    assertEquals((await executions.load(run.id)).status, "pending");
  },
);

testRepositories("ExecutionRepository writes in the order of the calls", async ({ open }) => {
  using executions = await open();
  const run = Execution.create("orders", "1.0");
  const writes = [executions.save(run)];
  for (let i = 0; i < 50; i++) {
    run.returnValue = i;
    writes.push(executions.save(run));
  }
  await Promise.all(writes);
  assertEquals((await executions.load(run.id)).returnValue, 49);
});

testRepositories(
  "ExecutionRepository.saveNodeExecution() refuses a run that is not stored",
  async ({ open }) => {
    using executions = await open();
    const error = await assertRejects(
      () => executions.saveNodeExecution(NodeExecution.create("absent", "one", "mcp_tool")),
      DatabaseError,
      "Cannot save node execution",
    );
    assertEquals(error.code, "constraint");
  },
);

testRepositories(
  "ExecutionRepository.saveVariableSnapshot() appends and sets the id",
  async ({ open }) => {
    using executions = await open();
    const run = Execution.create("orders", "1.0", { a: 1 });
    await executions.save(run);
    const [snapshot] = run.variableSnapshots;
    await executions.saveVariableSnapshot(snapshot!);
    assertEquals(typeof snapshot!.id, "number");
    await executions.saveVariableSnapshot(snapshot!);
    assertEquals((await executions.load(run.id)).variableSnapshots, [snapshot!]);
    const error = await assertRejects(
      () =>
        executions.saveVariableSnapshot({
          executionId: "absent",
          variableName: "a",
          timestamp: new Date(),
        }),
      DatabaseError,
    );
    assertEquals(error.code, "constraint");
  },
);

testBackends(
  "SQLiteExecutionRepository.delete() takes the children along",
  async ({ open, path }) => {
    const run = sampleRun();
    const other = sampleRun();
    {
      using executions = await open();
      await executions.record(run);
      await executions.record(other);
      await executions.delete(run.id);
      await assertRejects(() => executions.load(run.id), NotFoundError, "does not exist");
      const error = await assertRejects(() => executions.delete(run.id), NotFoundError);
      assertEquals([error.kind, error.id], ["execution", run.id]);
      assertEquals(await executions.load(other.id), other);
    }
    for (const table of ["node_executions", "variable_snapshots"]) {
      const [row] = await rawSql(path, `SELECT count(*) AS n FROM ${table}`);
      assertEquals(row, { n: 3 });
    }
  },
);

testRepositories(
  "ExecutionRepository.deleteNodeExecution() keeps the snapshots without its id",
  async ({ open }) => {
    using executions = await open();
    const run = sampleRun();
    await executions.record(run);
    await executions.deleteNodeExecution(run.nodeExecutions[0]!.id);
    const { nodeExecutions, variableSnapshots, variables } = await executions.load(run.id);
    assertEquals(nodeExecutions.map(({ nodeId }) => nodeId), ["store", "never"]);
    assertEquals(variableSnapshots.map(({ nodeExecutionId }) => nodeExecutionId), [
      undefined,
      undefined,
      undefined,
    ]);
    assertEquals(variables, run.variables);
    await assertRejects(() => executions.deleteNodeExecution("absent"), NotFoundError);
  },
);

testRepositories(
  "ExecutionRepository refuses values that would not come back",
  async ({ open }) => {
    using executions = await open();
    const cyclic: Record<string, unknown> = {};
    cyclic["self"] = cyclic;
    const bad: unknown[] = [
      NaN,
      Infinity,
      [undefined],
      () => 1,
      Symbol("s"),
      new Map(),
      new Set(),
      new Uint8Array(1),
      new Date(NaN),
      /x/,
      new Error("x"),
      cyclic,
    ];
    for (const value of bad) {
      const run = Execution.create("orders", "1.0", { deep: { value } });
      const error = await assertRejects(() => executions.record(run), InvalidDataError);
      assert(error.message.startsWith("Cannot save"), error.message);
    }
    for (
      const change of [{ id: "a\0b" }, { workflowId: "\ud800" }, { completedAt: new Date(NaN) }]
    ) {
      const run = Object.assign(Execution.create("orders", "1.0"), change);
      await assertRejects(() => executions.save(run), InvalidDataError);
    }
    assertEquals((await executions.list({ total: "exact" })).total?.count, 0);
  },
);

testRepositories("ExecutionRepository keeps values that JSON can hold", async ({ open }) => {
  using executions = await open();
  const inputs = {
    big: -(2n ** 70n),
    small: -0,
    float: 1e-7,
    text: '\0\ud800 "\u2028',
    "": [null, [], {}],
    __proto__x: 1,
    when: new Date("2026-01-02T03:04:05.006Z"),
    gone: undefined,
  };
  const run = Execution.create("orders", "1.0", { inputs });
  run.setVariable("__proto__", { polluted: true });
  await executions.record(run);
  const { variables } = await executions.load(run.id);
  const { when: _when, gone: _gone, ...same } = inputs;
  assertEquals(variables["inputs"], { ...same, when: "2026-01-02T03:04:05.006Z" });
  assertEquals(Object.hasOwn(variables, "__proto__"), true);
  assertEquals(({} as Record<string, unknown>)["polluted"], undefined);
});

testRepositories("ExecutionRepository keeps ids of any text", async ({ open }) => {
  using executions = await open();
  for (const id of ["", "a'b", "%_\\", "../../x", "ünï 🎉", "1.0", "x".repeat(10_000)]) {
    const run = Execution.create("orders", "1.0");
    run.id = id;
    await executions.save(run);
    assertEquals((await executions.load(id)).id, id);
    await executions.delete(id);
  }
});

testRepositories("ExecutionRepository reads the years 1000 to 9999", async ({ open }) => {
  using executions = await open();
  const dates = ["1000-01-01T00:00:00.001Z", "2260-02-29T23:59:59.999Z", "9999-12-31T23:59:59.999Z"]
    .map((text) => new Date(text));
  for (const date of dates) {
    const run = Execution.create("orders", "1.0");
    run.startedAt = date;
    await executions.save(run);
  }
  const found: Date[] = [];
  let cursor: string | undefined;
  do {
    const page = await executions.list({ limit: 1, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.executions.map(({ startedAt }) => startedAt));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  assertEquals(found, dates.toReversed());
});

testRepositories(
  "ExecutionRepository stores a payload of 10 MB and 10,000 nodes",
  async ({ open }) => {
    using executions = await open();
    const run = Execution.create("orders", "1.0");
    run.returnValue = "x".repeat(10 * 2 ** 20);
    for (let i = 0; i < 10_000; i++) {
      run.addNodeExecution(NodeExecution.create(run.id, `node_${i}`, "transform"));
    }
    await executions.record(run);
    const loaded = await executions.load(run.id);
    assertEquals(loaded.returnValue === run.returnValue, true);
    assertEquals(loaded.nodeExecutions.length, 10_000);
  },
  { only: { journalMode: "wal" } },
);

testRepositories("ExecutionRepository cannot be used after close()", async ({ open }) => {
  const executions = await open();
  executions.close();
  executions.close();
  const error = await assertRejects(() => executions.list(), DatabaseError, "is closed");
  assertEquals(error.code, "io");
});

Deno.test("SQLiteExecutionRepository.open() creates nothing when it is lazy and not used", () =>
  withRoot(async (root) => {
    {
      await using executions = await SQLiteExecutionRepository.open({ root, lazy: true });
      assertEquals([...Deno.readDirSync(root)], []);
      assertEquals((await executions.list()).executions, []);
    }
    assertEquals([...Deno.readDirSync(root)].map(({ name }) => name), ["goflow.db"]);
  }));
