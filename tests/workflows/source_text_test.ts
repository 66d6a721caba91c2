import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import type { Workflow } from "../../src/domain/workflow.ts";
import type { SaveResult } from "../../src/domain/workflow_repository.ts";
import { TempStore } from "./temp_store.ts";

interface Edited {
  text: string;
  result: SaveResult;
  loaded: Workflow;
}

async function edited(text: string, edit: (workflow: Workflow) => void): Promise<Edited> {
  await using store = await TempStore.open();
  await store.write("x", text);
  const workflow = await store.workflows.load("x");
  edit(workflow);
  const result = await store.workflows.save(workflow);
  return { text: await store.read("x"), result, loaded: await store.workflows.load("x") };
}

Deno.test("save() gives the text of before when it takes the last edit back", async () => {
  const text = `name: x # note
metadata: { last_modified: 2024-01-01T00:00:00.000Z }
description: >-
  two
  lines
servers: # of others
  - id: s # with a note
    env: { A: 1.10 }
nodes:
  - id: start
`;
  const edits: [edit: (workflow: Workflow) => void, undo: (workflow: Workflow) => void][] = [
    [(one) => void one.addVariable({ name: "v", type: "any" }), (one) => void one.variables.pop()],
    [(one) => void (one.edges = [{ from: "a", to: "b" }]), (one) => void (one.edges = [])],
    [(one) => void (one.name = "a: b"), (one) => void (one.name = "x")],
    [(one) => void delete one.description, (one) => void (one.description = "two lines")],
    [
      (one) => void (one.servers = []),
      (one) => void one.addServer({ id: "s", env: { A: "1.10" } }),
    ],
    [
      (one) => void (one.nodes[0]!.description = "d"),
      (one) => void delete one.nodes[0]!.description,
    ],
  ];
  await using store = await TempStore.open();
  const workflows = store.workflows;
  await store.write("x", text);
  const untimed = async () =>
    (await store.read("x")).replace(/(?<=last_modified: )[^ ]+/, "2024-01-01T00:00:00.000Z");
  for (const [edit, undo] of edits) {
    await workflows.update("x", edit);
    const between = await untimed();
    assertNotEquals(between, text);
    await workflows.update("x", undo);
    assertEquals(await untimed(), text);
    await workflows.update("x", edit);
    assertEquals(await untimed(), between);
    // What somebody else wrote in between is not taken back.
    const foreign = (await store.read("x")).replace("name:", "# by hand\nname:");
    await store.write("x", foreign);
    await workflows.update("x", undo);
    assertStringIncludes(await store.read("x"), "# by hand\nname: ");
    await store.write("x", text);
  }
});

Deno.test("save() keeps the comments of a revision that was restored", async () => {
  await using store = await TempStore.open();
  const workflows = store.workflows;
  await store.write("x", "# one\nname: x\n");
  await workflows.update("x", (one) => void (one.name = "y"));
  const [, first] = await workflows.history("x");
  await store.write("x", "name: z\n");
  await workflows.load("x");
  await workflows.restore("x", first!.revision);
  await workflows.update("x", (one) => void (one.name = "z"));
  assertStringIncludes(await store.read("x"), "# one\nname: z\n");
});

Deno.test("save() keeps the text of numbers in a flow collection that changes", async () => {
  const { text, loaded } = await edited(
    "name: x\nservers:\n  - {id: s, env: {MODE: 0777, VER: 1.10, ACCOUNT: 12345678901234567890}}\n",
    (workflow) => workflow.servers[0]!.name = "n",
  );
  assertStringIncludes(text, "MODE: 0777, VER: 1.10, ACCOUNT: 12345678901234567890");
  assertEquals(loaded.servers[0]!.env, {
    MODE: "0777",
    VER: "1.10",
    ACCOUNT: "12345678901234567890",
  });
});

Deno.test("save() keeps the text of numbers in metadata in flow style", async () => {
  const { text } = await edited(
    "name: x\nmetadata: {author: x, release: 2024.10, build: 0012}\nnodes:\n  - {id: a, type: start}\n",
    (workflow) => workflow.description = "new",
  );
  assertStringIncludes(text, "release: 2024.10");
  assertStringIncludes(text, "build: 0012");
});

Deno.test("save() keeps the text of numbers in flow lists, unknown keys and numeric texts", async () => {
  const { text, loaded } = await edited(
    "name: x\nmetadata: {tags: [1.10, 007]}\nservers:\n  - id: s\n    args: [8080, 1.0]\nnodes:\n" +
      "  - {id: t, type: transform, input: 1.10, expression: 0777, hot: TRUE, cold: ~}\n" +
      "  - {id: m, type: mcp_tool, server: s, tool: t, parameters: {big: 12345678901234567890}}\n",
    (workflow) => {
      workflow.servers[0]!.args!.push("new");
      workflow.metadata.tags!.push("new");
      workflow.nodes[0]!.description = "d";
      workflow.nodes[1]!.description = "d";
    },
  );
  assertStringIncludes(text, "args: [8080, 1.0, new]");
  assertStringIncludes(text, "tags: [1.10, 007, new]");
  assertStringIncludes(text, "input: 1.10, expression: 0777");
  assertStringIncludes(text, "hot: TRUE, cold: ~");
  assertStringIncludes(text, "big: 12345678901234567890");
  assertEquals(loaded.servers[0]!.args, ["8080", "1.0", "new"]);
  assertEquals(loaded.metadata.tags, ["1.10", "007", "new"]);
});

Deno.test("save() keeps the text of numbers that come through a merge key", async () => {
  const { text } = await edited(
    "name: x\nbase: &b {rate: 1.10, mode: 0777}\nnodes:\n  - id: a\n    type: transform\n    <<: *b\n",
    (workflow) => workflow.nodes[0]!.description = "d",
  );
  assertEquals(text.match(/rate: 1\.10/g)?.length, 2, text);
  assertEquals(text.match(/mode: 0777/g)?.length, 2, text);
});

Deno.test("save() does not confuse numbers of one value and different texts", async () => {
  const { loaded } = await edited(
    "name: x\nservers:\n  - {id: s, args: [1.0, 1.00, a]}\n",
    (workflow) => workflow.servers[0]!.args!.shift(),
  );
  assertEquals(loaded.servers[0]!.args, ["1.00", "a"]);
});

Deno.test("save() writes one more of a text that looks like a number with quotes", async () => {
  const { loaded, text } = await edited(
    "name: x\nmetadata:\n  tags:\n    - 1.10\n    - b\n",
    (workflow) => workflow.metadata.tags!.push("1.10"),
  );
  assertStringIncludes(text, '    - 1.10\n    - b\n    - "1.10"\n');
  assertEquals(loaded.metadata.tags, ["1.10", "b", "1.10"]);
});

Deno.test("save() keeps the comments below a key with a comment behind it", async () => {
  const { text, result } = await edited(
    "name: x\nmetadata: # meta\n  # who\n  author: x\n  release: 1.10\nnodes: # the steps\n" +
      "  # first\n  - id: a # here\n    type: start\n    rate: 1.10\n",
    (workflow) => workflow.addNode({ id: "b", type: "end" }),
  );
  assertStringIncludes(text, "metadata: # meta\n  # who\n  author: x\n");
  assertStringIncludes(
    text,
    "nodes: # the steps\n  # first\n  - id: a # here\n    type: start\n    rate: 1.10\n  - id: b\n",
  );
  assertStringIncludes(text, "release: 1.10\n");
  assertEquals(result.rewritten, undefined);
});

Deno.test("save() adds before the end of the document, and behind the blank lines of a text", async () => {
  const { text, loaded, result } = await edited(
    "---\nname: x\ndescription: |+\n  a\n\nedges:\n  - {from: a, to: b}\n...\n",
    (workflow) => {
      workflow.version = "2";
      workflow.edges.push({ from: "b", to: "c" });
    },
  );
  assertEquals(result.rewritten, undefined);
  assertEquals(loaded.description, "a\n\n");
  assert(text.endsWith("  - from: b\n    to: c\n...\n"), text);
});

Deno.test("save() keeps the directives before a document", async () => {
  const { text, result } = await edited(
    "# file\n%YAML 1.2\n---\nname: x # the name\n",
    (workflow) => workflow.version = "2",
  );
  assertEquals(result.rewritten, undefined);
  assert(text.startsWith("# file\n%YAML 1.2\n---\nname: x # the name\n"), text);
});

Deno.test("save() replaces the whole of a text whose lines look like comments", async () => {
  const { text } = await edited(
    "name: x\ndescription: |\n  a\n  # b\n  # c\n# about the version\nversion: 1\n",
    (workflow) => workflow.description = "short",
  );
  assertEquals(
    text.replace(/metadata:\n.*\n/, ""),
    "name: x\ndescription: short\n# about the version\nversion: 1\n",
  );
});

Deno.test("save() keeps the comment behind a value that gets more lines", async () => {
  const { text, result } = await edited(
    "name: x # the name\n",
    (workflow) => workflow.name = "x\ny",
  );
  assertEquals(result.rewritten, undefined);
  assertStringIncludes(text, "name: |- # the name\n  x\n  y\n");
});

Deno.test("save() keeps the comment behind a key whose value stands below it", async () => {
  for (
    const [before, after] of [
      ["description: # note\n  old\n", "description: new # note\n"],
      ["edges: # note\n  - {from: a, to: b}\n", "edges: [] # note\n"],
      ["edges: # note\n  - from: a\n    to: b\n", "edges: [] # note\n"],
      ["x-a: # note\n  b: 1\n", "x-a: |- # note\n  c\n  d\n"],
    ] as const
  ) {
    const { text, result } = await edited(`name: x\n${before}version: 1\n`, (workflow) => {
      if (before.startsWith("description")) workflow.description = "new";
      else if (before.startsWith("edges")) workflow.edges = [];
      else workflow.extra = { "x-a": "c\nd" };
    });
    assertEquals(text.replace(/metadata:\n.*\n/, ""), `name: x\n${after}version: 1\n`);
    assertEquals(result.rewritten, undefined);
  }
});

Deno.test("save() takes the comments of all removed items away", async () => {
  const { text, result } = await edited(
    "name: x\nservers: # none needed\n  # the first\n  - id: s # here\nversion: 1\n",
    (workflow) => workflow.servers.pop(),
  );
  assertEquals(result.rewritten, undefined);
  assertStringIncludes(text, "servers: []");
  assertEquals(text.includes("the first"), false);
});

Deno.test("save() tells when comments of a part go", async () => {
  const { result, text } = await edited(
    "name: x\nbase: &b {rate: 1}\nnodes:\n  - id: a\n    <<: *b\n    # about the type\n    type: start\n",
    (workflow) => workflow.nodes[0]!.description = "d",
  );
  assertEquals(text.includes("# about the type"), result.rewritten === undefined, text);
});

Deno.test("save() keeps the comment behind the last line of a value", async () => {
  for (const value of ["\n  one", "\n  'one'", " one\n  two", "\n  one\n  two", " 'one\n  two'"]) {
    const { text, result } = await edited(
      `name: x\ndescription:${value} # why\nversion: "1"\n`,
      (workflow) => workflow.description = "three",
    );
    assert(/^description: '?three'? # why$/m.test(text), text);
    assertEquals(result.rewritten, undefined);
  }
});

Deno.test("save() edits a flow collection that stands below its key in place", async () => {
  const file =
    "name: x\nnodes:\n  - id: a\n    type: end\n    return:\n      { k: 'one', l: [ 1 ] } # why\n";
  const { text } = await edited(
    file,
    (workflow) => workflow.nodes[0] = { id: "a", type: "end", return: { k: "two", l: [1] } },
  );
  assertStringIncludes(text, "    return:\n      { k: 'two', l: [ 1 ] } # why\n");
});

Deno.test("save() keeps the comment behind the header of a block scalar", async () => {
  for (const header of ["|", ">-", "|2+"]) {
    const file = `name: x\ndescription: ${header} # why\n  one\n  two\nversion: "1"\n`;
    for (const value of ["three", "three\nfour\n"]) {
      const { text, result } = await edited(file, (workflow) => workflow.description = value);
      assert(/^description: \S+ # why$/m.test(text), text);
      assertEquals(result.rewritten, undefined);
    }
  }
});

Deno.test("save() tells when comments within a flow collection go", async () => {
  const nodes = "nodes: [\n  {\n    id: a, # first\n    type: start,\n  }, # last\n]\n";
  const node = await edited(
    `name: x\n${nodes}`,
    (workflow) => workflow.nodes[0]!.description = "d",
  );
  assertStringIncludes(node.text, "# last");
  assertEquals([node.text.includes("# first"), node.result.rewritten], [false, true]);

  const servers = await edited(
    "name: x\nservers: [\n  # none yet\n]\n",
    (workflow) => workflow.addServer({ id: "s" }),
  );
  assertEquals([servers.text.includes("# none"), servers.result.rewritten], [false, true]);
});

Deno.test("save() keeps all lines when an item goes before the first one behind a dash", async () => {
  const head = "# about x\nname: x\nnodes:\n  - id: p\n    type: parallel\n    branches:\n";
  const { text, result } = await edited(
    `${head}      - - a # A\n        - b # B\n      - - c\n`,
    (workflow) => {
      const node = workflow.nodes[0]!;
      if (node.type === "parallel") node.branches[0]!.unshift("new");
    },
  );
  assertStringIncludes(text, "      - - new\n        - a # A\n        - b # B\n      - - c\n");
  assertEquals(result.rewritten, undefined);
});

Deno.test("save() keeps all lines when something follows a list that ends with nothing", async () => {
  const file =
    "# about x\nname: x\nnodes:\n  - id: a\n    type: start\n    x-n: Null\n    x-l:\n      -\n      -\n" +
    "  - id: b\n    type: end\n";
  const { text, result } = await edited(
    file,
    (workflow) => workflow.nodes[0]!.extra!["x-m"] = 1,
  );
  assertStringIncludes(text, "      -\n      -\n    x-m: 1\n  - id: b\n");
  assertEquals(result.rewritten, undefined);
});

Deno.test("save() keeps the text of all the rest of an item that gets another id", async () => {
  const rest =
    "    env:\n      PORT: 8080 # p\n      DEBUG: TRUE\n    args: [1.10, 5]\n    name: ~\n";
  const { text } = await edited(
    `name: x\nservers:\n  - id: r\n  - id: s\n${rest}`,
    (workflow) => workflow.servers[1]!.id = "t",
  );
  assert(text.endsWith(`servers:\n  - id: r\n  - id: t\n${rest}`), text);
});

Deno.test("save() keeps the text of items of a flow collection that change places", async () => {
  const { text } = await edited(
    "name: x\nedges: [{from: a,to: \"b\"},{from: b,to: 'c'}, {from: c, to: d}]\n",
    ({ edges }) => edges.push(edges.shift()!),
  );
  assertStringIncludes(text, "{from: b,to: 'c'}");
  assertStringIncludes(text, '{from: a,to: "b"}');
  const commented = await edited(
    "name: x\nedges: [\n  {from: a, to: b}, # A\n  {from: b, to: c}, # B\n]\n",
    ({ edges }) => edges.reverse(),
  );
  assertEquals(commented.result.rewritten, true);
});

Deno.test("save() without changes writes nothing when ids are numbers", async () => {
  const files = [
    "name: x\nnodes:\n  - id: 1\n    type: start\n  - id: 2\n    type: end\nedges:\n  - from: 1\n    to: 2\n",
    "name: x\nnodes:\n  - {id: 1, type: start}\n  - {id: 2.0, type: end}\n" +
    "edges:\n  - {from: 1, to: 2.0, x-weight: 1.10}\n",
    "name: 0777\nnodes:\n  - {id: ~, type: start}\n  - {type: end}\nvariables:\n  - {name: 0777, type: any}\n" +
    "servers:\n  - id: 1.10\n    x: 0012\nedges:\n  - {id: 1.0, from: ~, to: 2, condition: 1.50}\n",
  ];
  for (const file of files) {
    const { result, text } = await edited(file, () => undefined);
    assertEquals([result.changed, text], [false, file]);
  }
});

Deno.test("save() without changes writes nothing when metadata are empty or ids are not unique", async () => {
  const files = [
    "name: x\nmetadata:\n  author:\n",
    "name: x\nmetadata: {author: ~, tags: }\n",
    "name: x\nmetadata: {}\n",
    "name: x\nmetadata:\n",
    "name: x\nnodes:\n  - id: a\n  - id: a\n    description: again\n  - description: without\n  - {}\n",
  ];
  for (const file of files) {
    const { result, text } = await edited(file, () => undefined);
    assertEquals([result.changed, text], [false, file]);
  }
});

Deno.test("save() keeps edges that name nodes by numbers", async () => {
  const { text } = await edited(
    "name: x\nnodes:\n  - {id: 1, type: start}\n  - {id: 2.0, type: end}\n" +
      "edges:\n  - {from: 1, to: 2.0, x-weight: 1.10}\n",
    (workflow) => workflow.edges[0]!.label = "l",
  );
  assertStringIncludes(text, "from: 1, to: 2.0, label: l, x-weight: 1.10");
});

Deno.test("save() walks long comments in linear time", async () => {
  const start = performance.now();
  await edited(
    `name: x\nnodes:\n  - id: a\n    type: start\n  # ${
      "#".repeat(100_000)
    }\n  - id: b\n    type: end\n`,
    (workflow) => workflow.removeNode("b"),
  );
  const spent = performance.now() - start;
  assert(spent < 2000, `took ${spent} ms`);
});
