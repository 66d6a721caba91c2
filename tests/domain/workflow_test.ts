import { assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { AlreadyExistsError, InvalidDataError, NotFoundError } from "../../src/domain/errors.ts";
import { NODE_TYPES } from "../../src/domain/node.ts";
import { Workflow } from "../../src/domain/workflow.ts";
import { anyWorkflow } from "../workflows/arbitrary.ts";

function valid(): Workflow {
  const workflow = Workflow.create("orders", "Handles orders", { id: "orders" });
  workflow.addServer({ id: "db", command: "npx" });
  workflow.addVariable({ name: "limit", type: "number", default: 10 });
  workflow.addNode({ id: "start", type: "start" });
  workflow.addNode({ id: "read", type: "mcp_tool", server: "db", tool: "read", output: "rows" });
  workflow.addNode({ id: "big", type: "condition", condition: "${rows.length} > ${limit}" });
  workflow.addNode({ id: "fan", type: "parallel", branches: [["a"], ["b"]] });
  workflow.addNode({ id: "a", type: "passthrough" });
  workflow.addNode({ id: "b", type: "passthrough" });
  workflow.addNode({ id: "each", type: "loop", collection: "${rows}", item: "row", body: ["c"] });
  workflow.addNode({ id: "c", type: "transform", expression: "$.id" });
  workflow.addNode({ id: "end", type: "end" });
  workflow.addEdge({ from: "start", to: "read" });
  workflow.addEdge({ from: "read", to: "big" });
  workflow.addEdge({ from: "big", to: "fan", condition: "true" });
  workflow.addEdge({ from: "big", to: "each", condition: "false" });
  workflow.addEdge({ from: "fan", to: "end" });
  workflow.addEdge({ from: "each", to: "end" });
  return workflow;
}

Deno.test("Workflow.create() makes a workflow with an id and times of its own", () => {
  const workflow = Workflow.create("greet", "Says hello");
  assertEquals([workflow.name, workflow.description, workflow.version], [
    "greet",
    "Says hello",
    "1.0",
  ]);
  assertEquals(workflow.metadata.created, workflow.metadata.lastModified);
  assertEquals([workflow.nodes, workflow.edges, workflow.variables, workflow.servers], [
    [],
    [],
    [],
    [],
  ]);
  assertNotEquals(workflow.id, Workflow.create("greet").id);
});

Deno.test("Workflow.validate() accepts a workflow with every type of node", () => {
  const workflow = valid();
  assertEquals(new Set(workflow.nodes.map(({ type }) => type)), new Set(NODE_TYPES));
  assertEquals(workflow.problems(), []);
  workflow.validate();
});

/** An invariant, how it is broken, and what is said. */
const BROKEN: [string, (workflow: Workflow) => void, string][] = [
  ["no start node", (w) => w.removeNode("start"), "Exactly one start node is wanted, 0 found"],
  [
    "two start nodes",
    (w) => void w.addNode({ id: "again", type: "start" }),
    "Exactly one start node is wanted, 2 found",
  ],
  ["no end node", (w) => w.removeNode("end"), "At least one end node is wanted"],
  [
    "an empty node id",
    (w) => void w.addNode({ id: "", type: "passthrough" }),
    "A node id is empty",
  ],
  [
    "a node id twice",
    (w) => void w.addNode({ id: "a", type: "passthrough" }),
    'Node id "a" is not unique',
  ],
  [
    "a variable twice",
    (w) => void w.addVariable({ name: "limit", type: "any" }),
    'Variable name "limit" is not unique',
  ],
  [
    "a bad variable name",
    (w) => void w.addVariable({ name: "9lives", type: "any" }),
    'Variable name "9lives" is not valid',
  ],
  [
    "a bad variable type",
    (w) => void w.addVariable({ name: "x", type: "toString" }),
    'Variable "x" has type "toString"',
  ],
  [
    "a default that does not fit",
    (w) => void w.updateVariable("limit", { default: "ten" }),
    'The default of variable "limit" is not of type number',
  ],
  [
    "an edge to nowhere",
    (w) => void w.addEdge({ from: "end", to: "nowhere" }),
    'names node "nowhere", which is missing',
  ],
  ["a self-loop", (w) => void w.addEdge({ from: "a", to: "a" }), "is a self-loop"],
  [
    "an edge twice",
    (w) => void w.edges.push({ from: "start", to: "read" }),
    'Edge from "start" to "read" exists twice',
  ],
  [
    "a third branch of a condition",
    (w) => void w.addEdge({ from: "big", to: "end", condition: "maybe" }),
    'Condition node "big" has 3 outgoing edges, exactly two are wanted',
  ],
  [
    "a branch without a condition",
    (w) => delete w.edges[2]!.condition,
    'An edge that leaves condition node "big" has no condition',
  ],
  [
    "a cycle",
    (w) => void w.addEdge({ from: "fan", to: "read" }),
    'The nodes "read" -> "big" -> "fan" -> "read" form a cycle',
  ],
  [
    "a node that cannot be reached",
    (w) => void w.addNode({ id: "island", type: "passthrough" }),
    'Node "island" cannot be reached from the start node',
  ],
  [
    "an undeclared server",
    (w) => w.removeServer("db"),
    'Node "read" names server "db", which is not declared',
  ],
  [
    "a body that names a missing node",
    (w) => w.removeNode("c"),
    'Node "each" names node "c", which is missing',
  ],
];

for (const [what, breakIt, message] of BROKEN) {
  Deno.test(`Workflow.validate() reports ${what}`, () => {
    const workflow = valid();
    breakIt(workflow);
    const error = assertThrows(() => workflow.validate(), InvalidDataError);
    assertStringIncludes(error.problems.join("\n"), message);
    assertEquals(error.problems, workflow.problems());
  });
}

Deno.test("Workflow.problems() lists all problems at once", () => {
  const workflow = Workflow.create("empty");
  workflow.addVariable({ name: "1", type: "x" });
  assertEquals(workflow.problems().length, 4);
});

Deno.test("Workflow.problems() copes with nodes that lack what TypeScript would ask for", () => {
  const workflow = valid();
  const fan = workflow.nodes.find(({ id }) => id === "fan") as { branches?: string[][] };
  const each = workflow.nodes.find(({ id }) => id === "each") as { body?: string[] };
  delete fan.branches;
  delete each.body;
  assertEquals(
    workflow.problems(),
    ["a", "b", "c"].map((id) => `Node "${id}" cannot be reached from the start node`),
  );
});

Deno.test("Workflow.addEdge() gives an id and refuses a duplicate", () => {
  const workflow = valid();
  const { id } = workflow.addEdge({ from: "a", to: "b" });
  assertEquals(workflow.edges.at(-1)!.id, id);
  const error = assertThrows(() => workflow.addEdge({ from: "a", to: "b" }), AlreadyExistsError);
  assertEquals(error.kind, "edge");
  workflow.addEdge({ from: "a", to: "b", condition: "x" });
});

Deno.test("Workflow.remove…() and updateVariable() of something unknown throw NotFoundError", () => {
  const workflow = valid();
  const calls: [verb: string, kind: string, () => void][] = [
    ["remove", "node", () => workflow.removeNode("x")],
    ["remove", "edge", () => workflow.removeEdge("x")],
    ["remove", "edge", () => workflow.removeEdge({ from: "x", to: "y" })],
    ["remove", "variable", () => workflow.removeVariable("x")],
    ["change", "variable", () => void workflow.updateVariable("x", {})],
    ["remove", "server", () => workflow.removeServer("x")],
  ];
  for (const [verb, kind, call] of calls) {
    const error = assertThrows(call, NotFoundError, `Cannot ${verb} ${kind} "x`);
    assertEquals(error.kind, kind);
  }
});

Deno.test("Workflow.removeNode() removes the edges that touch it", () => {
  const workflow = valid();
  workflow.removeNode("big");
  assertEquals(workflow.edges.map(({ from, to }) => `${from}-${to}`), [
    "start-read",
    "fan-end",
    "each-end",
  ]);
});

Deno.test("Workflow.problems() of any workflow ends with sentences", () => {
  fc.assert(
    fc.property(anyWorkflow, (workflow) => {
      const problems = workflow.problems();
      assertEquals(problems.length > 0, true);
      assertEquals(problems.every((problem) => problem !== ""), true);
    }),
    { numRuns: 300 },
  );
});

Deno.test("Workflow.problems() copes with a chain of 20,000 nodes", () => {
  const workflow = Workflow.create("chain");
  workflow.nodes = Array.from({ length: 20_000 }, (_, i) => ({
    id: `n${i}`,
    type: i === 0 ? "start" : i === 19_999 ? "end" : "passthrough",
  }));
  workflow.edges = Array.from({ length: 19_999 }, (_, i) => ({ from: `n${i}`, to: `n${i + 1}` }));
  assertEquals(workflow.problems(), []);
  workflow.edges.push({ from: "n19998", to: "n1" });
  assertEquals(workflow.problems().length, 1);
});
