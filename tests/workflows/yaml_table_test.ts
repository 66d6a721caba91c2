import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Workflow } from "../../src/domain/workflow.ts";
import { isAmbiguous } from "../../src/workflows/yaml_scalar.ts";
import { formatYaml } from "../../src/workflows/yaml_writer.ts";
import { readYaml } from "../../src/workflows/yaml_reader.ts";
import { TempStore } from "./temp_store.ts";

/** What a plain scalar is read as in a field of any type, and what is said about it. */
const TABLE: [plain: string, value: unknown, warning?: string][] = [
  ["no", "no", "no is text here, other readers take it for something else; quote it"],
  ["on", "on", "on is text here, other readers take it for something else; quote it"],
  ["yes", "yes", "yes is text here, other readers take it for something else; quote it"],
  ["y", "y", "y is text here, other readers take it for something else; quote it"],
  ["0o17", "0o17", "0o17 is text here, other readers take it for something else; quote it"],
  ["017", 15, "017 is octal here (15), decimal in YAML 1.2; quote it or write 15"],
  ["1_000", 1000, "1_000 is the number 1000 here, text in YAML 1.2; quote it or write 1000"],
  ["0b11", 3, "0b11 is the number 3 here, text in YAML 1.2; quote it or write 3"],
  ["1.0", 1],
  ["1.10", 1.1],
  [
    "2024-01-01",
    "2024-01-01",
    "2024-01-01 is text here, other readers take it for something else; quote it",
  ],
  [
    "12345678901234567890",
    12345678901234567890n,
    "12345678901234567890 has more digits than the numbers of many readers hold; quote it",
  ],
  ["1:30", "1:30", "1:30 is text here, other readers take it for something else; quote it"],
  ["~", null],
  ["null", null],
  ["true", true],
  [".inf", Infinity],
  ["0x1F", 31],
  ["1e3", 1000],
  ['"no"', "no"],
  ["'2024-01-01'", "2024-01-01"],
  ["plain text", "plain text"],
];

function format(value: unknown): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

for (const [plain, value, warning] of TABLE) {
  Deno.test(`${plain} is read as ${format(value)}, ${warning ? "with" : "without"} a warning`, async () => {
    await using store = await TempStore.open();
    await store.write(
      "a",
      `name: a\nvariables:\n  - name: x\n    type: any\n    default: ${plain}\n`,
    );
    const workflow = await store.workflows.load("a");
    assertEquals(workflow.variables[0]!.default, value);
    const warnings = await store.workflows.inspect("a");
    assertEquals(
      warnings,
      warning === undefined ? [] : [{ path: "variables[0].default", message: warning, line: 5 }],
    );
    // A change elsewhere leaves the text as it is.
    workflow.name = "b";
    await store.workflows.save(workflow);
    assertEquals((await store.read("a")).split("\n").includes(`    default: ${plain}`), true);
  });
}

Deno.test("an item without a value at the end of a list does not swallow the list around it", async () => {
  await using store = await TempStore.open();
  const text = "name: a\nservers:\n- id: s\n  args:\n    - -y\n    - # later\n\n- id: t\n";
  await store.write("a", text);
  const workflow = await store.workflows.load("a");
  assertEquals(workflow.servers, [{ id: "s", args: ["-y", ""] }, { id: "t" }]);
  workflow.name = "b";
  await store.workflows.save(workflow);
  assertEquals((await store.read("a")).includes(text.slice("name: a\n".length)), true);
});

Deno.test("a text such as 1.10 keeps its digits behind an anchor, a tag or a comment", async () => {
  await using store = await TempStore.open();
  await store.write(
    "a",
    "name: &v 1.10\nversion: *v\ndescription: # about\n  2.20\n" +
      'x: !!float 3.0\nmetadata: {"author":4.40, icon: !!str 5.50}\n',
  );
  const workflow = await store.workflows.load("a");
  const texts = (
    { name, version, description, metadata }: Workflow,
  ) => [name, version, description, metadata.author, metadata.icon];
  assertEquals(texts(workflow), ["1.10", "1.10", "2.20", "4.40", "5.50"]);
  workflow.id = "copy";
  workflow.name = "b";
  await store.workflows.save(workflow);
  assertEquals(texts(await store.workflows.load("copy")), ["b", ...texts(workflow).slice(1)]);
  // The anchor goes, so the file is written anew.
  workflow.id = "a";
  assertEquals((await store.workflows.save(workflow)).rewritten, true);
  assertEquals(texts(await store.workflows.load("a")), texts(workflow));
  assertEquals((await store.read("a")).includes("2.20\n"), true);
});

Deno.test("inspect() tells about an id that is not the name of the file", async () => {
  await using store = await TempStore.open();
  await store.write("a", "id: b\nname: a\n");
  assertEquals(await store.workflows.inspect("a"), [
    { path: "id", message: 'The file says that the id is "b", its name "a" wins', line: 1 },
  ]);
});

Deno.test("every text that some reader takes for something else is quoted when it is written", () => {
  const texts =
    ("y Y yes Yes NO n on OFF true null ~ Null <<  = 1 1.0 1e3 0o17 017 0b11 1_000 0x1F 1:30 " +
      "-1 +1 .5 1. .inf -.INF .NaN 2024-01-01 2001-12-14t21:59:43.10-05:00 12,345").split(/ +/);
  for (const text of texts) {
    assert(isAmbiguous(text), text);
    assertEquals(formatYaml({ key: text }), `key: ${JSON.stringify(text)}\n`);
    assertEquals(readYaml(formatYaml({ key: text }), { action: "" }).value, { key: text });
  }
  for (
    const text of ["start", "a-b", "1.0.0", "10s", "x1", "v1.0", "${a}", "a/b", "-y", "3rd", "é"]
  ) {
    assertEquals(formatYaml({ key: text }), `key: ${text}\n`);
  }
});

Deno.test("inspect() tells about keys that other readers take for something else", async () => {
  await using store = await TempStore.open();
  await store.write("a", "name: a\nx-map:\n  1.10: a\n  ~ : b\n  '2': c\n  on: d\n  1.0.0: e\n");
  const found = await store.workflows.inspect("a");
  assertEquals(found.map(({ message, line }) => [message.slice(0, 12), line]), [
    ["The key 1.10", 3],
    ["The key ~ is", 4],
  ]);
});

Deno.test("a text with a question mark is quoted in flow style, where yaml.v3 ends it there", async () => {
  await using store = await TempStore.open();
  await store.write("a", "name: a\nmetadata: {tags: [b]}\n");
  await store.workflows.update("a", (workflow) => void workflow.metadata.tags!.push("what?"));
  assertStringIncludes(await store.read("a"), 'tags: [b, "what?"]');
});

Deno.test("normalize() writes a file in the canonical form, numbers as they stood", async () => {
  await using store = await TempStore.open();
  await store.write(
    "a",
    `# old
nodes:
    - output_variable: c
      tool_name: t
      server_id: s
      id: x
      parameters: {v: 1.10}
variables:
    - {default_value: 2.50, type: number, name: v}
name: a
x-team: data
`,
  );
  const before = await store.workflows.load("a");
  assertEquals((await store.workflows.normalize("a")).changed, true);
  assertEquals(
    (await store.read("a")).replace(/"\d{4}-[^"]+"/, "now"),
    `id: a
name: a
metadata:
  last_modified: now
variables:
  - name: v
    type: number
    default: 2.50
nodes:
  - id: x
    type: mcp_tool
    server: s
    tool: t
    parameters:
      v: 1.10
    output: c
x-team: data
`,
  );
  const after = await store.workflows.load("a");
  assertEquals([after.nodes, after.variables], [before.nodes, before.variables]);
  assertEquals((await store.workflows.normalize("a")).changed, false);
  await store.workflows.restore("a", before.revision!);
  assertEquals((await store.read("a")).startsWith("# old\n"), true);
});
