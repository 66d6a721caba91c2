import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { InvalidDataError } from "../../src/domain/errors.ts";
import type { WorkflowNode } from "../../src/domain/node.ts";
import { linux, testNeeding } from "../helpers/skip.ts";
import { greeting, TempStore } from "./temp_store.ts";

/** What is wrong, the text, part of the message, and line and column where they are known. */
const BAD_FILES: [string, string | Uint8Array<ArrayBuffer>, string, [number, number]?][] = [
  ["corrupt YAML", "name: a\nnodes:\n  - id: x\n   type: start\n", "bad indentation", [4, 4]],
  ["an unclosed quote", 'name: "a\n', "double quoted", [2, 1]],
  ["a duplicate key", "name: a\nversion: b\nname: c\n", "duplicated key", [3, 1]],
  ["an unknown tag", "name: !python/object a\n", "unknown tag", [1, 23]],
  ["an unknown alias", "name: *nobody\n", "unidentified alias", [1, 14]],
  ["two documents", "name: a\n---\nname: b\n", "more than 1 document", [2, 1]],
  ["an empty file", "", "found nothing"],
  ["a comment alone", "# nothing\n", "found nothing"],
  ["a list", "- a\n- b\n", "found a list"],
  ["a scalar", "just text\n", "found a scalar"],
  ["a tab as indentation", "name: a\nmetadata:\n\tauthor: b\n", "a tab", [3, 1]],
  ["a tab behind blanks", "nodes:\n  - id: a\n  \t- id: b\n", "a tab", [3, 3]],
  ["bytes that are not UTF-8", new Uint8Array([0x6e, 0x3a, 0x20, 0xff, 0xfe]), "not UTF-8"],
  ["the key __proto__", "name: a\nx:\n  __proto__: { evil: true }\n", "__proto__"],
  ["an anchor around its own alias", "name: a\nx: &x [1, *x]\n", "own anchor"],
  [
    "many words that look like an alias",
    `name: &x ''\nx: *x\ny: a${" *x".repeat(3000)}\n`,
    "where an alias stands",
  ],
  ["a falsy alias, and YAML that is corrupt", "x: &x 0\ny: *x\nz: [\n", "flow collection", [4, 1]],
  ["a falsy alias of a bomb", `x: &x 0\ny: *x\n${bomb()}`, "100000 values"],
  ["a bomb with a tab", `${bomb()}z: {\n\ty: *a9}\n`, "a tab", [12, 1]],
  ["a placeholder without quotes", "name: a\nx: {{path}}\n", "put quotes around {{…}}"],
  ["deep nesting", `name: a\nx: ${"[".repeat(65)}${"]".repeat(65)}\n`, "64 levels"],
  ["very deep nesting", `x: ${"[".repeat(20_000)}`, ""],
  ["a YAML bomb", bomb(), "100000 values"],
  ["a bomb of text", textBomb(), "too much text"],
  ["a large file", `x: ${"y".repeat(1024 * 1024)}\n`, "bytes"],
  ["nodes that are no list", "name: a\nnodes: start\n", "nodes: a list is wanted", [2, 1]],
  [
    "a node that is no mapping",
    "nodes:\n  - id: a\n  - start\n",
    "nodes[1]: a mapping is wanted",
    [3, 3],
  ],
  [
    "an unknown type of node",
    "nodes:\n  - id: a\n    type: webhook\n",
    "nodes[0].type: one of start, end",
    [3, 5],
  ],
  [
    "a list where a text is wanted",
    "servers:\n  - id: a\n    command: [npx]\n",
    "servers[0].command: a text is wanted, found a list at line 3, column 5",
    [3, 5],
  ],
  ["metadata that is no mapping", "metadata: 3\n", "metadata: a mapping is wanted", [1, 1]],
];

function bomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 10; i++) {
    lines.push(`a${i}: &a${i} [${new Array(10).fill(`*a${i - 1}`).join(", ")}]`);
  }
  return lines.join("\n") + "\n";
}

function textBomb(): string {
  return `a: &a ${"x".repeat(100_000)}\nb: [${new Array(1000).fill("*a").join(", ")}]\n`;
}

for (const [what, text, message, place] of BAD_FILES) {
  Deno.test(`FilesystemWorkflowRepository.load() refuses ${what}`, async () => {
    await using store = await TempStore.open();
    await store.write("bad", "");
    const path = store.workflows.pathOf("bad");
    await (typeof text === "string" ? Deno.writeTextFile(path, text) : Deno.writeFile(path, text));
    const start = performance.now();
    const error = await assertRejects(() => store.workflows.load("bad"), InvalidDataError);
    assert(performance.now() - start < 1000);
    assertStringIncludes(error.message, message);
    assertStringIncludes(error.message, 'Cannot load workflow "bad"');
    assertEquals(error.path, path);
    if (place !== undefined) assertEquals([error.line, error.column], place);

    const { workflows, invalid } = await store.workflows.list();
    assertEquals([workflows.length, invalid.map(({ id }) => id)], [0, ["bad"]]);
    await assertRejects(() => store.workflows.save(greeting("bad")), InvalidDataError);
    const kept = await Deno.readFile(path);
    assertEquals(kept.length, text.length);
  });
}

Deno.test("tabs within flow style, quotes and block scalars are read as what they are", async () => {
  await using store = await TempStore.open();
  const text = 'name: "a\n\tb: c"\nx: {\n\t"d": 1,\n\te: [\n\t\t2\n\t]\n}\ny: |\n  f:\n  \tg: h\n';
  await store.write("tabs", text);
  const { name, extra } = await store.workflows.load("tabs");
  assertEquals([name, extra], ["a b: c", { x: { d: 1, e: [2] }, y: "f:\n\tg: h\n" }]);
});

Deno.test("InvalidDataError lists all the values that a file has wrong", async () => {
  await using store = await TempStore.open();
  await store.write("bad", "name: [a]\nedges: 1\nservers:\n  - args: x\n    env: [1]\n");
  const error = await assertRejects(() => store.workflows.load("bad"), InvalidDataError);
  assertEquals(error.problems, [
    "name: a text is wanted, found a list",
    "servers[0].args: a list is wanted, found a text",
    "servers[0].env: a mapping is wanted, found a list",
    "edges: a list is wanted, found a number",
  ]);
});

testNeeding(
  linux,
  "FilesystemWorkflowRepository reads and writes no FIFO, folder or link that leads out",
  async () => {
    await using store = await TempStore.open();
    await store.workflows.save(greeting("real"));
    const outside = join(store.root, "outside.yaml");
    await Deno.writeTextFile(outside, "name: outside\n");
    const { pathOf } = {
      pathOf: (id: string) => store.workflows.pathOf(id),
    };
    await new Deno.Command("mkfifo", { args: [pathOf("fifo")] }).output();
    await Deno.mkdir(pathOf("folder"));
    await Deno.symlink(outside, pathOf("outside"));
    await Deno.symlink("nowhere.yaml", pathOf("dangling"));
    for (const id of ["fifo", "folder", "outside", "dangling"]) {
      await assertRejects(() => store.workflows.load(id), InvalidDataError, pathOf(id));
      await assertRejects(() => store.workflows.save(greeting(id)), InvalidDataError, pathOf(id));
    }
    assertEquals(await Deno.readTextFile(outside), "name: outside\n");
    assertEquals((await store.workflows.list()).invalid.length, 4);
  },
);

testNeeding(linux, "FilesystemWorkflowRepository follows a link within its folder", async () => {
  await using store = await TempStore.open();
  await store.workflows.save(greeting("real"));
  await Deno.symlink("real.yaml", store.workflows.pathOf("link"));
  const workflow = await store.workflows.load("link");
  workflow.description = "through the link";
  await store.workflows.save(workflow);
  assertEquals((await store.workflows.load("real")).description, "through the link");
  assert((await Deno.lstat(store.workflows.pathOf("link"))).isSymlink);
  await store.workflows.delete("link");
  assertEquals((await store.workflows.load("real")).id, "real");
});

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;
const deep: Record<string, unknown> = {};
let inner = deep;
for (let i = 0; i < 70; i++) inner = inner.x = {} as Record<string, unknown>;

const UNSTORABLE: [string, unknown, string][] = [
  ["a function", () => 1, "of type function"],
  ["a symbol", Symbol("x"), "of type symbol"],
  ["a bigint", 1n, "of type bigint"],
  ["undefined in a list", [1, undefined], "[1] is of type undefined"],
  ["a hole in a list", new Array(2), "[0] is of type undefined"],
  ["a cycle", cyclic, "contains itself"],
  ["a Date", new Date(), "class Date"],
  ["a Map", new Map(), "class Map"],
  ["half of a surrogate pair", "\ud800", "surrogate"],
  ["the key __proto__", JSON.parse('{"__proto__": 1}'), "__proto__"],
  ["a merge key", { "<<": { a: 1 } }, '"<<"'],
  ["deep nesting", deep, "64 levels"],
];

for (const [what, value, message] of UNSTORABLE) {
  Deno.test(`FilesystemWorkflowRepository.save() refuses ${what}, before anything is written`, async () => {
    await using store = await TempStore.open();
    await store.workflows.save(greeting());
    const before = await store.read("greet");
    const workflow = greeting();
    workflow.variables[0]!.default = value;
    const error = await assertRejects(() => store.workflows.save(workflow), InvalidDataError);
    assertStringIncludes(error.message, message);
    assertStringIncludes(error.problems[0]!, "variables[0]");
    assertEquals(await store.read("greet"), before);
    assertEquals(await store.names(), ["greet.yaml"]);
  });
}

Deno.test("FilesystemWorkflowRepository.save() refuses fields of a wrong type", async () => {
  await using store = await TempStore.open();
  const workflow = greeting();
  Object.assign(workflow, { description: 3 });
  workflow.metadata.created = new Date(NaN);
  Object.assign(workflow.servers[0]!, { args: "x", env: { a: 1 } });
  workflow.nodes.push({ id: "x", type: "webhook" } as unknown as WorkflowNode);
  workflow.edges[0]!.extra = { label: "taken" };
  const error = await assertRejects(() => store.workflows.save(workflow), InvalidDataError);
  assertEquals(error.problems, [
    "servers[0].args must be an array of strings",
    "servers[0].env must be an object of strings",
    'nodes[3].type is "webhook", which is no type of node',
    'edges[0].extra has the key "label", which belongs to the field "label"',
    "workflow.description must be a string",
    "workflow.metadata.created must be a valid Date in the years 0 to 9999",
  ]);
});

Deno.test("FilesystemWorkflowRepository stores a file of almost 1 MiB", async () => {
  await using store = await TempStore.open();
  const workflow = greeting();
  workflow.description = "x".repeat(1024 * 1024 - 2000);
  await store.workflows.save(workflow);
  assertEquals((await store.workflows.load("greet")).description, workflow.description);
});
