import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "@std/path";
import { AlreadyExistsError, InvalidDataError, NotFoundError } from "../../src/domain/errors.ts";
import { templateProblems, type WorkflowTemplate } from "../../src/domain/template.ts";
import { instantiateTemplate } from "../../src/workflows/instantiate.ts";
import { FilesystemTemplateRepository } from "../../src/workflows/template_repository.ts";
import { realInputs, testNeeding } from "../helpers/skip.ts";
import { TempFolder } from "../helpers/temp_folder.ts";
import { testStores, writeText } from "./backends.ts";

const TEXT = `# Moves a file.
name: move
description: Moves a file
version: "2.0"

parameters:
  - name: from
    type: string
    required: true # no default
    validation: { pattern: "^/", min_length: 2, max_length: 20 }
  - name: retries
    type: number
    default: 3
    validation: { min: 0, max: 1e6 }
  - name: check
    type: boolean
    default: true
  - name: tags
    type: array
    default: [a, 1]
    validation:
      max_length: 3

workflow_spec:
  name: "Move {{from}}"
  servers:
    - id: fs
      command: npx
      args: ["-y", "{{from}}", "\${env.HOME}"]
  nodes:
    - id: start
      type: start
    - id: verify
      type: mcp_tool
      condition: "{{check}}"
      config:
        server: fs
        tool: stat
        parameters: { path: "{{from}}", label: "file {{from}} x{{retries}} {{tags}}" }
        output_variable: info
    - id: move
      type: mcp_tool
      config:
        server: fs
        tool: move
        parameters:
          deep: [{ retries: "{{retries}}", tags: "{{tags}}", check: "{{check}}", ref: "\${info}" }]
        retry: { max_attempts: "{{retries}}" }
        timeout: 30
    - id: end
      type: end
      config: { return_value: { moved: "{{from}}" } }
  edges:
    - { from: start, to: move }
    - { from: start, to: verify }
    - { from: verify, to: move }
    - { from: move, to: end }
`;

async function withTemplates(
  run: (templates: FilesystemTemplateRepository) => Promise<void>,
): Promise<void> {
  await using temporary = await TempFolder.make();
  const root = temporary.path;
  const templates = await FilesystemTemplateRepository.open({ root });
  await Deno.mkdir(join(root, "templates"));
  await Deno.writeTextFile(templates.pathOf("move"), TEXT);
  await run(templates);
}

Deno.test("instantiate() puts typed values in the place of placeholders", () =>
  withTemplates(async (templates) => {
    const { workflow, problems } = await templates.instantiate(
      "move",
      { from: "/data/x", retries: 1e-7, more: "ignored" },
      { id: "moved" },
    );
    assertEquals(problems, []);
    assertEquals([workflow.id, workflow.name, workflow.version, workflow.description], [
      "moved",
      "Move /data/x",
      "2.0",
      "Moves a file",
    ]);
    assertEquals(workflow.servers[0]!.args, ["-y", "/data/x", "${env.HOME}"]);
    assertEquals(workflow.nodes, [
      { id: "start", type: "start" },
      {
        id: "verify",
        type: "mcp_tool",
        server: "fs",
        tool: "stat",
        parameters: { path: "/data/x", label: 'file /data/x x0.0000001 ["a",1]' },
        output: "info",
      },
      {
        id: "move",
        type: "mcp_tool",
        server: "fs",
        tool: "move",
        parameters: { deep: [{ retries: 1e-7, tags: ["a", 1], check: true, ref: "${info}" }] },
        retry: { maxAttempts: 1e-7 },
        extra: { timeout: 30 },
      },
      { id: "end", type: "end", return: { moved: "/data/x" } },
    ]);
  }));

Deno.test("instantiate() leaves out a node whose condition is false, and its edges", () =>
  withTemplates(async (templates) => {
    const { workflow, problems } = await templates.instantiate("move", {
      from: "/x",
      check: false,
    });
    assertEquals(workflow.nodes.map(({ id }) => id), ["start", "move", "end"]);
    assertEquals(workflow.edges.map(({ from, to }) => `${from}-${to}`), ["start-move", "move-end"]);
    assertEquals(problems, []);
  }));

Deno.test("instantiate() tells nodes that are left out by their ids, filled in", () => {
  const template = (second: Record<string, unknown>) => ({
    id: "t",
    name: "t",
    parameters: [
      { name: "fast", type: "boolean", default: false },
      { name: "step", type: "string", default: "work" },
    ],
    workflowSpec: {
      nodes: [
        { id: "start", type: "start" },
        { id: "{{step}}", type: "passthrough", condition: "{{fast}}" },
        second,
      ],
      edges: [{ from: "start", to: "work" }, { from: "{{step}}", to: "end" }, {
        from: "start",
        to: "end",
      }],
    },
  });
  const { workflow } = instantiateTemplate(template({ id: "end", type: "end" }));
  assertEquals(workflow.edges, [{ from: "start", to: "end" }]);
  // Another node of this id takes its place.
  const other = instantiateTemplate(template({ id: "work", type: "transform" })).workflow;
  assertEquals([other.nodes.length, other.edges.length], [2, 3]);
});

Deno.test("instantiate() refuses values that no text can hold as often as they are wanted", () => {
  const template = {
    id: "t",
    name: "t",
    parameters: [{ name: "x", type: "string" }],
    workflowSpec: { nodes: [], text: "{{x}}".repeat(2000) },
  };
  assertThrows(
    () => instantiateTemplate(template, { x: "x".repeat(300_000) }),
    InvalidDataError,
    "it is larger than 1048576 bytes",
  );
});

Deno.test("instantiate() refuses nodes that are none", () => {
  const make = (nodes: unknown) => () =>
    instantiateTemplate({ id: "t", name: "t", parameters: [], workflowSpec: { nodes } });
  assertThrows(make({ start: {} }), InvalidDataError, "nodes: a list is wanted, found a mapping");
  assertThrows(make(["start"]), InvalidDataError, "nodes[0]: a mapping is wanted, found a text");
});

Deno.test("instantiate() writes numbers in text without exponent", () => {
  const numbers = [1e21, -1.5e-9, 123.25, 1e-7, 12345678901234567890];
  const texts = numbers.map((number) => {
    const { workflow } = instantiateTemplate({
      id: "t",
      name: "n {{x}}",
      parameters: [{ name: "x", type: "number" }],
      workflowSpec: { name: "n{{x}}" },
    }, { x: number });
    return workflow.name.slice(1);
  });
  assertEquals(texts, [
    "1000000000000000000000",
    "-0.0000000015",
    "123.25",
    "0.0000001",
    "12345678901234567000",
  ]);
});

function returning(
  value: unknown,
  type: string,
  parameter?: unknown,
): unknown {
  const template: WorkflowTemplate = {
    id: "t",
    name: "t",
    parameters: [{ name: "p", type, default: parameter }],
    workflowSpec: { nodes: [{ id: "e", type: "end", config: { return: value } }], edges: [] },
  };
  const [node] = instantiateTemplate(template).workflow.nodes;
  return node?.type === "end" ? node.return : undefined;
}

Deno.test("instantiate() keeps the digits of long integers", () => {
  const long = 12345678901234567890n;
  assertEquals(returning("{{p}}", "number", long), long);
  assertEquals(returning("x {{p}}", "number", long), "x 12345678901234567890");
  assertEquals(returning("x {{p}}", "array", [long]), "x [12345678901234567890]");
});

Deno.test("instantiate() puts values into keys, as text", () => {
  assertEquals(returning({ "{{p}}": 1, "a {{p}}": ["{{p}}"] }, "number", 1.5), {
    "1.5": 1,
    "a 1.5": [1.5],
  });
  for (const bad of [{ "{{p}}": 1, a: 2 }, { "{{q}}": 1 }]) {
    assertThrows(() => returning(bad, "string", "a"), InvalidDataError);
  }
  assertThrows(() => returning({ "{{p}}": 1 }, "string", "__proto__"), InvalidDataError);
});

Deno.test("instantiate() refuses lists that no file can hold", () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  for (const list of [cyclic, [() => 1], [undefined], [new Map()]]) {
    for (const text of ["{{p}}", "x {{p}}"]) {
      const error = assertThrows(() => returning(text, "array", list), InvalidDataError);
      assertStringIncludes(error.message, 'Parameter "p"[0]');
    }
  }
});

Deno.test("instantiate() reports all problems of the values at once", () =>
  withTemplates(async (templates) => {
    const error = await assertRejects(
      () => templates.instantiate("move", { retries: -1, check: "yes", tags: [1, 2, 3, 4] }),
      InvalidDataError,
    );
    assertEquals(error.problems, [
      'Parameter "from" is required',
      'Parameter "retries" must be at least 0',
      'Parameter "check" must be of type boolean',
      'Parameter "tags" must have a length of at most 3',
    ]);
    const other = await assertRejects(
      () => templates.instantiate("move", { from: "x", retries: 2e6 }),
      InvalidDataError,
    );
    assertEquals(other.problems, [
      'Parameter "from" must match ^/',
      'Parameter "from" must have a length of at least 2',
      'Parameter "retries" must be at most 1000000',
    ]);
  }));

function greetingOf(pattern: string): WorkflowTemplate {
  return {
    id: "greet",
    name: "greet",
    parameters: [{ name: "who", type: "string", validation: { pattern } }],
    workflowSpec: { name: "{{who}}", "{{who}}": 1 },
  };
}

Deno.test("instantiate() takes patterns as Go writes them", () => {
  for (
    const [pattern, right, wrong] of [
      ["^(?P<word>a)$", "a", "b"],
      ["\\Aa.b\\z", "a-b", "Aa-bz"],
      ["^[[:alpha:]_]+$", "a_B", "a:"],
      ["^[^[:space:]\\-]+$", "ab", "a-b"],
      ["^\\pL\\PL$", "é1", "pL"],
      ["^\\Qa.b\\E$", "a.b", "a-b"],
      ["(?i)^\\Aab\\@\\_$", "AB@_", "ab"],
      ["^(?i:a)b$", "Ab", "AB"],
      ["^a{,2}]$", "a{,2}]", "aa"],
      ["^[[(?P<:alpha:]+$", "(?P<", "b"],
    ] as const
  ) {
    const template = greetingOf(pattern);
    assertEquals(instantiateTemplate(template, { who: right }).workflow.name, right, pattern);
    const error = assertThrows(() => instantiateTemplate(template, { who: wrong }));
    assertStringIncludes((error as Error).message, `Parameter "who" must match ${pattern}`);
  }
  for (const pattern of ["(?U)a+", "[[:^alpha:]]", "\\p{Nothing}x", "\\Ca", "["]) {
    assertEquals(templateProblems(greetingOf(pattern)), [
      'The pattern of parameter "who" is no regular expression',
    ]);
  }
});

Deno.test("instantiate() gives up on a pattern that would take years to match", () => {
  const who = "a".repeat(60) + "!";
  const error = assertThrows(
    () => instantiateTemplate(greetingOf("^(a+)+$"), { who }),
    InvalidDataError,
  );
  assertEquals(error.problems, [
    'Parameter "who" cannot be checked: to match ^(a+)+$ takes more than 500 ms',
  ]);
});

Deno.test("instantiate() tells which template has a key that cannot be filled in", () => {
  const start = 'Cannot make a workflow of template "greet": ';
  for (
    const [who, problem] of [
      ["name", 'Cannot fill in key "{{who}}": there is a key "name" already'],
      ["__proto__", 'The workflow has a key "__proto__", which YAML readers give another meaning'],
    ] as const
  ) {
    const error = assertThrows(() => instantiateTemplate(greetingOf("^"), { who }));
    assertEquals((error as Error).message, start + problem);
  }
});

Deno.test("templateProblems() lists what is wrong with a template", () => {
  const template: WorkflowTemplate = {
    id: "bad",
    name: "",
    parameters: [
      { name: "a", type: "string", default: 3 },
      { name: "a", type: "number" },
      { name: "b", type: "date" },
      { name: "c", type: "string", validation: { pattern: "(" } },
    ],
    workflowSpec: {
      name: "{{unknown}} {{a}}",
      nodes: [
        { id: "x", type: "passthrough", condition: "{{c}}" },
        { id: "y", type: "passthrough", condition: "{{a}} && true", config: { v: ["{{other}}"] } },
      ],
    },
  };
  assertEquals(templateProblems(template), [
    "The template has no name",
    'The default of parameter "a" is not of type string',
    'Parameter "a" is declared twice',
    'Parameter "b" has type "date", wanted is one of string, number, boolean, array',
    'The pattern of parameter "c" is no regular expression',
    'The placeholder "{{unknown}}" has no parameter',
    'The placeholder "{{other}}" has no parameter',
    'The condition of node "x" must be the placeholder of a boolean parameter',
    'The condition of node "y" must be the placeholder of a boolean parameter',
  ]);
  const error = assertThrows(() => instantiateTemplate(template), InvalidDataError);
  assertEquals(error.problems.slice(0, 9), templateProblems(template));
});

testStores(
  "instantiate() takes a number in a field of text for the text that stands there",
  async (open) => {
    await using store = await open();
    const templates = await store.templates();
    const text = `name: t
parameters: [{ name: on, type: boolean, default: false }]
workflow_spec:
  version: 1.10
  servers: [{ id: s, command: x, args: [--port, 0x1F], env: { LEVEL: 1_000 } }]
  nodes:
    - { id: 1.0, type: passthrough, condition: "{{on}}" }
    - { id: end, type: end, config: { return: 1.10 } }
  edges: [{ from: 1.0, to: end }]
`;
    await templates.writeArchive({ id: "t", text, revisions: [], tags: {} });
    const { workflow } = await templates.instantiate("t");
    const [server] = workflow.servers;
    assertEquals([workflow.version, server!.args, server!.env], ["1.10", ["--port", "0x1F"], {
      LEVEL: "1_000",
    }]);
    assertEquals([workflow.nodes, workflow.edges], [[{ id: "end", type: "end", return: 1.1 }], []]);
  },
);

testStores("templates are saved, loaded, listed and deleted", async (open) => {
  await using store = await open();
  const templates = await store.templates();
  await writeText(templates, "move", TEXT);
  const template = await templates.load("move");
  assertEquals(await templates.problems("move"), []);
  assertEquals(await templates.save(template), { changed: false });
  template.parameters[0]!.description = "Where it is";
  template.description = "Moves one file";
  assertEquals(await templates.save(template), { changed: true });
  assertEquals(await templates.load("move"), template);
  const { text = "" } = await templates.readArchive("move");
  assertStringIncludes(text, "    required: true # no default\n    description: Where it is\n");
  assert(text.startsWith("# Moves a file.\nname: move\n"));

  const copy = { ...template, id: "copy", extra: { "x-team": "data" } };
  await templates.save(copy, { ifAbsent: true });
  assertEquals(await templates.load("copy"), copy);
  await assertRejects(() => templates.save(copy, { ifAbsent: true }), AlreadyExistsError);

  await writeText(templates, "bad", "parameters: 3\n");
  const { templates: all, invalid } = await templates.list();
  assertEquals(all.map(({ id }) => id), ["copy", "move"]);
  assertEquals(invalid.map(({ id }) => id), ["bad"]);

  await templates.delete("copy");
  const error = await assertRejects(() => templates.delete("copy"), NotFoundError);
  assertEquals(error.kind, "template");
  await assertRejects(() => templates.load("../move"), InvalidDataError);
  await assertRejects(() => templates.save({ ...copy, id: "MOVE" }), AlreadyExistsError, "case");
});

testNeeding(realInputs, "every real template is read, saved and instantiated", async () => {
  const folder = join(Deno.env.get("GOFLOW_FIXTURES")!, "templates");
  await using temporary = await TempFolder.make();
  const root = temporary.path;
  const templates = await FilesystemTemplateRepository.open({ root });
  await Deno.mkdir(join(root, "templates"));
  for await (const { name } of Deno.readDir(folder)) {
    await Deno.copyFile(join(folder, name), join(root, "templates", name));
    const id = name.replace(".yaml", "");
    const template = await templates.load(id);
    assertEquals(templateProblems(template), []);
    assertEquals(await templates.save(template), { changed: false });
    await templates.save({ ...template, id: "copy" });
    assertEquals(await templates.load("copy"), { ...template, id: "copy" });
    const given = Object.fromEntries(
      template.parameters.filter(({ required }) => required).map((p) => [p.name, "/data/x.json"]),
    );
    const { workflow, problems } = await templates.instantiate(id, given);
    assert(workflow.nodes.length > 3);
    assert(!JSON.stringify(workflow).includes("{{"));
    // The file of the Go implementation has condition nodes without a condition.
    assertEquals(problems, workflow.problems());
  }
});
