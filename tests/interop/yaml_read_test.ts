import { assert, assertEquals } from "@std/assert";
import { testNeeding } from "../helpers/skip.ts";
import { AWKWARD_STRINGS, STRINGS_THAT_GO_KEEPS } from "./awkward_strings.ts";
import { go, goProgram } from "./go_program.ts";
import { assertSameStrings, type GoView, readWithGo, withRepository } from "./go_workflow.ts";

const GO_WORKFLOW = {
  id: "from-go",
  name: "no",
  version: "1.10",
  description: "line 1\n  line 2\n",
  metadata: {
    author: "1.0",
    created: "2026-11-23T11:48:11.620066549Z",
    last_modified: "2026-11-23T12:00:00Z",
    tags: ["yes", "2024-01-01"],
    icon: "🚀",
  },
  variables: [
    { name: "a", type: "object", required: true, default_value: { x: [1, "1", null, 1.5, {}] } },
    { name: "b", type: "string", default_value: "0o17", description: "on" },
  ],
  servers: [
    {
      id: "files",
      command: "npx",
      args: ["-y", "007"],
      transport: "stdio",
      env: { MODE: "off" },
      credential_ref: "files:token",
    },
  ],
  nodes: [
    { type: "start", id: "start" },
    {
      type: "mcp_tool",
      id: "read",
      server_id: "files",
      tool_name: "read_file",
      parameters: { path: "${input}", lines: "1.0" },
      output_variable: "contents",
      retry: {
        max_attempts: 3,
        initial_delay: 1_500_000_000,
        max_delay: 30_000_000_000,
        backoff_multiplier: 2.5,
        retryable_errors: ["timeout"],
        non_retryable_errors: ["404"],
      },
    },
    {
      type: "transform",
      id: "sum",
      input_variable: "contents",
      expression: "$.a",
      output_variable: "total",
    },
    { type: "condition", id: "big", condition: "total > 10" },
    { type: "parallel", id: "fan", branches: [["a", "no"], ["1"]], merge_strategy: "wait_all" },
    {
      type: "loop",
      id: "each",
      collection: "items",
      item_variable: "n",
      body: ["pass"],
      break_condition: "n == ''",
    },
    { type: "passthrough", id: "pass" },
    { type: "end", id: "end", return_value: "${total}" },
  ],
  edges: [
    { id: "1", from: "start", to: "read" },
    { id: "2", from: "read", to: "sum" },
    { id: "3", from: "sum", to: "big" },
    { id: "4", from: "big", to: "fan", condition: "true", label: "yes" },
    { id: "5", from: "big", to: "each", condition: "false" },
    { id: "6", from: "fan", to: "pass" },
    { id: "7", from: "pass", to: "end" },
    { id: "8", from: "each", to: "end" },
  ],
};

/** Writes the workflow above as Go does and returns what Go reads back. */
async function writeWithGo(path: string, workflow: unknown = GO_WORKFLOW): Promise<GoView> {
  const env = { TZ: "America/Los_Angeles" };
  await go(["yaml-write", path], { input: workflow, env });
  return await readWithGo(path);
}

testNeeding(
  goProgram,
  "FilesystemWorkflowRepository.load() reads what Go wrote, with the types that Go drops",
  () =>
    withRepository(async (repository, fileOf) => {
      const before = await writeWithGo(fileOf("from-go"));
      assert((before.any.nodes as Record<string, unknown>[]).every((n) => !("type" in n)));
      const workflow = await repository.load("from-go");

      const { id, name, version, description } = workflow;
      assertEquals({ id, name, version, description }, {
        id: GO_WORKFLOW.id,
        name: GO_WORKFLOW.name,
        version: GO_WORKFLOW.version,
        description: GO_WORKFLOW.description,
      });
      assertEquals(workflow.metadata.created, new Date("2026-11-23T11:48:11.620Z"));
      assertEquals(workflow.metadata.lastModified, new Date("2026-11-23T12:00:00Z"));
      assertEquals(workflow.metadata.tags, ["yes", "2024-01-01"]);
      assertEquals(workflow.variables, [
        { name: "a", type: "object", required: true, default: { x: [1, "1", null, 1.5, {}] } },
        { name: "b", type: "string", default: "0o17", description: "on" },
      ]);
      assertEquals(workflow.servers[0]?.credentialRef, "files:token");
      assertEquals(workflow.servers[0]?.args, ["-y", "007"]);
      assertEquals(
        workflow.nodes.map((n) => [n.id, n.type]),
        GO_WORKFLOW.nodes.map((n) => [n.id, n.type]),
      );
      const [, read, sum, , fan, each, , end] = workflow.nodes;
      assert(read?.type === "mcp_tool");
      assertEquals([read.server, read.tool, read.output], ["files", "read_file", "contents"]);
      assertEquals(read.parameters, { path: "${input}", lines: "1.0" });
      assertEquals(read.retry?.maxAttempts, 3);
      assertEquals(read.retry?.initialDelay, "1.5s");
      assertEquals(read.retry?.maxDelay, "30s");
      assertEquals(
        sum,
        { id: "sum", type: "transform", input: "contents", expression: "$.a", output: "total" },
      );
      assert(fan?.type === "parallel" && fan.mergeStrategy === "wait_all");
      assertEquals(fan.branches, [["a", "no"], ["1"]]);
      assert(each?.type === "loop" && each.item === "n" && each.breakCondition === "n == ''");
      assert(end?.type === "end" && end.return === "${total}");
      assertEquals(workflow.edges, GO_WORKFLOW.edges);
    }),
);

testNeeding(
  goProgram,
  "FilesystemWorkflowRepository.save() leaves a file of Go alone when nothing changed",
  () =>
    withRepository(async (repository, fileOf) => {
      await writeWithGo(fileOf("from-go"));
      const before = await Deno.readTextFile(fileOf("from-go"));
      const { changed } = await repository.save(await repository.load("from-go"));
      assertEquals(changed, false);
      assertEquals(await Deno.readTextFile(fileOf("from-go")), before);
    }),
);

testNeeding(
  goProgram,
  "FilesystemWorkflowRepository.save() keeps a changed file of Go readable for Go",
  () =>
    withRepository(async (repository, fileOf) => {
      const before = await writeWithGo(fileOf("from-go"));
      const workflow = await repository.load("from-go");
      workflow.description = "changed: yes";
      const sum = workflow.nodes[2];
      assert(sum?.type === "transform");
      sum.expression = "$.b";
      workflow.updateVariable("b", { default: "1.0" });
      workflow.addEdge({ id: "9", from: "start", to: "end" });
      const { changed } = await repository.save(workflow);
      assertEquals(changed, true);

      const after = await readWithGo(fileOf("from-go"));
      const expected = structuredClone(before.any) as {
        description: string;
        nodes: Record<string, unknown>[];
        variables: Record<string, unknown>[];
        edges: Record<string, unknown>[];
      };
      expected.description = "changed: yes";
      expected.nodes[2]!.expression = "$.b";
      expected.variables[1]!.default_value = "1.0";
      expected.edges.push({ id: "9", from: "start", to: "end" });
      const withTypes = after.any.nodes as Record<string, unknown>[];
      const { metadata, nodes: _, ...rest } = after.any;
      const { metadata: metadataBefore, nodes, ...restBefore } = expected as Record<
        string,
        unknown
      >;
      assertEquals(rest, restBefore);
      assertEquals(withTypes[2]?.type, "transform");
      assertEquals(
        withTypes.map(({ type: _, ...node }) => node),
        nodes,
      );
      const { last_modified: modified, ...kept } = metadata as Record<string, unknown>;
      const { last_modified: modifiedBefore, ...keptBefore } = metadataBefore as Record<
        string,
        unknown
      >;
      assertEquals(kept, keptBefore);
      assert(JSON.stringify(modified) !== JSON.stringify(modifiedBefore));
      assert("last_modified" in (metadata as Record<string, unknown>));

      const again = await repository.load("from-go");
      assertEquals(again.nodes, workflow.nodes);
      assertEquals(again.variables, workflow.variables);
    }),
);

testNeeding(
  goProgram,
  "FilesystemWorkflowRepository.load() reads awkward strings that yaml.v3 wrote",
  () =>
    withRepository(async (repository, fileOf) => {
      const texts = STRINGS_THAT_GO_KEEPS;
      const view = await writeWithGo(fileOf("strings"), {
        ...GO_WORKFLOW,
        id: "strings",
        variables: texts.map((text, i) => ({ name: `v${i}`, type: "any", default_value: text })),
        nodes: [
          ...texts.map((text, i) => ({ type: "condition", id: `n${i}`, condition: text })),
          {
            type: "mcp_tool",
            id: "keys",
            server_id: "s",
            tool_name: "t",
            parameters: Object.fromEntries(texts.map((text) => [text, text])),
          },
        ],
      });
      const variables = view.any.variables as Record<string, unknown>[];
      assertSameStrings(variables.map((v) => v.default_value), texts);

      const workflow = await repository.load("strings");
      assertSameStrings(workflow.variables.map((v) => v.default), texts);
      assertSameStrings(workflow.nodes.map((n) => n.type === "condition" && n.condition), [
        ...texts,
      ]);
      const last = workflow.nodes.at(-1);
      assert(last?.type === "mcp_tool" && last.parameters !== undefined);
      const { parameters } = last;
      assertSameStrings(texts.map((text) => parameters[text]), texts);
      assertEquals(Object.keys(parameters).length, texts.length);
    }),
);

testNeeding(
  goProgram,
  "FilesystemWorkflowRepository.save() edits strings of a file of Go into awkward ones",
  () =>
    withRepository(async (repository, fileOf) => {
      // Plain, quoted, a block, a list and nothing: each is edited in its own way.
      const originals = ["plain", "1.0", "it's: 'x'", "a\nb\n", ["x", "y"], null, 7];
      const texts = AWKWARD_STRINGS;
      const view = await writeWithGo(fileOf("from-go"), {
        ...GO_WORKFLOW,
        variables: texts.flatMap((_, i) => [
          { name: `v${i}`, type: "any", default_value: originals[i % originals.length] },
          { name: `k${i}`, type: "any", default_value: originals[i % originals.length] },
        ]),
        nodes: texts.map((_, i) => ({ type: "condition", id: `n${i}`, condition: "x > 1" })),
      });
      const workflow = await repository.load("from-go");
      for (const [i, text] of texts.entries()) {
        workflow.updateVariable(`v${i}`, { default: text });
        const node = workflow.nodes[i]!;
        assert(node.type === "condition");
        if (i % 2 === 0) node.condition = text;
      }
      await repository.save(workflow);

      const { any } = await readWithGo(fileOf("from-go"));
      const variables = any.variables as Record<string, unknown>[];
      const changed = variables.filter((v) => String(v.name).startsWith("v"));
      assertSameStrings(changed.map((v) => v.default_value), texts);
      const kept = (v: Record<string, unknown>) => String(v.name).startsWith("k");
      assertEquals(
        variables.filter(kept),
        (view.any.variables as Record<string, unknown>[]).filter(kept),
      );
      const nodes = any.nodes as Record<string, unknown>[];
      assertSameStrings(
        nodes.map((n) => n.condition),
        texts.map((text, i) => i % 2 === 0 ? text : "x > 1"),
      );
    }),
);
