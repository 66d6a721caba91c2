import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { cpuUsage } from "node:process";
import { diffWorkflows } from "../../src/domain/diff.ts";
import { mergeWorkflows } from "../../src/domain/merge.ts";
import type { McpToolNode, WorkflowNode } from "../../src/domain/node.ts";
import { type Edge, Workflow } from "../../src/domain/workflow.ts";
import { anyWorkflow } from "../workflows/arbitrary.ts";

function base(): Workflow {
  return Workflow.from({
    id: "a",
    name: "a",
    version: "1.0",
    metadata: { author: "ann", tags: ["x"] },
    variables: [{ name: "v", type: "number", default: 1 }],
    servers: [{ id: "s", command: "npx" }],
    nodes: [
      { id: "start", type: "start" },
      { id: "read", type: "mcp_tool", server: "s", tool: "read", parameters: { a: 1, b: 2 } },
      { id: "end", type: "end" },
    ],
    edges: [{ id: "1", from: "start", to: "read" }, { id: "2", from: "read", to: "end" }],
  });
}

function edited(edit: (workflow: Workflow) => unknown): Workflow {
  const workflow = base();
  edit(workflow);
  return workflow;
}

function merged(
  mine: (workflow: Workflow) => unknown,
  theirs: (workflow: Workflow) => unknown,
) {
  return mergeWorkflows(base(), edited(mine), edited(theirs));
}

Deno.test("mergeWorkflows() joins edits of different things", () => {
  const { workflow, conflicts } = merged(
    (w) => {
      w.name = "mine";
      w.addNode({ id: "m", type: "passthrough" });
      w.removeVariable("v");
      Object.assign(w.nodes[1]!, { parameters: { a: 9, b: 2 } });
    },
    (w) => {
      w.metadata.author = "bob";
      w.nodes.splice(1, 0, { id: "t", type: "passthrough" });
      w.servers.push({ id: "s2" });
      Object.assign(w.nodes[2]!, { parameters: { a: 1, b: 9, c: 3 }, output: "x" });
    },
  );
  assertEquals(conflicts, []);
  assertEquals([workflow.name, workflow.metadata.author], ["mine", "bob"]);
  assertEquals(workflow.nodes.map(({ id }) => id), ["start", "t", "read", "end", "m"]);
  assertEquals(workflow.nodes[2], {
    id: "read",
    type: "mcp_tool",
    server: "s",
    tool: "read",
    parameters: { a: 9, b: 9, c: 3 },
    output: "x",
  });
  assertEquals([workflow.variables, workflow.servers.length], [[], 2]);
});

Deno.test("mergeWorkflows() names each conflict, and keeps mine", () => {
  const { workflow, conflicts } = merged(
    (w) => {
      w.name = "mine";
      w.removeNode("read");
      w.variables[0]!.default = 2;
      w.nodes.push({ id: "new", type: "start" });
    },
    (w) => {
      w.name = "theirs";
      w.nodes[1]!.description = "changed";
      w.variables[0]!.default = 3;
      w.nodes.push({ id: "new", type: "end" });
    },
  );
  assertEquals(conflicts.map(({ field }) => field).sort(), [
    "name",
    'node "new" type',
    'node "read"',
    'variable "v" default',
  ]);
  assertEquals(conflicts.find(({ field }) => field === "name"), {
    field: "name",
    base: "a",
    mine: "mine",
    theirs: "theirs",
  });
  assertEquals(workflow.name, "mine");
  assertEquals(workflow.nodes.map(({ id }) => id), ["start", "end", "new"]);
});

Deno.test("mergeWorkflows() takes the same edit on both sides for one", () => {
  const edit = (w: Workflow) => {
    w.description = "same";
    w.edges.push({ id: crypto.randomUUID(), from: "start", to: "end" });
    w.removeVariable("v");
  };
  const { workflow, conflicts } = merged(edit, edit);
  assertEquals([workflow.edges.length, workflow.variables.length], [3, 0]);
  assertEquals(conflicts, []);
});

Deno.test("mergeWorkflows() tells edges by their ids", () => {
  const { workflow, conflicts } = merged(
    (w) => w.edges[0]!.condition = "mine",
    (w) => w.edges[0]!.label = "theirs",
  );
  assertEquals(conflicts, []);
  assertEquals(workflow.edges[0], {
    id: "1",
    from: "start",
    to: "read",
    condition: "mine",
    label: "theirs",
  });
  const both = merged((w) => w.edges[0]!.to = "end", (w) => w.edges[0]!.to = "start");
  assertEquals(both.conflicts, [
    { field: 'edge "start -> read" to', base: "read", mine: "end", theirs: "start" },
  ]);
});

Deno.test("mergeWorkflows() tells edges without ids by their ends, unless there are two", () => {
  const edge = { from: "start", to: "end" };
  const change = (fields: Partial<Edge>, others: Edge[] = []) => {
    const workflow = Workflow.create("x", "", { id: "x" });
    workflow.edges = [{ ...edge, ...fields }, ...others];
    return workflow;
  };
  const label = mergeWorkflows(change({}), change({ condition: "a" }), change({ label: "b" }));
  assertEquals(label.conflicts, []);
  assertEquals(label.workflow.edges, [{ ...edge, condition: "a", label: "b" }]);
  const both = mergeWorkflows(change({}), change({ condition: "a" }), change({ condition: "b" }));
  assertEquals(both.conflicts, [
    { field: 'edge "start -> end" condition', mine: "a", theirs: "b" },
  ]);
  const second = [{ ...edge, condition: "c" }];
  const { workflow, conflicts } = mergeWorkflows(
    change({}, second),
    change({ label: "a" }, second),
    change({}, [{ ...edge, condition: "d" }]),
  );
  assertEquals(conflicts, []);
  assertEquals(workflow.edges, [{ ...edge, label: "a" }, { ...edge, condition: "d" }]);
});

Deno.test("mergeWorkflows() finds what one side uses and the other side removed", () => {
  const remove = (w: Workflow) => {
    w.removeNode("read");
    w.removeServer("s");
  };
  const use = (w: Workflow) => {
    w.addEdge({ id: "3", from: "end", to: "read" });
    w.addNode({ id: "write", type: "mcp_tool", server: "s", tool: "write" });
  };
  const edge = { id: "3", from: "end", to: "read" };
  const node = { id: "write", type: "mcp_tool", server: "s", tool: "write" };
  assertEquals(merged(remove, use).conflicts, [
    { field: 'edge "end -> read"', theirs: edge },
    { field: 'node "write" server', theirs: node },
  ]);
  assertEquals(merged(use, remove).conflicts, [
    { field: 'edge "end -> read"', mine: edge },
    { field: 'node "write" server', mine: node },
  ]);
});

Deno.test("mergeWorkflows() finds what one side runs inside of a node and the other side removed", () => {
  const remove = (w: Workflow) => w.removeNode("read");
  const loop: WorkflowNode = {
    id: "l",
    type: "loop",
    collection: "${c}",
    item: "i",
    body: ["read"],
  };
  const parallel: WorkflowNode = { id: "p", type: "parallel", branches: [["end"], ["read"]] };
  assertEquals(merged(remove, (w) => w.nodes.push(loop, parallel)).conflicts, [
    { field: 'node "l" body', theirs: loop },
    { field: 'node "p" branches', theirs: parallel },
  ]);
});

Deno.test("mergeWorkflows() does not blame the side that kept what the other side led elsewhere", () => {
  const lead = (w: Workflow) => {
    w.addServer({ id: "new" });
    w.removeServer("s");
    Object.assign(w.nodes[1]!, { server: "new" });
  };
  const { workflow, conflicts } = merged(lead, (w) => w.nodes[1]!.description = "theirs");
  assertEquals(conflicts, []);
  assertEquals((workflow.nodes[1] as McpToolNode).server, "new");
});

Deno.test("mergeWorkflows() joins tags, and takes the order of the side that changed it", () => {
  const { workflow, conflicts } = merged(
    (w) => {
      w.metadata.tags = ["y", "x"];
      w.nodes.push({ id: "last", type: "passthrough" });
    },
    (w) => {
      w.metadata.tags = ["z"];
      w.nodes.reverse();
    },
  );
  assertEquals(conflicts, []);
  assertEquals(workflow.metadata.tags, ["y", "z"]);
  assertEquals(workflow.nodes.map(({ id }) => id), ["end", "last", "read", "start"]);
});

Deno.test("mergeWorkflows() is symmetric when the edits touch different things", () => {
  const edits: ((workflow: Workflow) => unknown)[] = [
    (w) => w.name = "n",
    (w) => w.description = "d",
    (w) => w.metadata.author = "bob",
    (w) => w.extra = { "x-a": 1 },
    (w) => w.variables[0]!.default = 2,
    (w) => w.servers[0]!.env = { A: "1" },
    (w) => w.nodes[0]!.description = "first",
    (w) => Object.assign(w.nodes[1]!, { parameters: { a: 1, b: 3 } }),
    (w) => Object.assign(w.nodes[1]!, { output: "o" }),
    (w) => w.nodes[2]!.description = "last",
    (w) => w.edges[0]!.label = "l",
    (w) => w.edges[1]!.condition = "c",
  ];
  const all = fc.uniqueArray(fc.nat(edits.length - 1), { maxLength: edits.length });
  fc.assert(
    fc.property(all, fc.nat(edits.length), (order, split) => {
      const apply = (chosen: number[]) => (w: Workflow) => {
        for (const index of chosen) edits[index]!(w);
      };
      const [a, b] = [order.slice(0, split), order.slice(split)];
      const forth = merged(apply(a), apply(b));
      const back = merged(apply(b), apply(a));
      assertEquals([forth.conflicts, back.conflicts], [[], []]);
      const { metadata: { lastModified: _, ...metadata }, ...fields } = edited(apply(order));
      const together = Workflow.from({ ...fields, metadata });
      assertEquals([forth.workflow, back.workflow], [together, together]);
    }),
    { numRuns: 300 },
  );
});

Deno.test("mergeWorkflows() of one edit is that edit, on either side", () => {
  fc.assert(
    fc.property(anyWorkflow, anyWorkflow, (before, after) => {
      after.id = before.id;
      for (
        const { workflow, conflicts } of [
          mergeWorkflows(before, after, before),
          mergeWorkflows(before, before, after),
          mergeWorkflows(before, after, after),
        ]
      ) {
        assertEquals(conflicts, []);
        assertEquals(diffWorkflows(workflow, after), []);
        assertEquals(workflow.nodes, after.nodes);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("diffWorkflows() is empty for equal workflows alone", () => {
  fc.assert(
    fc.property(anyWorkflow, anyWorkflow, (a, b) => {
      assertEquals(diffWorkflows(a, Workflow.from(structuredClone({ ...a }))), []);
      const { metadata: { lastModified: _, ...metadata }, ...fields } = b;
      const other = Workflow.from({ ...fields, id: a.id, metadata });
      const forth = diffWorkflows(a, other).length;
      assertEquals(forth, diffWorkflows(other, a).length);
    }),
    { numRuns: 300 },
  );
});

for (const idOf of [String, () => "n"]) {
  Deno.test(`mergeWorkflows() of 5,000 nodes with ids such as "${idOf(7)}" takes no second`, () => {
    const large = (text: string) =>
      Workflow.from({
        ...base(),
        nodes: Array.from({ length: 5000 }, (_, i) => ({ id: idOf(i), type: "end", return: text })),
      });
    const mine = large("before");
    mine.nodes.pop();
    const start = cpuUsage();
    const { workflow } = mergeWorkflows(large("before"), mine, large("after"));
    const { user, system } = cpuUsage(start);
    assertEquals(workflow.nodes.length, 4999);
    assertEquals(workflow.nodes[4998], { id: idOf(4998), type: "end", return: "after" });
    assert((user + system) / 1e6 < 1, `took ${(user + system) / 1e6} s`);
  });
}
