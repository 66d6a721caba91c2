import { assertEquals, assertStringIncludes } from "@std/assert";
import { withoutQuirks } from "../../src/workflows/yaml_quirks.ts";
import { TempStore } from "./temp_store.ts";

Deno.test("load() reads the retry keys of Go's repository, save() keeps them", async () => {
  await using store = await TempStore.open();
  const text =
    "name: x\nnodes:\n  - id: a\n    type: mcp_tool\n    server_id: s\n    tool_name: t\n" +
    "    retry:\n      max_attempts: 3\n      backoff_multiplier: 2.50\n" +
    "      retryable_errors: [timeout]\n      non_retryable_errors: [fatal]\n";
  await store.write("x", text);
  const workflow = await store.workflows.load("x");
  const node = workflow.nodes[0]!;
  if (node.type !== "mcp_tool") throw new Error(node.type);
  assertEquals(node.retry, {
    maxAttempts: 3,
    multiplier: 2.5,
    on: ["timeout"],
    skipOn: ["fatal"],
  });
  node.retry!.on!.push("busy");
  await store.workflows.save(workflow);
  const after = await store.read("x");
  assertStringIncludes(after, "backoff_multiplier: 2.50\n");
  assertStringIncludes(
    after,
    "retryable_errors: [timeout, busy]\n      non_retryable_errors: [fatal]",
  );
});

Deno.test("load() keeps the retry of a transform node as an unknown key", async () => {
  await using store = await TempStore.open();
  await store.write(
    "x",
    "name: x\nnodes:\n  - {id: a, type: transform, retry: {max_attempts: 3}}\n",
  );
  const [node] = (await store.workflows.load("x")).nodes;
  assertEquals(node!.extra, { retry: { max_attempts: 3 } });
});

Deno.test("load() reads line breaks of YAML 1.1 without the indentation behind them", async () => {
  await using store = await TempStore.open();
  const strings =
    "description: 'a\u2028    b'\nx:\n    plain: c \u2029    d e\n    quoted: \"f  g\u0085    h\"\n" +
    "    text: |-\n        i\u2028          j\n        k\n    last: l  m\n";
  await store.write("x", `name: x\n${strings}`);
  const workflow = await store.workflows.load("x");
  assertEquals(workflow.description, "a\u2028b");
  assertEquals(workflow.extra, {
    x: { plain: "c\u2029d e", quoted: "f  g\u0085h", text: "i\u2028  j\nk", last: "l  m" },
  });
  workflow.name = "y";
  await store.workflows.save(workflow);
  const after = await store.read("x");
  for (const line of strings.split("\n")) assertStringIncludes(after, line);
  assertEquals((await store.workflows.load("x")).extra, workflow.extra);
});

Deno.test("withoutQuirks() leaves a text without such line breaks alone", () => {
  const text = "a: 'b  c'\nd: |\n  e\n";
  assertEquals(withoutQuirks(text), text);
});

Deno.test("load() reads long integers as BigInts, save() writes them as integers", async () => {
  await using store = await TempStore.open();
  await store.write(
    "x",
    "name: x\nvariables:\n  - {name: v, type: number, default: 12345678901234567890}\n" +
      "  - {name: w, type: number, default: -9007199254740993}\n  - {name: z, type: any, default: 9007199254740991}\n",
  );
  const workflow = await store.workflows.load("x");
  const defaults = [12345678901234567890n, -9007199254740993n, 9007199254740991];
  assertEquals(workflow.variables.map((variable) => variable.default), defaults);
  workflow.id = "copy";
  await store.workflows.save(workflow);
  assertStringIncludes(await store.read("copy"), "default: 12345678901234567890\n");
  const copy = await store.workflows.load("copy");
  assertEquals(copy.variables.map((variable) => variable.default), defaults);
});

Deno.test("load() reads long integers of other bases and with underscores exactly", async () => {
  await using store = await TempStore.open();
  const plain = [
    ["0x20000000000001", 9007199254740993n],
    ["-0x20_0000_0000_0001", -9007199254740993n],
    ["+9_007_199_254_740_993", 9007199254740993n],
    [`0b1${"0".repeat(52)}1`, 9007199254740993n],
    ["0400000000000000001", 9007199254740993n],
    ["9007199254740993.0", 2 ** 53],
    ["0x1FFFFFFFFFFFFF", Number.MAX_SAFE_INTEGER],
  ] as const;
  const texts = plain.map(([text]) => text).join(", ");
  await store.write("x", `name: x\nx-list: [${texts}]\n`);
  const workflow = await store.workflows.load("x");
  const values = plain.map(([, value]) => value);
  assertEquals(workflow.extra?.["x-list"], values);
  workflow.description = "changed";
  await store.workflows.save(workflow);
  assertStringIncludes(await store.read("x"), `[${texts}]`);
  workflow.id = "copy";
  await store.workflows.save(workflow);
  assertEquals((await store.workflows.load("copy")).extra?.["x-list"], values);
});

Deno.test("save() writes numbers beyond 2^53 so that they stay numbers", async () => {
  await using store = await TempStore.open();
  await store.write("x", "name: x\n");
  const workflow = await store.workflows.load("x");
  const numbers = [2 ** 53, -1e20, 1e21, 12345678901234567000, 1e300, Number.MAX_VALUE];
  workflow.addVariable({ name: "v", type: "any", default: numbers });
  await store.workflows.save(workflow);
  assertEquals((await store.workflows.load("x")).variables[0]!.default, numbers);
});

Deno.test("load() reads keys as their text, save() keeps it", async () => {
  await using store = await TempStore.open();
  await store.write(
    "x",
    "name: x\nx-map:\n  1.10: a\n  0777: b\n  True: c\n  ~: d\n  plain: e\nservers:\n  - {id: s, env: {1.0: f}}\n",
  );
  const workflow = await store.workflows.load("x");
  assertEquals(workflow.extra, {
    "x-map": { "1.10": "a", "0777": "b", True: "c", "~": "d", plain: "e" },
  });
  assertEquals(workflow.servers[0]!.env, { "1.0": "f" });
  assertEquals((await store.workflows.save(workflow)).changed, false);
  (workflow.extra!["x-map"] as Record<string, string>).plain = "new";
  workflow.servers[0]!.env!["1.0"] = "g";
  await store.workflows.save(workflow);
  const text = await store.read("x");
  assertStringIncludes(text, "x-map:\n  1.10: a\n  0777: b\n  True: c\n  ~: d\n  plain: new\n");
  assertStringIncludes(text, "env: {1.0: g}");
});

for (
  const x of [
    "[1.10: a]",
    "{1.10}",
    "{b: 1, 1.10}",
    "{? 1.10}",
    "\n  ? 1.10\n  : a",
    "\n  ? # note\n    1.10",
  ]
) {
  Deno.test(`load() reads the key of ${JSON.stringify(x)} as its text`, async () => {
    await using store = await TempStore.open();
    await store.write("x", `name: x\nx-map: ${x}\n`);
    const { extra } = await store.workflows.load("x");
    assertStringIncludes(JSON.stringify(extra), '"1.10"');
    await store.workflows.update("x", (workflow) => void (workflow.description = "new"));
    assertStringIncludes(await store.read("x"), `x-map: ${x}\n`);
  });
}

Deno.test("load() reads nothing among texts as an empty text, save() keeps it", async () => {
  await using store = await TempStore.open();
  await store.write("x", "name: x\nservers:\n  - {id: s, args: [~, a], env: {A: ~, B: b}}\n");
  const workflow = await store.workflows.load("x");
  assertEquals(workflow.servers[0], { id: "s", args: ["", "a"], env: { A: "", B: "b" } });
  assertEquals((await store.workflows.save(workflow)).changed, false);
  workflow.servers[0]!.args!.push("c");
  workflow.servers[0]!.env!.B = "d";
  await store.workflows.save(workflow);
  assertStringIncludes(await store.read("x"), "args: [~, a, c], env: {A: ~, B: d}");
});

const FALSY: [scalar: string, value: unknown][] = [
  ["false", false],
  ["0", 0],
  ["-0.0", -0],
  [".nan", NaN],
  ["~", null],
  ['""', ""],
  ["!!str ''", ""],
];

for (const [scalar, value] of FALSY) {
  Deno.test(`load() reads aliases of ${scalar}`, async () => {
    await using store = await TempStore.open();
    const text = [
      "name: a",
      "nodes:",
      "  - id: end",
      "    type: end",
      "    return:",
      `      first: &x ${scalar} # *x`,
      "      again: *x",
      "      flow: [1, *x, '0']",
      "      block:",
      "        - *x",
      "        - text *x",
      "        - - *x",
      "      other: &x 1",
      "      last: *x",
      "",
    ].join("\n");
    await store.write("a", text);
    const workflow = await store.workflows.load("a");
    const [end] = workflow.nodes;
    assertEquals(end?.type === "end" && end.return, {
      first: value,
      again: value,
      flow: [1, value, "0"],
      block: [value, "text *x", [value]],
      other: 1,
      last: 1,
    });
    workflow.name = "b";
    assertEquals((await store.workflows.save(workflow)).rewritten, undefined);
    assertStringIncludes(await store.read("a"), text.slice(text.indexOf("nodes:")));
  });
}

Deno.test("normalize() keeps texts that look like numbers under their new keys", async () => {
  await using store = await TempStore.open();
  await store.write(
    "a",
    [
      "name: a",
      "nodes:",
      "  - id: a",
      "    server_id: 1.10",
      "    tool_name: 0x1F",
      "    output_variable: 1_000",
      "    parameters: {}",
      "    retry: {retryable_errors: [1.0, 503, null]}",
      "    note: 1.10",
      "",
    ].join("\n"),
  );
  const before = await store.workflows.load("a");
  await store.workflows.normalize("a");
  const after = await store.workflows.load("a");
  assertEquals(after.nodes, before.nodes);
  const text = await store.read("a");
  for (const line of ['server: "1.10"', 'tool: "0x1F"', 'output: "1_000"', "note: 1.10"]) {
    assertStringIncludes(text, `    ${line}\n`);
  }
});

Deno.test("load() reads block scalars behind keys that hold a hash", async () => {
  await using store = await TempStore.open();
  for (const key of [`"x-a #b"`, `'x-a #b'`, `"x \\" #b"`]) {
    const text = `name: n\nextras:\n  - ${key}: |- # why\n      yes\n      -\n  - c: 1 # not |\n`;
    await store.write("w", text);
    const { extra } = await store.workflows.load("w");
    const [first, second] = (extra as { extras: Record<string, unknown>[] }).extras;
    assertEquals([Object.values(first!), second], [["yes\n-"], { c: 1 }]);
  }
});
