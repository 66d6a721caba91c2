import { assertEquals, assertThrows } from "@std/assert";
import { InvalidStateError } from "../../src/domain/errors.ts";
import {
  NODE_EXECUTION_STATUSES,
  NodeExecution,
  type NodeExecutionStatus,
} from "../../src/domain/node_execution.ts";

Deno.test("NodeExecution changes its status only as the state machine allows", () => {
  type Step = [(node: NodeExecution) => void, NodeExecutionStatus, NodeExecutionStatus];
  const transitions: Step[] = [
    [(node) => node.start(), "pending", "running"],
    [(node) => node.complete({ ok: true }), "running", "completed"],
    [(node) => node.fail({ type: "x", message: "y" }), "running", "failed"],
    [(node) => node.skip(), "pending", "skipped"],
    [(node) => node.retry(), "failed", "running"],
  ];
  for (const [change, from, to] of transitions) {
    for (const status of NODE_EXECUTION_STATUSES) {
      const node = NodeExecution.create("run", "one", "mcp_tool");
      node.status = status;
      if (status === from) {
        change(node);
        assertEquals(node.status, to);
        continue;
      }
      const error = assertThrows(() => change(node), InvalidStateError);
      assertEquals([error.from, error.to, node.status], [status, to, status]);
    }
  }
});

Deno.test("NodeExecution.retry() counts and clears the end", () => {
  const node = NodeExecution.create("run", "one", "mcp_tool");
  node.start();
  node.fail({ type: "connection", message: "refused" });
  node.retry();
  assertEquals([node.retryCount, node.completedAt, node.error], [1, undefined, undefined]);
  assertEquals(Object.hasOwn(node, "error"), false);
  node.complete();
  assertEquals(node.duration! >= 0, true);
});

Deno.test("NodeExecution.skip() never started", () => {
  const node = NodeExecution.create("run", "one", "mcp_tool");
  node.skip();
  assertEquals([node.startedAt, node.duration], [undefined, undefined]);
});
