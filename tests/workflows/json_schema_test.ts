import { assert, assertEquals } from "@std/assert";
import { Ajv } from "npm:ajv@8";
import fc from "fast-check";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { decodeWorkflow } from "../../src/workflows/decode.ts";
import { encodeWorkflow } from "../../src/workflows/encode.ts";
import { workflowJsonSchema } from "../../src/workflows/json_schema.ts";
import { readYaml } from "../../src/workflows/yaml_reader.ts";
import { realInputs, testNeeding } from "../helpers/skip.ts";
import { anyWorkflow } from "./arbitrary.ts";
import { fixtures, greeting, TempStore } from "./temp_store.ts";

// A YAML file can hold `.inf`.
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strictNumbers: false });
const validate = ajv.compile(workflowJsonSchema());

function problems(text: string): string[] {
  const { value } = readYaml(text, { action: "Cannot read" });
  // To an editor, a long integer is a number as any other.
  const plain = JSON.stringify(value, (_, part) => typeof part === "bigint" ? Number(part) : part);
  validate(JSON.parse(plain));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

Deno.test("workflowJsonSchema() accepts every fixture", async () => {
  for (const [name, text] of await fixtures()) assertEquals([name, ...problems(text)], [name]);
});

testNeeding(realInputs, "workflowJsonSchema() accepts every real file", async () => {
  const folder = Deno.env.get("GOFLOW_FIXTURES")!;
  const files = await fixtures(`${folder}/workflows`);
  files.push(...await fixtures(`${folder}/go-home/workflows`));
  for (const [name, text] of files) assertEquals([name, ...problems(text)], [name]);
});

Deno.test("workflowJsonSchema() accepts what is saved of any workflow, variables apart", () => {
  fc.assert(
    fc.property(anyWorkflow, (workflow) => {
      workflow.variables = [];
      validate(encodeWorkflow(workflow).value);
      assertEquals(validate.errors ?? [], []);
    }),
    { numRuns: 300 },
  );
});

Deno.test("workflowJsonSchema() finds what the reader refuses, and what is missing", () => {
  assertEquals(problems("name: [a]\n").length > 0, true);
  assertEquals(problems("name: a\nnodes:\n  - id: a\n    type: webhook\n").length > 0, true);
  assertEquals(problems("name: a\nservers:\n  - { id: a, command: [npx] }\n").length > 0, true);
  assertEquals(
    problems("name: a\nnodes:\n  - { id: a, type: mcp_tool, server: s }\n").length > 0,
    true,
  );
  assertEquals(problems("name: a\nnodes:\n  - { id: a, type: loop, body: x }\n").length > 0, true);
  assertEquals(problems("name: a\nvariables:\n  - { name: 1x, type: any }\n").length > 0, true);
});

Deno.test("workflowJsonSchema() and the reader agree about values, also of nodes without type", () => {
  const file = (item: string, list = "nodes") => `name: a\n${list}:\n  - ${item}\n`;
  for (
    const [text, accepted] of [
      [file("{ id: a, type: ~ }"), true],
      [file("{ id: a, server_id: s, tool_name: t, output_variable: 1 }"), true],
      [file("{ id: a, server_id: [s], tool_name: t }"), false],
      [file("{ id: a, server: s, tool: t, output_variable: { a: b } }"), false],
      [file("{ id: a, branches: x }"), false],
      [file("{ id: a, collection: x, body: [y] }"), true],
      [file("{ id: a, collection: x, body: y }"), false],
      [file("{ id: a, return: [x], server_id: [s] }"), true],
      [file("{ id: a, tool: [x] }"), true],
      [file("{ name: true, type: any, required: Off }", "variables"), true],
      [file("{ name: a, type: any, required: maybe }", "variables"), false],
      [file("{ name: a, type: number, default: 1.5 }", "variables"), true],
      [file("{ name: a, type: number, default: ~ }", "variables"), true],
      [file('{ name: a, type: number, default: "1" }', "variables"), false],
      [file("{ name: a, type: array, default_value: {} }", "variables"), false],
      [file("{ name: a, type: object, default_value: {} }", "variables"), true],
    ] as const
  ) {
    assertEquals([text, problems(text).length === 0], [text, accepted]);
    assertEquals([text, isAccepted(text)], [text, accepted]);
  }
});

/** Tells whether the reader takes a text, and its variables are valid. */
function isAccepted(text: string): boolean {
  const action = "Cannot read";
  try {
    const { workflow } = decodeWorkflow(readYaml(text, { action }), "a", { action });
    return workflow.problems().every((problem) => !/variable/i.test(problem));
  } catch (error) {
    assert(error instanceof InvalidDataError);
    return false;
  }
}

Deno.test("open({ schemaUrl }) names the schema in the first line of new files", async () => {
  const schemaUrl = "https://example.com/workflow.json";
  await using store = await TempStore.open({ schemaUrl });
  await store.workflows.save(greeting());
  const first = `# yaml-language-server: $schema=${schemaUrl}\n`;
  assert((await store.read("greet")).startsWith(`${first}id: greet\n`));
  await store.workflows.update("greet", (workflow) => void (workflow.name = "changed"));
  assert((await store.read("greet")).startsWith(first));
});
