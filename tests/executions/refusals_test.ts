import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DatabaseError, InvalidDataError } from "../../src/domain/errors.ts";
import { Execution } from "../../src/domain/execution.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { ffiMissing, testBackends, withRoot } from "./backends.ts";
import { testRepositories } from "./repositories.ts";
import { sampleRun } from "./sample_runs.ts";

const noLinks = Deno.build.os === "windows" ? "links need a privilege" : undefined;

testBackends(
  "SQLiteExecutionRepository.open() reports a root that is a file",
  async ({ root, open }) => {
    const file = join(root, "file");
    Deno.writeTextFileSync(file, "");
    const error = await assertRejects(() => open({ root: file }), DatabaseError);
    assertEquals(error.code, "not-a-database");
  },
);

testBackends(
  "SQLiteExecutionRepository.open() reports links that lead nowhere",
  async ({ path, open }) => {
    for (const target of ["missing.db", "goflow.db"]) {
      Deno.symlinkSync(target, path);
      const error = await assertRejects(() => open(), DatabaseError);
      assertStringIncludes(error.message, "link");
      Deno.removeSync(path);
    }
  },
  { skip: noLinks },
);

Deno.test({
  name: "SQLiteExecutionRepository.open() refuses a second driver on a hard link to the file" +
    (ffiMissing === undefined ? "" : ` [skipped: ${ffiMissing}]`),
  ignore: ffiMissing !== undefined,
  fn: () =>
    withRoot(async (root) => {
      using _first = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
      const path = join(root, "other.db");
      Deno.linkSync(join(root, "goflow.db"), path);
      const error = await assertRejects(
        () => SQLiteExecutionRepository.open({ path, driver: "ffi", journalMode: "delete" }),
        DatabaseError,
      );
      assertStringIncludes(error.message, "one driver per process");
    }),
});

testBackends(
  "SQLiteExecutionRepository.list() refuses a cursor beyond 64 bits",
  async ({ open }) => {
    using executions = await open();
    for (let i = 0; i < 3; i++) await executions.save(Execution.create("greet", "1.0"));
    const { nextCursor } = await executions.list({ limit: 1 });
    const fields = atob(nextCursor!.replaceAll("-", "+").replaceAll("_", "/")).split("|");
    for (const beyond of ["9999999999999999999", "-9223372036854775809"]) {
      const cursor = btoa(fields.with(2, beyond).join("|")).replaceAll("=", "");
      await assertRejects(() => executions.list({ limit: 1, cursor }), InvalidDataError);
    }
  },
);

testBackends(
  "SQLiteExecutionRepository.saveNodeExecution() tells to save the run first",
  async ({ open }) => {
    using executions = await open();
    const error = await assertRejects(
      () => executions.saveNodeExecution(NodeExecution.create("none", "tool", "mcp_tool")),
      DatabaseError,
    );
    assertEquals(error.code, "constraint");
    assertStringIncludes(error.message, "save the run first");
  },
);

testRepositories(
  "ExecutionRepository refuses options of a wrong type",
  async ({ open }) => {
    using executions = await open();
    await executions.record(sampleRun({ id: "a" }));
    const texts = ["workflowId", "nameSearch", "errorType", "label", "cursor"];
    const queries: unknown[] = texts.flatMap((option) => [{ [option]: 5 }, { [option]: null }]);
    queries.push({ nameSearch: "\0" }, { minDuration: "5" }, { maxDuration: 5n });
    for (const query of queries) {
      await assertRejects(() => executions.list(query as never), InvalidDataError, "Cannot list");
    }
    for (const query of [{ from: "2026" }, { to: 5 }, { from: null }, { workflowId: {} }]) {
      await assertRejects(() => executions.statistics(query as never), InvalidDataError);
    }
    for (const query of [{ table: "toString" }, { table: 5 }]) {
      const stream = executions.export({ format: "csv", ...query } as never);
      await assertRejects(() => new Response(stream).text(), InvalidDataError, "table");
    }
    await assertRejects(() => executions.addLabels(null as never, "a"), DatabaseError);
    const redactions = [{ keys: "token" }, { keys: [5] }, { values: "secret" }, { values: [5] }];
    for (const redaction of [...redactions, { replacement: 5 }]) {
      await assertRejects(
        () => open({ redaction: redaction as never }),
        InvalidDataError,
        `"${Object.keys(redaction)[0]}"`,
      );
    }
  },
  { only: { journalMode: "wal" } },
);

testBackends(
  "SQLiteExecutionRepository.list() and save() refuse values of a wrong type",
  async ({ open }) => {
    using executions = await open();
    for (const query of [{ startedAfter: "2026" }, { startedBefore: 5 }, { status: 5 }]) {
      await assertRejects(() => executions.list(query as never), InvalidDataError);
    }
    const run = Execution.create("greet", "1.0");
    run.startedAt = "2026" as never;
    await assertRejects(() => executions.save(run), InvalidDataError);
    await assertRejects(() => executions.record(run), InvalidDataError);
  },
);
