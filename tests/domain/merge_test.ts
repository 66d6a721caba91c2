import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { diffWorkflows } from "../../src/domain/diff.ts";
import { mergeWorkflows } from "../../src/domain/merge.ts";
import { Workflow } from "../../src/domain/workflow.ts";
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
  assertEquals(conflicts.map(({ field }) => field), ['edge "start -> end" id']);
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
