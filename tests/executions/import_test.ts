import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { gzipSync } from "node:zlib";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { rawSql, testBackends } from "./backends.ts";
import { testRepositories } from "./repositories.ts";
import { sampleRun } from "./sample_runs.ts";

const text = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();
const encode = (value: string) => new TextEncoder().encode(value);

/** A stream in pieces of a size. */
function inPieces(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  const pieces = Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.slice(i * size, (i + 1) * size),
  );
  return ReadableStream.from(pieces);
}

/** A line of an export. */
function line(id: string, more: Record<string, unknown> = {}): string {
  const run = { id, workflow_id: "orders", workflow_version: "1.0", status: "completed" };
  return JSON.stringify({ ...run, started_at: "2026-01-01 00:00:00.000+00:00", ...more });
}

const node = { id: "n", node_id: "a", node_type: "t", status: "completed", started_at: "" };

/** Every value of every column, with its type; snapshots are numbered anew, in the same order. */
async function dump(path: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (
    const [table, order] of [
      ["executions", "id"],
      ["node_executions", "id"],
      ["variable_snapshots", "execution_id, id"],
      ["labels", "execution_id, label"],
    ] as const
  ) {
    const columns = (await rawSql(path, `PRAGMA table_info(${table})`) as { name: string }[])
      .map(({ name }) => name).filter((name) => `${table}.${name}` !== "variable_snapshots.id")
      .map((name) => `typeof(${name}) || quote(${name}) AS "${name} of ${table}"`);
    rows.push(
      ...await rawSql(path, `SELECT ${columns.join(", ")} FROM ${table} ORDER BY ${order}`),
    );
  }
  return rows;
}

testBackends(
  "SQLiteExecutionRepository.import() brings back every value that export() wrote",
  async ({ root, path, open }) => {
    const copy = join(root, "copy.db");
    {
      using executions = await open();
      const run = sampleRun({ id: "a", status: "failed", nodes: 3 });
      run.workflowRevision = "sha256:1";
      run.setVariable("big", 2n ** 70n, run.nodeExecutions[1]!.id);
      run.setVariable("odd", { $text: "x", "": [-0, 1e300, 2 ** 60, "\0\ud800"] });
      run.setVariable("wrapped", { $text: "not JSON" });
      run.setVariable("bytes", { $bytes: "AA==" });
      run.returnValue = null;
      await executions.record(run);
      await executions.record(sampleRun({ id: "b", status: "running" }));
      await executions.addLabels("a", "eu", 'x "y", z');
    }
    await rawSql(
      path,
      `UPDATE executions SET error_context = '{"half', completed_at = 'soon',
      started_at = '2026-11-23 11:48:11.620066549 -0800 PST m=+0.011448479', created_at = 'x'
      WHERE id = 'a'`,
      `UPDATE node_executions SET inputs = '{"a": 1.50, "a": "\\u003c"}', outputs = x'7bff7d',
      retry_count = 9007199254740993, error_type = x'ff' WHERE node_id = 'node_1'`,
      `UPDATE node_executions SET retry_count = 'many', status = 'odd', started_at = '',
      outputs = '[1e400, 12345678901234567890, 1.0]' WHERE node_id = 'node_2'`,
      "UPDATE node_executions SET started_at = 9e999, retry_count = -9e999 WHERE node_id = 'node_0'",
      "SELECT 1",
    );
    const before = await dump(path);
    let exported: string;
    {
      using executions = await open();
      exported = await text(executions.export());
      JSON.parse(await text(executions.export({ format: "json" })));
    }
    {
      using executions = await open({ path: copy });
      const bring = () => executions.import(inPieces(encode(exported), 1000));
      assertEquals(await bring(), { imported: 2, skipped: 0, invalid: [] });
      assertEquals(await bring(), { imported: 0, skipped: 2, invalid: [] });
      assertEquals(await text(executions.export()), exported);
    }
    for (const [i, row] of (await dump(copy)).entries()) assertEquals(row, before[i]);
  },
);

testBackends(
  "SQLiteExecutionRepository.export() leaves no run out, not even one whose id is bytes",
  async ({ path, open }) => {
    (await open()).close();
    await rawSql(
      path,
      `INSERT INTO executions (id, workflow_id, workflow_version, status, started_at)
      VALUES (x'010203', 'orders', '1', 'completed', '2026-01-01 00:00:00')`,
      "SELECT 1",
    );
    using executions = await open();
    const exported = await text(executions.export());
    assertEquals(JSON.parse(exported).id, { $bytes: "AQID" });
    const { invalid } = await executions.import(new Response(exported).body!);
    assertEquals(invalid.map(({ error }) => error.message), [
      'Cannot import a run: "id" is not text',
    ]);
  },
  { only: { journalMode: "wal" } },
);

testRepositories(
  "ExecutionRepository.import() reports each line that cannot be stored, and adds the others",
  async ({ open }) => {
    using executions = await open();
    await executions.record(sampleRun({ id: "there", nodes: 1 }));
    const taken = (await executions.load("there")).nodeExecutions[0]!.id;
    const wrong = [
      line("w1", { node_executions: [{ id: "x" }] }),
      line("w2", { node_executions: [node, node] }),
      line("w3", { node_executions: [{ ...node, id: taken }] }),
      line("w4", { variable_snapshots: [{ variable_name: "v" }] }),
      line("w5", { labels: ["a", 1] }),
      line("w6", { labels: "a" }),
      line("w7", { status: null }),
      line("w8", { error_message: "a\0b" }),
      line("w9", { workflow_id: "\ud800" }),
      line("w10", { return_value: { $text: "a\0b" } }),
      line("w11", { error_type: true }),
      line("w12", { error_type: { $bytes: "?" } }),
      line("w13", { node_executions: [node] }).replace(
        "}]",
        ',"retry_count":18446744073709551616}]',
      ),
      line("w14", { id: { $bytes: "AQID" } }),
      line("w15", { id: 5 }),
      "[]",
      "nonsense",
    ];
    const lines = wrong.flatMap((bad, i) => [bad, line(`good ${i}`)]);
    const content = encode(`\ufeff${lines.join("\r\n")}\n`);
    const broken = encode(line("w16", { error_message: "?" }) + "\n");
    broken[broken.indexOf(0x3f)] = 0xff;
    const all = new Uint8Array([...content, ...broken, ...encode(line("last"))]);
    const { imported, skipped, invalid } = await executions.import(inPieces(all, 7));
    assertEquals([imported, skipped], [wrong.length + 1, 0]);
    assertEquals(
      invalid.map(({ line }) => line),
      [...wrong.map((_, i) => 2 * i + 1), lines.length + 1],
    );
    for (const { error } of invalid) {
      assert(error instanceof InvalidDataError && error.message.startsWith("Cannot import"));
    }
    const { total } = await executions.list({ total: "exact" });
    assertEquals(total?.count, wrong.length + 2);
  },
);

testRepositories(
  "ExecutionRepository.import() adds what is whole of an archive that is cut off",
  async ({ open }) => {
    using executions = await open();
    const members = ["a", "b", "c"].map((id) => gzipSync(`${line(id)}\n`));
    const whole = Uint8Array.from(members.flatMap((member) => [...member]));
    const cut = whole.slice(0, -12);
    const error = await assertRejects(
      () => executions.import(inPieces(cut, 1)),
      InvalidDataError,
      "the compressed data is damaged",
    );
    assert(error.line! >= 3, `line ${error.line}`);
    assertEquals((await executions.load("b")).id, "b");
    const { imported, skipped } = await executions.import(inPieces(whole, 1));
    assertEquals(imported + skipped, 3);
    assertEquals((await executions.load("c")).id, "c");
    await assertRejects(
      () => executions.import(inPieces(Uint8Array.of(0x1f, 0x8b, 1, 2, 3), 1)),
      InvalidDataError,
      "the compressed data is damaged",
    );
  },
);

testRepositories(
  "ExecutionRepository.import() ends at once when it is aborted, and cancels the stream",
  async ({ open }) => {
    using executions = await open();
    for (const head of [line("a") + "\n", "\x1f"]) {
      const abort = new AbortController();
      let cancelled: unknown;
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(encode(head)),
        pull: () => {
          setTimeout(() => abort.abort(new Error("enough")));
          // Nothing comes any more.
          return new Promise(() => {});
        },
        cancel: (reason) => {
          cancelled = reason;
        },
      });
      await assertRejects(
        () => executions.import(stream, { signal: abort.signal }),
        Error,
        "enough",
      );
      assertEquals(String(cancelled), "Error: enough");
    }
    let closed = false;
    const wrong = new ReadableStream({
      pull: (controller) => controller.enqueue("text"),
      cancel: () => {
        closed = true;
      },
    });
    await assertRejects(() => executions.import(wrong), InvalidDataError, "wanted are bytes");
    assert(closed);
  },
);

testRepositories(
  "ExecutionRepository.import() clears references to node executions that are gone",
  async ({ open }) => {
    using executions = await open();
    const snapshot = { variable_name: "v", new_value: 1, timestamp: "2026-01-01 00:00:00" };
    const { imported } = await executions.import(
      inPieces(
        encode(line("a", {
          node_executions: [node],
          variable_snapshots: [
            { ...snapshot, node_execution_id: "n" },
            { ...snapshot, node_execution_id: "gone" },
          ],
        })),
        100,
      ),
    );
    assertEquals(imported, 1);
    const { variableSnapshots } = await executions.load("a");
    assertEquals(variableSnapshots.map(({ nodeExecutionId }) => nodeExecutionId), ["n", undefined]);
  },
);

testRepositories(
  "ExecutionRepository.import() redacts, or refuses in strict mode",
  async ({ open }) => {
    const secret = "hunter2-hunter2";
    const lines = [
      line("a", {
        error_message: `bad ${secret}`,
        error_context: { note: secret },
        return_value: { $text: `{"half ${secret}` },
        node_executions: [{ ...node, inputs: { apiKey: "k" }, outputs: [`<${secret}>`] }],
        variable_snapshots: [
          { variable_name: "db_password", new_value: "p", timestamp: "" },
          { variable_name: "text", old_value: secret, new_value: 1, timestamp: "" },
        ],
      }),
      line("clean"),
    ].join("\n");
    {
      using executions = await open({ redaction: { values: [secret] } });
      await executions.import(inPieces(encode(lines), 100));
      const exported = await text(executions.export());
      assert(!exported.includes(secret));
      const [run] = exported.split("\n").map((line) => line && JSON.parse(line))
        .filter(({ id }) => id === "a");
      assertEquals(run.error_message, "bad [REDACTED]");
      assertEquals(run.return_value, { $text: '{"half [REDACTED]' });
      assertEquals(run.node_executions[0].inputs, { apiKey: "[REDACTED]" });
      assertEquals(run.variable_snapshots[0].new_value, "[REDACTED]");
    }
    using strict = await open({ redaction: { mode: "strict", values: [secret] } });
    await strict.delete("a");
    await strict.delete("clean");
    const { imported, invalid } = await strict.import(inPieces(encode(lines), 100));
    assertEquals([imported, invalid.map(({ line }) => line)], [1, [1]]);
    assert(!invalid[0]!.error.message.includes(secret));
  },
);
