import { assertEquals, assertThrows } from "@std/assert";
import { InvalidDataError, InvalidStateError } from "../../src/domain/errors.ts";
import { Execution, EXECUTION_STATUSES, type ExecutionStatus } from "../../src/domain/execution.ts";
import { NodeExecution } from "../../src/domain/node_execution.ts";

function inStatus(status: ExecutionStatus): Execution {
  const run = Execution.create("greet", "1.0");
  run.status = status;
  return run;
}

Deno.test("Execution.create() appends one snapshot per input", () => {
  const run = Execution.create("greet", "1.0", { who: "world", n: 1 });
  assertEquals(run.status, "pending");
  assertEquals(run.variables, { who: "world", n: 1 });
  assertEquals(
    run.variableSnapshots.map(({ variableName, newValue, executionId }) => [
      variableName,
      newValue,
      executionId,
    ]),
    [["who", "world", run.id], ["n", 1, run.id]],
  );
  assertThrows(() => Execution.create("", "1.0"), InvalidDataError, "id is empty");
  assertThrows(() => Execution.create("greet", ""), InvalidDataError, "version is empty");
});

Deno.test("Execution changes its status only as the state machine allows", () => {
  const transitions: [string, (run: Execution) => void, ExecutionStatus, ExecutionStatus][] = [
    ["start", (run) => run.start(), "pending", "running"],
    ["complete", (run) => run.complete(), "running", "completed"],
    ["fail", (run) => run.fail({ type: "x", message: "y" }), "running", "failed"],
    ["cancel", (run) => run.cancel(), "running", "cancelled"],
    ["timeOut", (run) => run.timeOut("one"), "running", "timed_out"],
  ];
  for (const [name, change, from, to] of transitions) {
    for (const status of EXECUTION_STATUSES) {
      const run = inStatus(status);
      if (status === from) {
        change(run);
        assertEquals(run.status, to, name);
        continue;
      }
      const error = assertThrows(() => change(run), InvalidStateError);
      assertEquals([error.from, error.to, run.status], [status, to, status]);
      assertEquals([run.completedAt, run.error], [undefined, undefined]);
    }
  }
});

Deno.test("Execution keeps what its end was given", () => {
  const completed = inStatus("running");
  completed.complete({ total: 1 });
  assertEquals(completed.returnValue, { total: 1 });
  assertEquals(completed.duration! >= 0, true);
  const timedOut = inStatus("running");
  timedOut.timeOut("one");
  assertEquals(timedOut.error, {
    type: "timeout",
    message: 'Timed out at node "one"',
    nodeId: "one",
  });
  assertEquals(inStatus("running").duration, undefined);
});

Deno.test("Execution.setVariable() keeps the old value", () => {
  const run = Execution.create("greet", "1.0", { a: 1 });
  run.setVariable("a", 2, "node");
  const [, second] = run.variableSnapshots;
  assertEquals([second?.oldValue, second?.newValue, second?.nodeExecutionId], [1, 2, "node"]);
  run.setVariable("__proto__", { x: 1 });
  assertEquals(Object.keys(run.variables), ["a", "__proto__"]);
});

Deno.test("Execution.setVariable() keeps what was set, whatever is changed in place later", () => {
  const input = { list: [1], when: new Date(0), self: undefined as unknown };
  input.self = input;
  const run = Execution.create("greet", "1.0", { input });
  input.list.push(2);
  run.setVariable("input", input);
  input.list.push(3);
  const [first, second] = run.variableSnapshots;
  const lists = [first?.newValue, second?.oldValue, second?.newValue, run.variables["input"]]
    .map((value) => (value as typeof input).list);
  assertEquals(lists, [[1], [1, 2], [1, 2], [1, 2, 3]]);
  const copy = first?.newValue as typeof input;
  assertEquals([copy.self === copy, copy.when === input.when], [true, true]);
});

Deno.test("Execution.addNodeExecution() takes the node over", () => {
  const run = Execution.create("greet", "1.0");
  const node = run.addNodeExecution(NodeExecution.create("another", "one", "mcp_tool"));
  assertEquals(node.executionId, run.id);
  assertEquals(run.nodeExecutions, [node]);
});
