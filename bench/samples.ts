/**
 * What the benches store.
 *
 * @module
 */

import { Execution } from "../src/domain/execution.ts";
import { NodeExecution } from "../src/domain/node_execution.ts";
import { Workflow } from "../src/domain/workflow.ts";

/**
 * Makes a finished run whose nodes have five items in their outputs.
 *
 * @param nodes How many nodes.
 * @param variables Its variables.
 * @returns The run.
 */
export function makeRun(nodes: number, variables: Record<string, unknown> = {}): Execution {
  const run = Execution.create("orders", "1.0", variables);
  run.start();
  for (let i = 0; i < nodes; i++) {
    const node = run.addNodeExecution(NodeExecution.create(run.id, `node_${i}`, "mcp_tool"));
    node.inputs = { url: "https://example.com/orders", page: i, list: [1, 2, 3, 4, 5] };
    node.start();
    node.complete({ ok: true, items: [1, 2, 3, 4, 5].map((id) => ({ id, name: `item ${id}` })) });
  }
  run.complete({ nodes });
  return run;
}

/**
 * As {@linkcode makeRun}, with nodes of up to a second and a run of up to a minute.
 *
 * @param nodes How many nodes.
 * @returns The run.
 */
export function makeLongRun(nodes: number): Execution {
  const run = makeRun(nodes);
  for (const node of run.nodeExecutions) {
    node.completedAt = new Date(node.startedAt!.getTime() + Math.floor(Math.random() * 1000));
  }
  run.completedAt = new Date(run.startedAt.getTime() + Math.floor(Math.random() * 60_000));
  return run;
}

/**
 * Makes a workflow of about 130 bytes of YAML for each node.
 *
 * @param id Its id.
 * @param nodes How many nodes.
 * @returns The workflow.
 */
export function makeWorkflow(id: string, nodes: number): Workflow {
  const workflow = Workflow.create(id, `A workflow of ${nodes} nodes`, { id });
  workflow.addServer({ id: "files", command: "npx", args: ["-y", "@example/files"] });
  workflow.addNode({ id: "start", type: "start" });
  for (let i = 0; i < nodes; i++) {
    workflow.addNode({
      id: `step-${i}`,
      type: "mcp_tool",
      server: "files",
      tool: "read_file",
      parameters: { path: "${input}", number: i },
      output: `result_${i}`,
    });
  }
  workflow.addNode({ id: "end", type: "end", return: "${result_0}" });
  return workflow;
}
