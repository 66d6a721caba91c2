import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { Workflow } from "../../src/domain/workflow.ts";
import { decodeWorkflow } from "../../src/workflows/decode.ts";
import { prepareSave, verifyText } from "../../src/workflows/prepare_save.ts";
import { equalValues, isMapping, type Mapping } from "../../src/domain/value.ts";
import { editYaml } from "../../src/workflows/yaml_edit.ts";
import { formatDocument } from "../../src/workflows/yaml_format.ts";
import { readYaml, type YamlDocument } from "../../src/workflows/yaml_reader.ts";
import { formatInline, formatYaml } from "../../src/workflows/yaml_writer.ts";
import { anyWorkflow, mapping, text, value } from "./arbitrary.ts";
import { FIXTURES, fixtures } from "./temp_store.ts";

const ACTION = "Cannot read";
const RUNS = { numRuns: Number(Deno.env.get("GOFLOW_PROPERTY_RUNS") ?? 500) };

function read(yaml: string): YamlDocument {
  return readYaml(yaml, { action: ACTION });
}

/** Saves over a document and returns the new one, as the repository does. */
function saved(workflow: Workflow, base?: YamlDocument): YamlDocument {
  const prepared = prepareSave(workflow, base, { action: ACTION, now: new Date(0) });
  if (prepared === undefined) return base!;
  for (const candidate of prepared.texts) {
    const document = verifyText(candidate, prepared.value, ACTION);
    if (document !== undefined) return document;
  }
  throw new Error("no text says what was meant");
}

function withoutTimes(workflow: Workflow): Mapping {
  const { lastModified: _, ...metadata } = workflow.metadata;
  return { ...workflow, metadata };
}

Deno.test("formatYaml() and formatInline() write any mapping so that it reads back", () => {
  fc.assert(
    fc.property(mapping, (before) => {
      for (const yaml of [formatYaml(before), formatInline(before)]) {
        const after = read(yaml === "" ? "{}" : yaml).value;
        if (!equalValues(after, before)) assertEquals(after, before);
      }
    }),
    RUNS,
  );
});

Deno.test("any workflow survives save and load, in a new file", () => {
  fc.assert(
    fc.property(anyWorkflow, (workflow) => {
      const { workflow: loaded } = decodeWorkflow(saved(workflow), workflow.id, {
        action: ACTION,
      });
      assertEquals(withoutTimes(loaded), withoutTimes(workflow));
    }),
    RUNS,
  );
});

Deno.test("any workflow survives save and load over the file of any other", () => {
  fc.assert(
    fc.property(anyWorkflow, anyWorkflow, (before, after) => {
      after.id = before.id;
      const document = saved(after, saved(before));
      const { workflow: loaded } = decodeWorkflow(document, after.id, { action: ACTION });
      assertEquals(withoutTimes(loaded), withoutTimes(after));
    }),
    RUNS,
  );
});

Deno.test("a save that changes nothing writes nothing", () => {
  fc.assert(
    fc.property(anyWorkflow, (workflow) => {
      const document = saved(workflow);
      const { workflow: loaded } = decodeWorkflow(document, workflow.id, { action: ACTION });
      assertEquals(prepareSave(loaded, document, { action: ACTION, now: new Date() }), undefined);
    }),
    RUNS,
  );
});

/** Every path of a tree. */
function paths(tree: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof tree !== "object" || tree === null) return [path];
  const steps = Array.isArray(tree) ? [...tree.keys()] : Object.keys(tree);
  return [
    path,
    ...steps.flatMap((step) =>
      paths((tree as Record<string | number, unknown>)[step], [...path, step])
    ),
  ];
}

/** Changes, adds or removes something at a path. */
function edit(tree: Mapping, path: (string | number)[], kind: string, item: unknown): Mapping {
  const copy = structuredClone(tree);
  const step = path.at(-1)!;
  let parent: Record<string | number, unknown> = copy;
  for (const key of path.slice(0, -1)) parent = parent[key] as typeof parent;
  if (kind === "change") parent[step] = item;
  else if (Array.isArray(parent)) {
    if (kind === "insert") parent.splice(Number(step), 0, item);
    else if (kind === "remove") parent.splice(Number(step), 1);
    else parent.reverse();
  } else if (kind === "insert") parent["new key"] = item;
  else delete parent[step];
  return copy;
}

Deno.test("any edit through the source text says the same as writing the file anew", async () => {
  const files = await fixtures(FIXTURES);
  const realInputs = Deno.env.get("GOFLOW_FIXTURES");
  if (realInputs) files.push(...await fixtures(`${realInputs}/workflows`));
  const documents = files.map(([, yaml]) => read(yaml));
  const places = documents.map(({ value: tree }) => paths(tree).slice(1));
  let rewritten = 0;
  let total = 0;
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(),
      fc.constantFrom("change", "insert", "remove", "reverse"),
      value,
      (file, place, kind, item) => {
        const document = documents[file % documents.length]!;
        const path = places[file % documents.length]!;
        const after = edit(document.value, path[place % path.length]!, kind, item);
        const yaml = editYaml(document, after)?.text;
        total++;
        if (yaml !== undefined && equalValues(tryRead(yaml), after)) return;
        rewritten++;
        assertEquals(read(formatDocument(after, document)).value, after);
      },
    ),
    RUNS,
  );
  // The fallback is for anchors, merge keys and the like.
  assert(rewritten <= total / 50, `${rewritten} of ${total} edits had to rewrite the file`);
});

function tryRead(yaml: string): unknown {
  try {
    return read(yaml).value;
  } catch (error) {
    assertInstanceOf(error, InvalidDataError);
    return undefined;
  }
}

Deno.test("no text makes the reader throw anything but InvalidDataError, or take over a second", () => {
  const line = fc.oneof(
    text,
    fc.constantFrom(
      "nodes:",
      "- id: a",
      "  - id: b",
      "    type: start",
      "edges: []",
      "a: &x [1]",
      "b: *x",
      "<<: *x",
      "? [a]",
      "\tx: 1",
      "!!set {a}",
      "--- ",
      "{a: [b",
      "metadata: 3",
      "version: 1.0",
      "servers: [1]",
      "%YAML 1.2",
    ),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const start = performance.now();
      try {
        decodeWorkflow(read(lines.join("\n")), "a", { action: ACTION });
      } catch (error) {
        assertInstanceOf(error, InvalidDataError);
      }
      assert(performance.now() - start < 1000);
    }),
    { numRuns: RUNS.numRuns * 4 },
  );
});

Deno.test("arbitrary workflows cover what matters", () => {
  const samples = fc.sample(anyWorkflow, 300);
  assert(samples.some(({ nodes }) => nodes.some(({ type }) => type === "mcp_tool")));
  assert(samples.some(({ nodes }) => nodes.some((node) => isMapping(node.extra))));
  assert(samples.every((workflow) => workflow instanceof Workflow));
});
