import { assert, assertEquals, assertRejects } from "@std/assert";
import { DatabaseError, InvalidDataError, PermissionDeniedError } from "../../src/domain/errors.ts";
import { Execution } from "../../src/domain/execution.ts";
import { Workflow } from "../../src/domain/workflow.ts";
import { MemoryKeyring } from "../../src/credentials/memory.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { openPostgresStorage } from "../../src/postgres/storage.ts";
import { TempFolder } from "../helpers/temp_folder.ts";
import { readModuleGraph, staticImports } from "../project/module_graph.ts";
import { runCode } from "../helpers/child.ts";
import { rawPostgres, sharedServer, testPostgres } from "./databases.ts";

testPostgres("openPostgresStorage() opens the stores over one pool", async ({ url, schema }) => {
  const keyring = new MemoryKeyring();
  await using temporary = await TempFolder.make();
  const root = temporary.path;
  const credentials = { keyring, root };
  await using storage = await openPostgresStorage(url, { schema, credentials });
  const workflow = Workflow.create("greet", "Says hello", { id: "greet" });
  const { revision } = await storage.workflows.save(workflow);
  const run = Execution.create("greet", workflow.version);
  run.workflowRevision = revision;
  await storage.executions.record(run);
  assertEquals(await storage.executions.workflowRevisions("greet"), [revision]);
  await storage.credentials.set("mail:token", "secret");
  assertEquals(await storage.credentials.get("mail:token"), "secret");
  storage.close();
  await assertRejects(() => storage.executions.list(), DatabaseError, "is closed");
});

testPostgres("two schemas share a database without meeting", async ({ url, schema }) => {
  await using temporary = await TempFolder.make();
  const root = temporary.path;
  const open = (name: string) =>
    openPostgresStorage(url, {
      schema: name,
      credentials: { keyring: new MemoryKeyring(), root },
    });
  await using one = await open(schema);
  await using two = await open(`${schema}_b`);
  await one.executions.record(Execution.create("a", "1"));
  assertEquals((await two.executions.list()).executions, []);
  two.close();
  await rawPostgres(`DROP SCHEMA "${schema}_b" CASCADE`);
});

testPostgres("nothing that is printed of a storage shows the password", async ({ url, schema }) => {
  await using temporary = await TempFolder.make();
  const root = temporary.path;
  await using storage = await openPostgresStorage(url, {
    schema,
    credentials: { keyring: new MemoryKeyring(), root },
  });
  const { password } = sharedServer!;
  const shown = Deno.inspect(storage, { depth: 20, showHidden: true, getters: true });
  assert(!shown.includes(password), shown);
  assert(!JSON.stringify(storage).includes(password));
  const error = await assertRejects(
    () => storage.executions.list({ limit: 0 }),
    InvalidDataError,
  );
  assert(!Deno.inspect(error, { depth: 20, showHidden: true }).includes(password));
});

Deno.test("src/postgres/mod.ts reaches no SQLite library", async () => {
  const graph = await readModuleGraph("src/postgres/mod.ts");
  const loaded = staticImports(graph, "src/postgres/mod.ts");
  assert(loaded.has("pg"));
  assert(!loaded.has("node:sqlite") && !loaded.has("@db/sqlite"));
});

/** What the driver looks for. */
const ENV = "--allow-env=PGBINARY,PGOPTIONS,PGREPLICATION";

testPostgres(
  "PostgresExecutionRepository works under the flags that are documented",
  async ({ url, schema }) => {
    const code = `import { PostgresExecutionRepository } from "./src/postgres/mod.ts";
    const [url, schema] = Deno.args;
    await using executions = await PostgresExecutionRepository.open(url, { schema });
    console.log((await executions.list()).executions.length);`;
    const net = `--allow-net=127.0.0.1:${sharedServer!.port}`;
    const run = (...flags: string[]) => runCode(code, { flags, args: [url, schema] });
    assertEquals(await run(net, ENV), { code: 0, stdout: "0\n", stderr: "" });
    for (
      const [flags, missing] of [[[ENV], "--allow-net"], [[net], "--allow-env"]] as const
    ) {
      const { code, stderr } = await run(...flags);
      assertEquals(code, 1);
      assert(stderr.includes("PermissionDeniedError") && stderr.includes(missing), stderr);
    }
  },
);

testPostgres(
  "a role with the documented grants uses what an administrator made, and nothing else",
  async ({ url, schema, open }) => {
    await (await open()).close();
    const [role, password] = [`${schema}_role`, crypto.randomUUID()];
    await rawPostgres(`CREATE ROLE "${role}" LOGIN PASSWORD '${password}'`);
    const place = new URL(url);
    place.username = role;
    place.password = "";
    const options = { schema, password: () => password, migrate: "never" } as const;
    try {
      const denied = await assertRejects(
        () =>
          PostgresExecutionRepository.open(place.href, {
            ...options,
            migrate: "auto",
            schema: "other",
          }),
        PermissionDeniedError,
        "grant the role",
      );
      assert(!Deno.inspect(denied, { depth: 10, showHidden: true }).includes(password));
      await rawPostgres(`GRANT USAGE ON SCHEMA "${schema}" TO "${role}";
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"`);
      await using executions = await PostgresExecutionRepository.open(place.href, options);
      const run = Execution.create("greet", "1.0", { n: 1 });
      run.start();
      run.complete();
      await executions.record(run);
      assertEquals(await executions.load(run.id), run);
      assertEquals((await executions.statistics()).runs.count, 1);
      assertEquals((await executions.watch({ after: 0 }).next()).value?.executionId, run.id);
      await executions.delete(run.id);
    } finally {
      await rawPostgres(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`);
    }
  },
);
