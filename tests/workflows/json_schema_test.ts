import { assert, assertEquals } from "@std/assert";
import { Ajv } from "npm:ajv@8";
import fc from "fast-check";
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
  validate(readYaml(text, { action: "Cannot read" }).value);
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

Deno.test("open({ schemaUrl }) names the schema in the first line of new files", async () => {
  const schemaUrl = "https://example.com/workflow.json";
  await using store = await TempStore.open({ schemaUrl });
  await store.workflows.save(greeting());
  const first = `# yaml-language-server: $schema=${schemaUrl}\n`;
  assert((await store.read("greet")).startsWith(`${first}id: greet\n`));
  await store.workflows.update("greet", (workflow) => void (workflow.name = "changed"));
  assert((await store.read("greet")).startsWith(first));
});
