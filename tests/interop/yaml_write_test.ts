import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { WorkflowNode } from "../../src/domain/node.ts";
import { Workflow } from "../../src/domain/workflow.ts";
import { testNeeding } from "../helpers/skip.ts";
import { AWKWARD_STRINGS } from "./awkward_strings.ts";
import { goProgram } from "./go_program.ts";
import { assertSameStrings, readWithGo, withRepository } from "./go_workflow.ts";

const NODES: WorkflowNode[] = [
  { id: "start", type: "start" },
  {
    id: "read",
    type: "mcp_tool",
    description: "Reads the file",
    server: "files",
    tool: "read_file",
    parameters: { path: "${input}", encoding: "yes", lines: "1.0" },
    output: "contents",
    retry: {
      maxAttempts: 3,
      backoff: "exponential",
      initialDelay: "1s",
      maxDelay: 30_000_000_000,
      multiplier: 1.5,
      on: ["timeout"],
      skipOn: ["no", "404"],
    },
  },
  { id: "sum", type: "transform", input: "contents", expression: "$.a | 'b' # c", output: "total" },
  { id: "big", type: "condition", condition: "total > 10 && name != 'x'" },
  { id: "fan", type: "parallel", branches: [["a", "no"], ["1"]], mergeStrategy: "wait_any" },
  {
    id: "each",
    type: "loop",
    collection: "items",
    item: "n",
    body: ["pass", "2024-01-01"],
    breakCondition: "n == ''",
  },
  { id: "pass", type: "passthrough" },
  { id: "end", type: "end", return: "${total}" },
];

/** The nodes above in the keys of schema version 1. */
const YAML_NODES: Record<string, unknown>[] = [
  { id: "start", type: "start" },
  {
    id: "read",
    type: "mcp_tool",
    description: "Reads the file",
    server: "files",
    tool: "read_file",
    parameters: { path: "${input}", encoding: "yes", lines: "1.0" },
    output: "contents",
    retry: {
      max_attempts: 3,
      backoff: "exponential",
      initial_delay: "1s",
      max_delay: 30_000_000_000,
      multiplier: 1.5,
      on: ["timeout"],
      skip_on: ["no", "404"],
    },
  },
  { id: "sum", type: "transform", input: "contents", expression: "$.a | 'b' # c", output: "total" },
  { id: "big", type: "condition", condition: "total > 10 && name != 'x'" },
  { id: "fan", type: "parallel", branches: [["a", "no"], ["1"]], merge_strategy: "wait_any" },
  {
    id: "each",
    type: "loop",
    collection: "items",
    item: "n",
    body: ["pass", "2024-01-01"],
    break_condition: "n == ''",
  },
  { id: "pass", type: "passthrough" },
  { id: "end", type: "end", return: "${total}" },
];

const SERVERS = [
  {
    id: "files",
    name: "no",
    command: "npx",
    args: ["-y", "1.0", "a b"],
    transport: "stdio",
    env: { MODE: "on", PORT: "0o17" },
    credentialRef: "files:token",
  },
  {
    id: "web",
    transport: "sse",
    url: "https://example.com/sse?a=b#c",
    headers: { "X-Trace": "null", Accept: "*/*" },
  },
];

const EDGES = [
  { id: "e1", from: "start", to: "read", label: "~" },
  { id: "2", from: "big", to: "end", condition: "true" },
];

/** Strings that may be keys: `<<` would be a merge. */
const KEYS = AWKWARD_STRINGS.filter((text) => text !== "<<");

testNeeding(
  goProgram,
  "FilesystemWorkflowRepository.save() writes every node type as yaml.v3 reads it",
  () =>
    withRepository(async (repository, fileOf) => {
      const created = new Date("2026-11-23T11:48:11.620Z");
      const workflow = Workflow.from({
        id: "all",
        name: "yes",
        version: "1.10",
        description: "line 1\nline 2: no\n",
        metadata: { author: "a: b", created, tags: ["on", "1_000"], icon: "🚀" },
        variables: [
          { name: "n", type: "number", required: true, default: 1.5, description: "# no comment" },
          { name: "o", type: "object", default: { no: null, "1": [true, "true", -7, 1e21, []] } },
        ],
        servers: structuredClone(SERVERS),
        nodes: structuredClone(NODES),
        edges: structuredClone(EDGES),
      });
      await repository.save(workflow);

      const view = await readWithGo(fileOf("all"));
      assertEquals(view.error, undefined);
      const { metadata, ...rest } = view.any;
      assertEquals(rest, {
        id: "all",
        name: "yes",
        version: "1.10",
        description: "line 1\nline 2: no\n",
        variables: [
          { name: "n", type: "number", required: true, default: 1.5, description: "# no comment" },
          { name: "o", type: "object", default: { no: null, "1": [true, "true", -7, 1e21, []] } },
        ],
        servers: SERVERS.map(({ credentialRef, ...server }) =>
          credentialRef === undefined ? server : { ...server, credential_ref: credentialRef }
        ),
        nodes: YAML_NODES,
        edges: EDGES,
      });
      const { created: _, last_modified: __, ...others } = metadata as Record<string, unknown>;
      assertEquals(others, { author: "a: b", tags: ["on", "1_000"], icon: "🚀" });
      assertEquals(new Date(view.parsed.metadata?.created ?? ""), created);
      const modified = new Date(view.parsed.metadata?.last_modified ?? "");
      assert(Math.abs(Date.now() - modified.getTime()) < 60_000, String(modified));
      const read = YAML_NODES.map(({ description: _, retry: __, ...node }) => node);
      assertEquals(view.parsed.nodes, read);
    }),
);

testNeeding(
  goProgram,
  "FilesystemWorkflowRepository.save() writes awkward strings that yaml.v3 reads exactly",
  () =>
    withRepository(async (repository, fileOf) => {
      const workflow = Workflow.create("strings", undefined, { id: "strings" });
      for (const [i, text] of AWKWARD_STRINGS.entries()) {
        workflow.addVariable({ name: `v${i}`, type: "any", default: text, description: text });
        workflow.addNode({ id: `n${i}`, type: "transform", expression: text });
      }
      workflow.addNode({
        id: "keys",
        type: "mcp_tool",
        server: "s",
        tool: "t",
        parameters: Object.fromEntries(KEYS.map((text) => [text, text])),
      });
      await repository.save(workflow);

      const { any, parsed, error } = await readWithGo(fileOf("strings"));
      assertEquals(error, undefined);
      const variables = any.variables as Record<string, unknown>[];
      assertSameStrings(variables.map((v) => v.default), AWKWARD_STRINGS);
      assertSameStrings(variables.map((v) => v.description), AWKWARD_STRINGS);
      assertSameStrings((any.nodes as Record<string, unknown>[]).map((n) => n.expression), [
        ...AWKWARD_STRINGS,
      ]);
      assertSameStrings((parsed.variables ?? []).map((v) => v.default), AWKWARD_STRINGS);
      assertSameStrings(
        (parsed.variables ?? []).map((v) => v.description ?? ""),
        AWKWARD_STRINGS,
      );
      assertSameStrings((parsed.nodes ?? []).map((n) => n.expression ?? ""), AWKWARD_STRINGS);
      const parameters = parsed.nodes?.at(-1)?.parameters as Record<string, string>;
      assertSameStrings(Object.keys(parameters).sort(), KEYS.toSorted());
      assertSameStrings(KEYS.map((text) => parameters[text]), KEYS);
      const untyped = (any.nodes as Record<string, unknown>[]).at(-1)?.parameters;
      assertEquals(untyped, parameters);
    }),
);

testNeeding(
  goProgram,
  "FilesystemWorkflowRepository.save() writes the strings of every text field for yaml.v3",
  () =>
    withRepository(async (repository, fileOf) => {
      const texts = KEYS.filter((text) => text !== "").slice(0, 120);
      for (const [i, text] of texts.entries()) {
        const workflow = Workflow.create(text, text, { id: `w${i}`, version: text });
        workflow.metadata.author = text;
        workflow.metadata.tags = [text];
        workflow.addServer({ id: text, command: text, args: [text], env: { [text]: text } });
        workflow.addNode({ id: text, type: "end", return: text });
        workflow.edges.push({ id: text, from: text, to: text, condition: text, label: text });
        await repository.save(workflow);
      }
      const views = [];
      for (const i of texts.keys()) views.push(await readWithGo(fileOf(`w${i}`)));

      for (const [i, { any, error }] of views.entries()) {
        const text = texts[i]!;
        assertEquals(error, undefined, text);
        const { metadata, ...rest } = any;
        assertEquals(rest, {
          id: `w${i}`,
          name: text,
          version: text,
          description: text,
          servers: [{ id: text, command: text, args: [text], env: { [text]: text } }],
          nodes: [{ id: text, type: "end", return: text }],
          edges: [{ id: text, from: text, to: text, condition: text, label: text }],
        });
        const { author, tags } = metadata as Record<string, unknown>;
        assertEquals([author, tags], [text, [text]]);
      }
    }),
);

testNeeding(
  goProgram,
  "FilesystemWorkflowRepository.save() writes numbers and nested parameters for yaml.v3",
  () =>
    withRepository(async (repository, fileOf) => {
      const numbers = [
        0,
        -1,
        7,
        1.5,
        -0.25,
        1e21,
        1e-7,
        5e-324,
        1.7976931348623157e308,
        0.1,
        2 ** 53,
      ];
      const parameters = {
        numbers,
        flags: [true, false, null],
        empty: { list: [], object: {}, text: "" },
        deep: { a: { b: [{ c: "yes", "on": ["1.0", 1] }, [["x"], []]] } },
      };
      const workflow = Workflow.create("nested", undefined, { id: "nested" });
      workflow.addVariable({ name: "v", type: "any", default: parameters });
      workflow.addNode({ id: "t", type: "mcp_tool", server: "s", tool: "t", parameters });
      await repository.save(workflow);

      const { any, parsed, error } = await readWithGo(fileOf("nested"));
      assertEquals((any.variables as Record<string, unknown>[])[0]?.default, parameters);
      assertEquals((any.nodes as Record<string, unknown>[])[0]?.parameters, parameters);
      assertEquals(parsed.variables?.[0]?.default, parameters);
      // Go's parser takes parameters that are text alone.
      assertStringIncludes(error ?? "", "cannot unmarshal !!map into string");
    }),
);

testNeeding(
  goProgram,
  "Go reads every string that was put into a flow collection",
  () =>
    withRepository(async (repository, fileOf) => {
      const texts = [...AWKWARD_STRINGS, "?", "what?", "a?b", "?a", "a ?b", "-?"];
      await Deno.writeTextFile(fileOf("flow"), "name: x\nx-list: [a]\nx-map: {a: b}\n");
      await repository.update("flow", (workflow) => {
        const [list, map] = [workflow.extra!["x-list"], workflow.extra!["x-map"]];
        (list as string[]).push(...texts);
        for (const [i, text] of texts.entries()) (map as Record<string, string>)[`k${i}`] = text;
      });
      assertStringIncludes(await Deno.readTextFile(fileOf("flow")), "\nx-list: [a, ");
      const { any } = await readWithGo(fileOf("flow"));
      assertSameStrings(any["x-list"] as string[], ["a", ...texts]);
      const map = any["x-map"] as Record<string, string>;
      assertSameStrings(texts.map((_, i) => map[`k${i}`]), texts);
    }),
);
