import { assertEquals, assertRejects } from "@std/assert";
import { AlreadyExistsError, DatabaseError } from "../../src/domain/errors.ts";
import { Execution } from "../../src/domain/execution.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";
import { rawSql, testBackends } from "./backends.ts";

function sample(): Execution {
  const run = Execution.create("greet", "1.0");
  run.start();
  const node = NodeExecution.create(run.id, "tool", "mcp_tool");
  node.start();
  run.addNodeExecution(node);
  return run;
}

testBackends(
  "SQLiteExecutionRepository.saveNodeExecution() and record() never move a node execution to another run",
  async ({ open }) => {
    using executions = await open();
    const [a, b] = [sample(), sample()];
    await executions.record(a);
    await executions.record(b);
    const moved = NodeExecution.create(b.id, "tool", "mcp_tool");
    moved.id = a.nodeExecutions[0]!.id;
    const error = await assertRejects(
      () => executions.saveNodeExecution(moved),
      AlreadyExistsError,
    );
    assertEquals([error.kind, error.id], ["node execution", moved.id]);
    b.addNodeExecution(moved);
    await assertRejects(() => executions.record(b), AlreadyExistsError);
    assertEquals((await executions.load(a.id)).nodeExecutions.length, 1);
    assertEquals((await executions.load(b.id)).nodeExecutions.length, 1);
  },
);

const COLUMNS =
  "workflow_version, completed_at, error_type, error_message, error_node_id, error_context, " +
  "return_value";
const NODE_COLUMNS =
  "completed_at, inputs, outputs, error_type, error_message, error_context, retry_count";

/** The bytes and the type of every column. */
const bytes = (columns: string, table: string) =>
  `SELECT ${
    columns.split(", ").map((one) => `typeof(${one}) || hex(${one}) AS ${one}`).join(", ")
  } FROM ${table}`;

const ODD: [name: string, run: string, node: string][] = [
  [
    "with NUL",
    `workflow_version = '1' || char(0) || 'x', error_type = 't', error_message = 'a' || char(0) || 'b', return_value = '{"a":1}' || char(0) || 'tail'`,
    `inputs = '{"a":1}' || char(0), outputs = '[' || char(0) || ']', error_type = 't', error_message = char(0) || 'b', error_context = '{' || char(0)`,
  ],
  [
    "that are no UTF-8",
    "workflow_version = x'ff31', error_type = 't', error_message = x'fffe', error_context = x'7bff7d', return_value = x'22ff22'",
    "inputs = x'7bff7d', outputs = x'ff', error_type = x'ff', error_message = x'fe', error_context = x'ff', retry_count = x'ff'",
  ],
  [
    "that are text and no UTF-8",
    "workflow_version = CAST(x'31e9' AS TEXT), error_type = 't', error_message = CAST(x'61e962' AS TEXT), return_value = CAST(x'22ff22' AS TEXT)",
    "inputs = CAST(x'7bff7d' AS TEXT), outputs = CAST(x'7b2261223a22e9227d' AS TEXT), error_type = 't', error_message = CAST(x'fe' AS TEXT)",
  ],
  [
    "of an error without a type and a message",
    `error_context = '{"a": 1.50}', error_node_id = 'n'`,
    `error_context = '{"a": 1.50}', retry_count = 'many'`,
  ],
  ["of a node and a huge count", "error_node_id = 'n'", "retry_count = 9223372036854775808"],
  [
    "that say in another way that there is nothing",
    "completed_at = '0001-01-01 00:00:00 +0000 UTC', return_value = 'null'",
    "completed_at = '0001-01-01 00:00:00 +0000 UTC', inputs = '{ }', outputs = 'null', retry_count = NULL",
  ],
  ["with a count beyond 2^53", "error_message = 'm'", "retry_count = 9007199254740993"],
];

for (const [name, run, node] of ODD) {
  testBackends(
    `SQLiteExecutionRepository.record() keeps the bytes of stored columns ${name}`,
    async ({ open, path }) => {
      const { id } = sample();
      {
        using executions = await open();
        const stored = sample();
        stored.id = id;
        for (const one of stored.nodeExecutions) one.executionId = id;
        await executions.record(stored);
      }
      const [before, nodeBefore] = [
        await rawSql(path, `UPDATE executions SET ${run}`, bytes(COLUMNS, "executions")),
        await rawSql(
          path,
          `UPDATE node_executions SET ${node}`,
          bytes(NODE_COLUMNS, "node_executions"),
        ),
      ];
      {
        using executions = await open();
        const loaded = await executions.load(id);
        const [one] = loaded.nodeExecutions;
        assertEquals(
          one!.invalidColumns?.some(({ column }) => column === "retry_count") ?? false,
          /retry_count = (?!NULL)/.test(node),
        );
        await executions.record(loaded);
        await executions.record(await executions.load(id));
      }
      assertEquals(await rawSql(path, bytes(COLUMNS, "executions")), before);
      assertEquals(await rawSql(path, bytes(NODE_COLUMNS, "node_executions")), nodeBefore);
    },
  );
}

testBackends(
  "SQLiteExecutionRepository.record() escapes what the message of an error cannot hold",
  async ({ open }) => {
    using executions = await open();
    const run = sample();
    run.nodeExecutions[0]!.fail({ type: "tool", message: "x\0y" });
    run.fail({ type: "tool", message: "a\0b\ud800c\u{1f600}" });
    await executions.record(run);
    const loaded = await executions.load(run.id);
    assertEquals(loaded.error?.message, "a\\u0000b\\ud800c\u{1f600}");
    assertEquals(loaded.nodeExecutions[0]?.error?.message, "x\\u0000y");
  },
);

testBackends(
  "SQLiteExecutionRepository says that a file is damaged when it lacks a table or a column",
  async ({ open, path }) => {
    (await open()).close();
    await rawSql(path, "ALTER TABLE variable_snapshots DROP COLUMN old_value", "SELECT 1");
    using executions = await open();
    const error = await assertRejects(
      () => executions.record(Execution.create("greet", "1.0", { who: "world" })),
      DatabaseError,
    );
    assertEquals(error.code, "corrupt");
  },
);
