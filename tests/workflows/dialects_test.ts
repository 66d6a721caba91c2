import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Workflow } from "../../src/domain/workflow.ts";
import { realInputs, testNeeding } from "../helpers/skip.ts";
import { content, fixtures, TempStore } from "./temp_store.ts";

/** The lines that are gone and those that are new. */
function lineDiff(before: string, after: string): { gone: string[]; added: string[] } {
  const count = new Map<string, number>();
  for (const line of before.split("\n")) count.set(line, (count.get(line) ?? 0) + 1);
  const added: string[] = [];
  for (const line of after.split("\n")) {
    const left = count.get(line) ?? 0;
    if (left === 0) added.push(line);
    else count.set(line, left - 1);
  }
  const gone = [...count].flatMap(([line, left]) => new Array<string>(left).fill(line));
  const isTime = (line: string) => /^\s*last_modified:/.test(line);
  return {
    gone: gone.filter((line) => !isTime(line)),
    added: added.filter((line) => !isTime(line)),
  };
}

async function edited(
  store: TempStore,
  id: string,
  edit: (workflow: Workflow) => void,
): Promise<{ gone: string[]; added: string[] }> {
  const before = await store.read(id);
  const workflow = await store.workflows.load(id);
  edit(workflow);
  const result = await store.workflows.save(workflow);
  assertEquals([result.changed, result.rewritten], [true, undefined]);
  assertEquals(content(await store.workflows.load(id)), content(workflow));
  return lineDiff(before, await store.read(id));
}

async function withFixture(
  name: string,
  run: (store: TempStore) => Promise<void>,
): Promise<void> {
  await using store = await TempStore.open();
  await store.write(name, (await fixtures()).find(([fixture]) => fixture === name)![1]);
  await run(store);
}

async function survives(files: [string, string][]): Promise<void> {
  await using store = await TempStore.open();
  for (const [id, text] of files) {
    await store.write(id, text);
    const workflow = await store.workflows.load(id);
    assertEquals((await store.workflows.save(workflow)).changed, false, id);
    assertEquals(await store.read(id), text);

    // In a file of its own, and over the file anew after a change and back.
    workflow.id = `${id}-copy`;
    await store.workflows.save(workflow);
    assertEquals(content(await store.workflows.load(`${id}-copy`)), content(workflow));
    workflow.id = id;
    const description = workflow.description;
    workflow.description = "for a moment";
    await store.workflows.save(workflow);
    if (description === undefined) delete workflow.description;
    else workflow.description = description;
    await store.workflows.save(workflow);
    assertEquals(content(await store.workflows.load(id)), content(workflow));
  }
}

Deno.test("every fixture is read, saved and read again without loss", async () => {
  await survives(await fixtures());
});

testNeeding(
  realInputs,
  "every real workflow file is read, saved and read again without loss",
  async () => {
    const folder = Deno.env.get("GOFLOW_FIXTURES")!;
    await survives(await fixtures(`${folder}/workflows`));
    await survives(await fixtures(`${folder}/go-home/workflows`));
  },
);

/** One edit of each kind: how many lines of the file may go, and what it does. */
const EDITS: [string, (workflow: Workflow) => boolean | void][] = [
  ["a node is added", (w) => void w.addNode({ id: "added", type: "passthrough" })],
  ["a node changes", (w) => w.nodes.length > 0 && !!(w.nodes.at(-1)!.description = "changed")],
  ["an edge is added", (w) => void w.edges.push({ from: "start", to: "end", label: "added" })],
  ["an edge changes", (w) => w.edges.length > 0 && !!(w.edges[0]!.label = "changed")],
  ["a variable is added", (w) => void w.addVariable({ name: "added", type: "any" })],
  [
    "a variable changes",
    (w) => w.variables.length > 0 && !!(w.variables[0]!.description = "changed"),
  ],
  ["a server is added", (w) => void w.addServer({ id: "added", command: "npx" })],
  ["a server changes", (w) => w.servers.length > 0 && !!(w.servers[0]!.transport = "http")],
  ["the name changes", (w) => void (w.name = "changed")],
];

async function keepsOtherLines(files: [string, string][]): Promise<void> {
  for (const [name, text] of files) {
    for (const [what, edit] of EDITS) {
      await using store = await TempStore.open();
      await store.write(name, text);
      let applies = true;
      const workflow = await store.workflows.load(name);
      applies = edit(workflow) !== false;
      if (!applies) continue;
      const { gone } = await edited(store, name, edit);
      const changes = what.endsWith("changes");
      assertEquals(gone.length <= (changes ? 1 : 0), true, `${name}: ${what}: ${gone.join("|")}`);
    }
  }
}

Deno.test("an edit keeps every other line of every fixture", async () => {
  const files = await fixtures();
  // The last line of this one has no line break.
  await keepsOtherLines(
    files.map(([name, text]) => [name, name === "crlf" ? `${text}\r\n` : text]),
  );
});

testNeeding(realInputs, "an edit keeps every other line of every real file", async () => {
  const folder = Deno.env.get("GOFLOW_FIXTURES")!;
  await keepsOtherLines(await fixtures(`${folder}/workflows`));
  await keepsOtherLines(await fixtures(`${folder}/go-home/workflows`));
});

Deno.test("removing a node takes its lines and its comment, and nothing else", () =>
  withFixture("every-node", async (store) => {
    const { gone, added } = await edited(store, "every-node", (w) => w.removeNode("a"));
    assertEquals(added, []);
    assertEquals(gone, ["  - id: a", "    type: passthrough"]);
  }));

Deno.test("changing a value keeps the comment behind it and its quotes", () =>
  withFixture("every-node", async (store) => {
    const { gone, added } = await edited(store, "every-node", (w) => {
      w.variables[0]!.default = 2;
      w.metadata.author = "someone else";
      const read = w.nodes[1]!;
      if (read.type === "mcp_tool") read.retry!.on![0] = "slow";
    });
    assertEquals(gone.sort(), [
      "        - timeout # 504",
      "    default: 1.10 # not 1.1",
      '  author: "someone"',
    ]);
    assertEquals(added.sort(), [
      "        - slow # 504",
      "    default: 2 # not 1.1",
      '  author: "someone else"',
    ]);
  }));

Deno.test("a file in flow style is edited in flow style", () =>
  withFixture("every-node", async (store) => {
    const { gone, added } = await edited(store, "every-node", (w) => {
      const sum = w.nodes[2]!;
      if (sum.type === "transform") sum.output = "sum";
      w.metadata.tags = ["no", "1.0", "new"];
    });
    assertEquals(gone.length, 2);
    assertEquals(added, [
      '  tags: ["no", "1.0", "new"]  # strings, all of them',
      '  - {id: sum, type: transform, input: "${contents}", expression: "jq(.a)", output: sum}',
    ]);
  }));

Deno.test("texts are what stands in the file, whatever YAML takes them for", () =>
  withFixture("every-node", async (store) => {
    const workflow = await store.workflows.load("every-node");
    assertEquals(workflow.metadata.tags, ["no", "1.0", "2024-01-01", "yes"]);
    assertEquals(workflow.servers[0]!.args, ["-y", "@example/files", "8080", "1.0"]);
    assertEquals(workflow.servers[0]!.env, { PORT: "8080", DEBUG: "off" });
    assertEquals(workflow.variables[2], {
      name: "mode",
      type: "string",
      default: "0o17",
      required: false,
    });
  }));

Deno.test("numbers keep their text through a change elsewhere", () =>
  withFixture("every-node", async (store) => {
    const { gone } = await edited(store, "every-node", (w) => {
      w.variables[0]!.description = "a";
      w.variables[1]!.description = "b";
    });
    assertEquals(gone, []);
    const text = await store.read("every-node");
    for (const number of ["1.10", "12345678901234567890", "0x1F", "2.50", "2.0"]) {
      assertStringIncludes(text, number);
    }
  }));

Deno.test("types of nodes that the Go implementation dropped are inferred", () =>
  withFixture("go-untyped", async (store) => {
    const { nodes } = await store.workflows.load("go-untyped");
    assertEquals(nodes.map(({ type }) => type), [
      "start",
      "mcp_tool",
      "transform",
      "condition",
      "passthrough",
      "parallel",
      "loop",
      "end",
    ]);
  }));

Deno.test("a node without type gains it when it changes, and when it would be inferred wrongly", () =>
  withFixture("go-untyped", async (store) => {
    const first = await edited(store, "go-untyped", (w) => {
      const get = w.nodes[1]!;
      if (get.type === "mcp_tool") get.output = "other";
    });
    assertEquals(first, {
      gone: ["      output_variable: info"],
      added: ["      type: mcp_tool", "      output_variable: other"],
    });
    // Without its edges, the node "wait" would look like the start.
    const second = await edited(store, "go-untyped", (w) => {
      w.edges = w.edges.filter(({ from, to }) => from !== "wait" && to !== "wait");
    });
    assertEquals(second.added, ["      type: passthrough"]);
  }));

Deno.test("new nodes of a file that Go wrote use its keys, new files the canonical ones", () =>
  withFixture("go-untyped", async (store) => {
    const node = {
      id: "new",
      type: "transform" as const,
      input: "${a}",
      expression: "$.b",
      output: "c",
    };
    const { added } = await edited(store, "go-untyped", (w) => void w.addNode(node));
    assertEquals(added, [
      "    - id: new",
      "      type: transform",
      "      input_variable: ${a}",
      "      expression: $.b",
      "      output_variable: c",
    ]);
    const workflow = await store.workflows.load("go-untyped");
    workflow.id = "copy";
    await store.workflows.save(workflow);
    assertStringIncludes(await store.read("copy"), "    input: ${a}\n");
  }));

Deno.test("a time that Go wrote keeps its nanoseconds until it changes", () =>
  withFixture("go-untyped", async (store) => {
    const workflow = await store.workflows.load("go-untyped");
    assertEquals(workflow.metadata.created, new Date("2025-11-05T12:00:00Z"));
    assertEquals(workflow.metadata.lastModified, new Date("2026-11-23T19:56:42.715Z"));
    assertEquals((await store.workflows.save(workflow)).changed, false);
    workflow.name = "other";
    await store.workflows.save(workflow);
    assertStringIncludes(await store.read("go-untyped"), "    created: 2025-11-05T12:00:00Z\n");
  }));

Deno.test("line breaks stay what they are", () =>
  withFixture("crlf", async (store) => {
    await edited(store, "crlf", (w) => void w.addNode({ id: "x", type: "passthrough" }));
    const text = await store.read("crlf");
    assertEquals(text.replaceAll("\r\n", "").includes("\n"), false);
    assertStringIncludes(text, "- id: x\r\n  type: passthrough\r\n");
  }));

Deno.test("a merge key gives the keys that a mapping does not have", async () => {
  await using store = await TempStore.open();
  const text = `name: a
x-tool: &tool { server: fs, tool: read, retry: { max_attempts: 2 } }
nodes:
  - id: one # first
    type: mcp_tool
    <<: *tool
  - id: two
    type: mcp_tool
    <<: [*tool]
    tool: write
`;
  await store.write("a", text);
  const workflow = await store.workflows.load("a");
  assertEquals(workflow.nodes, [
    { id: "one", type: "mcp_tool", server: "fs", tool: "read", retry: { maxAttempts: 2 } },
    { id: "two", type: "mcp_tool", server: "fs", tool: "write", retry: { maxAttempts: 2 } },
  ]);
  assertEquals((await store.workflows.save(workflow)).changed, false);
  const { gone } = await edited(store, "a", (w) => {
    const two = w.nodes[1]!;
    if (two.type === "mcp_tool") two.tool = "delete";
  });
  assertEquals(
    gone,
    ["    <<: [*tool]", "    tool: write"],
  );
});

Deno.test("a file of JSON stays one", async () => {
  await using store = await TempStore.open();
  const lines = [
    "{",
    '\t"name": "a",',
    '\t"version": "1.0",',
    '\t"nodes": [',
    '\t\t{ "id": "start", "type": "start" },',
    '\t\t{ "id": "end",   "type": "end" }',
    "\t],",
    '\t"x": 1.10',
    "}",
    "",
  ];
  await store.write("json", lines.join("\n"));
  const { added, gone } = await edited(store, "json", (w) => {
    w.name = "b";
    w.nodes.splice(1, 0, { id: "wait", type: "passthrough", description: "x: 1" });
    w.nodes[2]!.description = "last";
  });
  assertEquals(gone, ['\t"name": "a",', '\t\t{ "id": "end",   "type": "end" }']);
  assertEquals(added.map((line) => line.replace(/"20[^"]*"/, '"now"')), [
    '\t"name": "b",',
    '\t"metadata": { "last_modified": "now" },',
    '\t\t{ "id": "wait", "type": "passthrough", "description": "x: 1" },',
    '\t\t{ "id": "end",   "type": "end", "description": "last" }',
  ]);
  JSON.parse(await store.read("json"));
  await edited(store, "json", (w) => void w.nodes.pop());
  assertEquals((await store.read("json")).includes('"description": "x: 1" }\n\t],'), true);
});

Deno.test("a flow collection over several lines keeps its lines and comments", async () => {
  await using store = await TempStore.open();
  await store.write(
    "a",
    "name: a\nservers:\n  - id: s\n    args: [ # all\n      '-y', # yes\n      'b',\n    ] # end\n" +
      "    env: {\n      A: 1.10,\n      B: 'x'\n    }\n",
  );
  const first = await edited(store, "a", (w) => {
    w.servers[0]!.args![1] = "c";
    w.servers[0]!.env!.C = "new";
  });
  assertEquals(first.added.filter((line) => !/metadata|last_mod/.test(line)), [
    "      'c',",
    "      B: 'x',",
    "      C: new",
  ]);
  const second = await edited(store, "a", (w) => delete w.servers[0]!.env!.B);
  assertEquals(second.gone.filter((line) => !/last_mod/.test(line)), ["      B: 'x',"]);
  // A comment that stands between items may belong to either.
  const workflow = await store.workflows.load("a");
  workflow.servers[0]!.args!.shift();
  assertEquals((await store.workflows.save(workflow)).rewritten, true);
  assertStringIncludes(await store.read("a"), "    args: [c] # end\n");
});

Deno.test("a file that cannot be edited in place is written anew, and the caller is told", async () => {
  await using store = await TempStore.open();
  await store.write("a", "name: &name a # the name\ndescription: *name\nx: 1.10\n");
  const workflow = await store.workflows.load("a");
  workflow.name = "b";
  assertEquals((await store.workflows.save(workflow)).rewritten, true);
  assertStringIncludes(await store.read("a"), "name: b\ndescription: a\n");
  assertStringIncludes(await store.read("a"), "x: 1.10\n");
});
