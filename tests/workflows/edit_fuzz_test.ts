import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Workflow } from "../../src/domain/workflow.ts";
import { decodeWorkflow } from "../../src/workflows/decode.ts";
import { prepareSave, verifyText } from "../../src/workflows/prepare_save.ts";
import { cloneValue, isMapping } from "../../src/domain/value.ts";
import { readYaml } from "../../src/workflows/yaml_reader.ts";
import { AWKWARD } from "./arbitrary.ts";
import { Handwriting, randomOf } from "./handwritten.ts";

const ACTION = "Cannot read";
const scalar = fc.constantFrom(
  ..."1.10 0777 0012 1.0 1 ~ TRUE null 12345678901234567890 0x1F 1e3 1_000 yes 2024-01-01".split(
    " ",
  ),
  "'1.10'",
  '"a # b"',
  "a b",
);
const anchor = fc.constantFrom("", "", " &s");
const comment = fc.constantFrom("", "", " # note", " # don't: 1.10");

/** Writes a mapping by hand, in block or flow style. */
function mapping(pairs: [string, string][], column: number, flow: boolean, note: string): string {
  if (flow) return ` {${pairs.map(([key, value]) => `${key}: ${value}`).join(", ")}}${note}\n`;
  const lines = pairs.map(([key, value]) => `${" ".repeat(column)}${key}: ${value}${note}\n`);
  return `${note}\n${lines.join("")}`;
}

/** Texts of all scalars below a key. */
function scalars(source: unknown): string[] {
  if (Array.isArray(source)) return source.flatMap(scalars);
  if (isMapping(source)) {
    return Object.entries(source).flatMap(([key, item]) => [key, ...scalars(item)]);
  }
  return [String(source ?? "~")];
}

Deno.test("an edit through the API leaves the text of every other scalar of files written by hand", () => {
  fc.assert(
    fc.property(
      fc.array(scalar, { minLength: 6, maxLength: 6 }),
      fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      fc.boolean(),
      comment,
      anchor,
      fc.nat(3),
      ([a, b, c, d, e, f], [flow, env, params], go, note, mark, kind) => {
        const [server, tool] = go ? ["server_id", "tool_name"] : ["server", "tool"];
        const text = "name: x\nmetadata:" +
          mapping([["author", "me"], ["release", a!], ["build", b!]], 2, flow!, note) +
          `servers:${note}\n  # about s\n  - id: s\n    env:${env ? "" : mark}` +
          mapping([["MODE", c!], ["VER", d!]], 6, env!, note) +
          `nodes:${note}\n  - id: 1.10\n    type: mcp_tool\n    ${server}: s\n    ${tool}: t\n    parameters:` +
          mapping([["p", e!], ["q", f!], ["list", `[${a}, ${b}]`]], 6, params!, note) +
          `  - {id: z, type: start, x-a: ${c}}\nedges:\n  - {from: 1.10, to: z, x-w: ${d}}\n`;
        const base = readYaml(text, { action: ACTION });
        const { workflow } = decodeWorkflow(base, "x", { action: ACTION });
        if (kind === 0) workflow.description = "new";
        else if (kind === 1) workflow.servers[0]!.name = "new";
        else if (kind === 2) workflow.nodes[0]!.description = "new";
        else workflow.edges[0]!.label = "new";
        const prepared = prepareSave(workflow, base, { action: ACTION, now: new Date(0) })!;
        for (const candidate of prepared.texts) {
          const document = verifyText(candidate, prepared.value, ACTION);
          if (document === undefined) continue;
          const added = [
            "description",
            "name",
            "label",
            "new",
            "last_modified",
            "1970-01-01T00:00:00.000Z",
          ];
          const rest = (source: unknown) =>
            scalars(source).filter((part) => !added.includes(part)).sort();
          assertEquals(rest(document.source), rest(base.source));
          return;
        }
        throw new Error("no text says what was meant");
      },
    ),
    { numRuns: Number(Deno.env.get("GOFLOW_PROPERTY_RUNS") ?? 300) },
  );
});

/** An edit, and the item that it is about. */
type Edit = [owner: string, edit: (workflow: Workflow, text: string) => unknown];

const EDITS: readonly Edit[] = [
  ["name", (w, text) => w.name = text],
  ["version", (w, text) => w.version = text],
  ["description", (w, text) => w.description = text],
  ["description", (w) => delete w.description],
  ["", (w, text) => w.addNode({ id: "new", type: "transform", input: text })],
  ["", (w, text) => w.nodes.unshift({ id: "new", type: "end", return: [text, { a: 1 }] })],
  ["", (w, text) => w.edges.push({ from: "n2", to: "n3", label: text })],
  ["", (w, text) => w.variables.splice(1, 0, { name: "c", type: "any", default: text })],
  ["", (w, text) => w.servers.push({ id: "u", args: [text], env: { A: text } })],
  ["", (w, text) => w.extra = { ...w.extra, "x-new": { a: [text] } }],
  ...[0, 1, 2, 3].map((index): Edit => [`nodes[${index}]`, (w) => w.nodes.splice(index, 1)]),
  ...[0, 1].flatMap((index): Edit[] => [
    [`edges[${index}]`, (w) => w.edges.splice(index, 1)],
    [`servers[${index}]`, (w) => w.servers.splice(index, 1)],
    [`variables[${index}]`, (w) => w.variables.splice(index, 1)],
    [`variables[${index}]`, (w, text) => w.variables[index]!.default = text],
    [`edges[${index}]`, (w, text) => w.edges[index]!.condition = text],
    [`nodes[${index}]`, (w, text) => w.nodes[index]!.description = text],
    [`servers[${index}]`, (w, text) => w.servers[index]!.command = text],
  ]),
  ["nodes[1]", (w, text) => Object.assign(w.nodes[1]!, { parameters: { [text]: text } })],
  ["nodes[2]", (w, text) => Object.assign(w.nodes[2]!, { expression: text })],
  ["x-team", (w) => delete w.extra],
  ["x-team", (w, text) => w.extra!["x-team"] = text],
];

function withoutTime(
  { revision: _, metadata: { lastModified: _l, ...metadata }, ...rest }: Workflow,
) {
  return cloneValue({ ...rest, metadata });
}

Deno.test("an edit keeps every other line of files written by hand", () => {
  const random = randomOf(Number(Deno.env.get("GOFLOW_FUZZ_SEED") ?? 1));
  const runs = Number(Deno.env.get("GOFLOW_PROPERTY_RUNS") ?? 300);
  let rewritten = 0;
  for (let run = 0; run < runs; run++) {
    const { lines } = new Handwriting(random);
    const newline = random(8) === 0 ? "\r\n" : "\n";
    const text = lines.map((line) => line.text).join(newline) + (random(8) === 0 ? "" : newline);
    const base = readYaml(text, { action: ACTION });
    const { workflow } = decodeWorkflow(base, "x", { action: ACTION });
    const before = Workflow.from(structuredClone({ ...workflow }));
    const [owner, edit] = EDITS[random(EDITS.length)]!;
    edit(workflow, AWKWARD[random(AWKWARD.length)]!);
    const prepared = prepareSave(workflow, base, { action: ACTION, now: new Date(0), before });
    if (prepared === undefined) continue;
    for (const candidate of prepared.texts) {
      const document = verifyText(candidate, prepared.value, ACTION);
      if (document === undefined) continue;
      const { workflow: saved } = decodeWorkflow(document, "x", { action: ACTION });
      assertEquals(withoutTime(saved), withoutTime(workflow), text);
      if (candidate.rewritten) {
        rewritten++;
        break;
      }
      const left = candidate.text.split(newline);
      for (const line of lines) {
        if (line.owner === owner || line.text.trim() === "" || line.text.includes("2020-")) {
          continue;
        }
        const found = left.indexOf(line.text);
        assert(
          found !== -1,
          `${owner}: ${JSON.stringify(line)} is gone of\n${text}\n->\n${candidate.text}`,
        );
        left.splice(0, found + 1);
      }
      break;
    }
  }
  assert(rewritten <= runs / 20, `${rewritten} of ${runs} files were written anew`);
});
