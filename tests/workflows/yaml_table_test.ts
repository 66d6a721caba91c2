import { assert, assertEquals } from "@std/assert";
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

Deno.test("inspect() tells about an id that is not the name of the file", async () => {
  await using store = await TempStore.open();
  await store.write("a", "id: b\nname: a\nx:\n  1.0: one\n");
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
