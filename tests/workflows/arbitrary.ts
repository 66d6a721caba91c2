/**
 * Random values and workflows for property tests.
 *
 * @module
 */

import fc from "fast-check";
import type { WorkflowNode } from "../../src/domain/node.ts";
import { Workflow } from "../../src/domain/workflow.ts";

/** Texts that some reader of YAML takes for something else. */
export const AWKWARD = [
  ..."yes no on off y n Y N true null ~ <<x = NULL True 1.0 1.10 1e3 0o17 017 0b11 0x1F 1_000 1:30 -1 +1 .5 1. .inf -.INF .nan 2024-01-01 2024-01-01T00:00:00Z --- ... - ? : | > ! & * @ ` % # [ ] { } , '"
    .split(" "),
  '"',
  "\\",
  "",
  " a",
  "a ",
  "a: b",
  "a #b",
  "a:",
  "- a",
  "#x",
  "\t",
  "a\tb",
  "\ta",
  "\n",
  "a\n",
  "a\n\n",
  "a\nb",
  "a\n\nb\n",
  " a\nb",
  "a\n b",
  "a \nb",
  "a\r\nb",
  "\u0000",
  "\u0085",
  "\u00a0",
  "\u2028",
  "\ufeff",
  "é",
  "😀",
  "${a} > ${b}",
  "it's",
  'say "hi"',
  "key",
  "__proto__x",
];

const words = fc.constantFrom(...AWKWARD);

/** A text. */
export const text: fc.Arbitrary<string> = fc.oneof(
  words,
  fc.string(),
  fc.string({ unit: "grapheme" }),
  fc.array(words, { maxLength: 4 }).map((parts) => parts.join("")),
  fc.array(words, { maxLength: 4 }).map((parts) => parts.join("\n")),
);

/** A key of a mapping. */
export const key: fc.Arbitrary<string> = text.filter((name) =>
  name !== "<<" && name !== "__proto__"
);

/** A value that a file can hold. */
export const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

/** A mapping. */
export const mapping: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(key, value, {
  maxKeys: 4,
  noNullPrototype: true,
});

const extra = fc.dictionary(key.map((name) => `x-${name}`), value, {
  maxKeys: 2,
  minKeys: 1,
  noNullPrototype: true,
});
const texts = fc.array(text, { maxLength: 3 });
const textMap = fc.dictionary(key, text, { maxKeys: 3, noNullPrototype: true });
const date = fc.date({
  min: new Date("0000-01-01T00:00:00Z"),
  max: new Date("9999-12-31T23:59:59.999Z"),
  noInvalidDate: true,
});

/** An object of which some keys are always there. */
function record(
  required: Record<string, fc.Arbitrary<unknown>>,
  optional: Record<string, fc.Arbitrary<unknown>> = {},
): fc.Arbitrary<Record<string, unknown>> {
  const model: Record<string, fc.Arbitrary<unknown>> = { ...required, ...optional, extra };
  return fc.record(model, { requiredKeys: Object.keys(required), noNullPrototype: true });
}

function node(
  type: string,
  required: Record<string, fc.Arbitrary<unknown>> = {},
  optional: Record<string, fc.Arbitrary<unknown>> = {},
): fc.Arbitrary<Record<string, unknown>> {
  return record({ id: text, type: fc.constant(type), ...required }, {
    description: text,
    ...optional,
  });
}

const retry = record({}, {
  maxAttempts: fc.integer(),
  backoff: text,
  initialDelay: fc.oneof(text, fc.integer()),
  maxDelay: fc.oneof(text, fc.integer()),
  multiplier: fc.double({ noNaN: true }),
  on: texts,
  skipOn: texts,
});

/** A node of any type. */
const anyNode = fc.oneof(
  node("start"),
  node("end", {}, { return: value }),
  node("mcp_tool", { server: text, tool: text }, { parameters: mapping, output: text, retry }),
  node("transform", {}, { input: text, expression: text, output: text }),
  node("condition", { condition: text }),
  node("passthrough"),
  node("parallel", { branches: fc.array(texts, { maxLength: 3 }) }, { mergeStrategy: text }),
  node("loop", { collection: text, item: text, body: texts }, { breakCondition: text }),
) as fc.Arbitrary<unknown> as fc.Arbitrary<WorkflowNode>;

/** Any workflow that the domain can hold, valid or not. */
export const anyWorkflow: fc.Arbitrary<Workflow> = record(
  { id: fc.constantFrom("a", "b"), name: text, version: text },
  {
    description: text,
    metadata: record({}, { author: text, created: date, tags: texts, icon: text }),
    variables: fc.array(
      record({ name: text, type: text }, {
        required: fc.boolean(),
        default: value,
        description: text,
      }),
      { maxLength: 3 },
    ),
    servers: fc.array(
      record({ id: text }, {
        name: text,
        command: text,
        args: texts,
        transport: text,
        env: textMap,
        credentialRef: text,
        url: text,
        headers: textMap,
      }),
      { maxLength: 3 },
    ),
    nodes: fc.array(anyNode, { maxLength: 4 }),
    edges: fc.array(
      record({ from: text, to: text }, { id: text, condition: text, label: text }),
      { maxLength: 3 },
    ),
  },
).map((fields) => Workflow.from(fields as unknown as Parameters<typeof Workflow.from>[0]));
