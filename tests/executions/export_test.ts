import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { join } from "@std/path";
import { InvalidDataError } from "../../src/domain/errors.ts";
import type { CsvTable } from "../../src/domain/execution_transfer.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { fixturesMissing, rawSql, testBackends } from "./backends.ts";
import { testRepositories } from "./repositories.ts";
import { sampleRun } from "./sample_runs.ts";

const text = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();
const bytes = (value: string) => new Blob([value]).stream();

const TABLES = {
  executions: "SELECT * FROM executions ORDER BY id",
  node_executions: "SELECT * FROM node_executions WHERE node_id <> 'orphan' ORDER BY id",
  variable_snapshots: "SELECT * FROM variable_snapshots ORDER BY id",
};

testBackends(
  "SQLiteExecutionRepository.import() brings back what Go wrote, text for text",
  async ({ root, path, open }) => {
    const source = join(Deno.env.get("GOFLOW_FIXTURES")!, "go-home", "goflow.db");
    await Deno.writeFile(path, await Deno.readFile(source));
    let exported: string;
    {
      using executions = await open();
      exported = await text(executions.export());
      assertEquals(exported.trimEnd().split("\n").length, 24);
    }
    const copy = join(root, "copy.db");
    {
      using executions = await open({ path: copy });
      assertEquals((await executions.import(bytes(exported))).imported, 24);
      assertEquals((await executions.import(bytes(exported))).skipped, 24);
      assertEquals(await text(executions.export()), exported);
    }
    const unescaped = (rows: unknown[]) =>
      rows.map((row) =>
        JSON.stringify(
          row,
          (key, value) =>
            ["inputs", "outputs"].includes(key) && value
              ? JSON.stringify(JSON.parse(value))
              : value,
        )
      );
    for (const sql of Object.values(TABLES)) {
      assertEquals(unescaped(await rawSql(copy, sql)), unescaped(await rawSql(path, sql)));
    }
  },
  { skip: fixturesMissing },
);

testBackends(
  "SQLiteExecutionRepository.export() and salvage() keep the bytes of texts that are no UTF-8",
  async ({ root, path, open, backend }) => {
    (await open()).close();
    using executions = await open();
    await executions.record(sampleRun({ id: "a", nodes: 2, status: "failed" }));
    const other = sampleRun({ id: "b", nodes: 1 });
    other.returnValue = "with \ufffd itself";
    await executions.record(other);
    const odd = "CAST(x'61e962' AS TEXT)";
    await rawSql(
      path,
      `UPDATE executions SET error_message = ${odd}, return_value = ${odd} WHERE id = 'a'`,
    );
    await rawSql(path, `UPDATE node_executions SET outputs = ${odd} WHERE execution_id = 'a'`);
    await rawSql(path, `UPDATE variable_snapshots SET new_value = ${odd} WHERE execution_id = 'a'`);
    const stored = (file: string) =>
      Promise.all([
        rawSql(
          file,
          "SELECT hex(error_message) AS e, hex(return_value) AS r FROM executions ORDER BY id",
        ),
        rawSql(file, "SELECT hex(outputs) AS o, hex(inputs) AS i FROM node_executions ORDER BY id"),
        rawSql(file, "SELECT hex(new_value) AS n FROM variable_snapshots ORDER BY execution_id"),
      ]);
    const copy = join(root, "copy.db");
    {
      // There is no secret in them.
      using copied = await open({ path: copy, redaction: {} });
      const { imported, invalid } = await copied.import(executions.export());
      assertEquals([imported, invalid], [2, []]);
      assertEquals(await text(copied.export()), await text(executions.export()));
    }
    assertEquals(await stored(copy), await stored(path));
    executions.close();
    const saved = join(root, "saved.db");
    await SQLiteExecutionRepository.salvage(path, saved, backend);
    assertEquals(await stored(saved), await stored(path));
    assert(JSON.stringify(await stored(copy)).includes('"61E962"'));
  },
);

testBackends(
  "SQLiteExecutionRepository.export() and salvage() keep what has an id that is no UTF-8",
  async ({ root, path, open, backend }) => {
    using executions = await open();
    const run = sampleRun({ id: "a", nodes: 2 });
    const [node] = run.nodeExecutions;
    await executions.record(run);
    const odd = "CAST(x'61e962' AS TEXT)";
    await rawSql(
      path,
      `UPDATE variable_snapshots SET node_execution_id = ${odd}`,
      `UPDATE node_executions SET id = ${odd} WHERE id = '${node!.id}'`,
    );
    using copy = await open({ path: join(root, "copy.db") });
    assertEquals((await copy.import(executions.export())).invalid, []);
    executions.close();
    await rawSql(
      path,
      `UPDATE node_executions SET execution_id = ${odd}`,
      `UPDATE variable_snapshots SET execution_id = ${odd}`,
      `UPDATE executions SET id = ${odd}`,
    );
    const saved = join(root, "saved.db");
    await SQLiteExecutionRepository.salvage(path, saved, backend);
    using salvaged = await open({ path: saved });
    for (const found of [await copy.load("a"), await salvaged.load("a\ufffdb")]) {
      assertEquals(found.nodeExecutions.map(({ id }) => id).includes("a\ufffdb"), true);
      assertEquals(found.variableSnapshots.length, run.variableSnapshots.length);
    }
  },
);

testBackends(
  "SQLiteExecutionRepository.export() keeps what is not JSON, and filters",
  async ({ root, path, open }) => {
    {
      using executions = await open();
      await executions.record(sampleRun({ id: "a" }));
      await executions.record(sampleRun({ id: "b", status: "failed" }));
      await executions.addLabels("a", "eu", "x,y");
    }
    await rawSql(
      path,
      "UPDATE executions SET return_value = '{\"half', error_context = '[1.0, 1e400]' WHERE id = 'a'",
      "SELECT 1",
    );
    using executions = await open();
    const line = await text(executions.export({ status: "completed" }));
    const run = JSON.parse(line);
    assertEquals(run.return_value, { $text: '{"half' });
    assertEquals(run.error_context, { $text: "[1.0, 1e400]" });
    assertEquals(run.labels, ["eu", "x,y"]);
    assertEquals(run.node_executions.length, 2);
    {
      using copy = await open({ path: join(root, "copy.db") });
      await copy.import(bytes(line));
      assertEquals(await text(copy.export()), line);
      assertEquals(await copy.getLabels("a"), ["eu", "x,y"]);
    }
    const all = JSON.parse(await text(executions.export({ format: "json" })));
    assertEquals(all.map(({ id }: { id: string }) => id).sort(), ["a", "b"]);
  },
);

testRepositories(
  "ExecutionRepository.export() writes CSV that spreadsheets take for text",
  async ({ open }) => {
    using executions = await open();
    const run = sampleRun({ id: "=1+1", workflowId: 'a "b", c\nd', status: "failed", nodes: 1 });
    run.error!.message = "-2";
    await executions.record(run);
    const csv = await text(executions.export({ format: "csv" }));
    const [header, ...rest] = csv.split("\r\n");
    assertEquals(header?.split(",").slice(0, 3), ["id", "workflow_id", "workflow_version"]);
    assertEquals(rest.join("\r\n").startsWith(`'=1+1,"a ""b"", c\nd",1.0,,failed,`), true);
    assertEquals(rest.join("").includes(",'-2,"), true);
    const nodes = await text(executions.export({ format: "csv", table: "node_executions" }));
    assertEquals(nodes.split("\r\n").length, 3);
    const joined = await text(executions.export({ format: "csv", table: "joined" }));
    assertEquals(joined.includes("execution_id,execution_workflow_id"), true);
    assertEquals(joined.includes('"{""ok"":true}"'), true);
    await assertRejects(
      () => text(executions.export({ format: "xml" as "csv" })),
      InvalidDataError,
    );
  },
);

testRepositories(
  "ExecutionRepository.import() reports lines that are no run",
  async ({ open }) => {
    using executions = await open();
    await executions.record(sampleRun({ id: "a" }));
    const line = await text(executions.export());
    await executions.delete("a");
    const result = await executions.import(bytes(`nonsense\n\n{"id":1}\n${line}[]\n`));
    assertEquals([result.imported, result.invalid.map(({ line }) => line)], [1, [1, 3, 5]]);
    assertEquals((await executions.load("a")).nodeExecutions.length, 2);
  },
);

testRepositories(
  "ExecutionRepository.export() can be aborted and tells its progress",
  async ({ open }) => {
    using executions = await open();
    for (let i = 0; i < 120; i++) await executions.record(sampleRun({ nodes: 0 }));
    const progress: number[] = [];
    await text(executions.export({ onProgress: (runs) => progress.push(runs) }));
    assertEquals(progress.at(-1), 120);
    assertEquals(progress, [...new Set(progress)].sort((a, b) => a - b));
    assert(progress.length > 2);
    const abort = new AbortController();
    const stream = executions.export({
      signal: abort.signal,
      onProgress: () => abort.abort(new Error("enough")),
    });
    await assertRejects(() => text(stream), Error, "enough");
  },
);

testBackends(
  "SQLiteExecutionRepository.export() holds few large runs at once",
  async ({ open }) => {
    using executions = await open();
    for (let i = 0; i < 14; i++) {
      const run = sampleRun({ nodes: 0 });
      run.returnValue = "x".repeat(2_000_000);
      await executions.record(run);
    }
    let [largest, all] = [0, 0];
    for await (const chunk of executions.export()) {
      largest = Math.max(largest, chunk.length);
      all += chunk.length;
    }
    assert(all > 28_000_000 && largest < 9_000_000, `${largest} of ${all}`);
  },
  { only: { journalMode: "wal" } },
);

/** Reads CSV as RFC 4180 has it. */
function parseCsv(csv: string): string[][] {
  const rows: string[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  let row: string[] = [];
  while (field.lastIndex < csv.length) {
    const at = field.lastIndex;
    const match = field.exec(csv);
    assert(match !== null, `no field at ${at}`);
    row.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === ",") continue;
    rows.push(row);
    row = [];
  }
  assertEquals(row, []);
  return rows;
}

testBackends(
  "SQLiteExecutionRepository.export() writes CSV from which every text comes back",
  async ({ open }) => {
    using executions = await open();
    const text4180 = fc.string({ unit: fc.constantFrom(..."a,\"\r\n=+-@\t\u3042'"), minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text4180, text4180), { maxLength: 5 }), async (texts) => {
        for await (const { id } of executions.iterate()) await executions.delete(id);
        for (const [i, [workflowId, message]] of texts.entries()) {
          const run = sampleRun({
            workflowId,
            status: "failed",
            startedAt: new Date(-i),
            nodes: i,
          });
          run.error!.message = message;
          for (const node of run.nodeExecutions) node.nodeId = message;
          await executions.record(run);
        }
        // A quote in front defuses a formula.
        const defused = (value: string) => /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
        const read = async (table: CsvTable) => {
          const [header, ...rows] = parseCsv(
            await text(executions.export({ format: "csv", table })),
          );
          for (const row of rows) assertEquals(row.length, header!.length);
          return rows.map((row) => Object.fromEntries(row.map((value, i) => [header![i]!, value])));
        };
        const runs = await read("executions");
        assertEquals(
          runs.map((row) => [row["workflow_id"], row["error_message"]]),
          texts.map((pair) => pair.map(defused)),
        );
        const nodes = await read("node_executions");
        const wanted = texts.flatMap(([, message], i) => Array(i).fill(defused(message)));
        assertEquals(nodes.map((row) => row["node_id"]), wanted);
        const joined = await read("joined");
        assertEquals(
          joined.map((row) => row["execution_workflow_id"]),
          texts.flatMap(([workflowId], i) => Array(Math.max(i, 1)).fill(defused(workflowId))),
        );
        assertEquals((await read("variable_snapshots")).length, texts.length);
      }),
      { numRuns: 15 },
    );
  },
  { only: { journalMode: "wal" } },
);
