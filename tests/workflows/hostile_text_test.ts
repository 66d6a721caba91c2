import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { cpuUsage } from "node:process";
import { InvalidDataError } from "../../src/domain/errors.ts";
import { findSecrets } from "../../src/domain/secrets.ts";
import { fileWarnings } from "../../src/workflows/inspect.ts";
import { parseWorkflow } from "../../src/workflows/workflow_cache.ts";
import { editYaml } from "../../src/workflows/yaml_edit.ts";
import { fixtures } from "./temp_store.ts";

const SIZE = 1024 * 1024;

/** A text repeated up to the limit of a file, with room for what stands around it. */
function much(text: string, size = SIZE - 100): string {
  return text.repeat(Math.floor(size / new TextEncoder().encode(text).length));
}

function each(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join("");
}

/** Texts that a careless reader walks in quadratic time, or with one call for each level. */
const TRAPS: Record<string, string> = {
  "dashes on one line": much("- "),
  "items within items": much("-\n"),
  "opening braces": `a: ${much("{")}`,
  "opening brackets": `a: ${much("[")}`,
  "question marks": much("? "),
  "escapes without an end": `a: "${much("\\")}`,
  "escaped quotes without an end": `a: "${much('\\"')}`,
  "single quotes without an end": `a: '${much("''")}`,
  "blank lines": `${much("\n")}a: 1`,
  "comment lines": `a: 1\n${much("#\n")}`,
  "comment signs on one line": `a: 1 ${much(" #")}`,
  "tabs": `a:\n${much("\ta\n")}`,
  "tabs and quotes": `\t${much("'a'x")}\n\t"`,
  "carriage returns": `a: 1\r${much("\r")}`,
  "NULs": much("\0"),
  "document marks": much("---\n"),
  "directives": much("%YAML 1.2\n"),
  "tags": much("! "),
  "anchors": each(50_000, (index) => `k${index}: &a${index} 1\n`),
  "aliases": `a: &a [1]\n${each(50_000, (index) => `k${index}: *a\n`)}`,
  "aliases of zero": `a: &a 0\n${each(50_000, (index) => `k${index}: *a\n`)}`,
  "aliases of nothing, with tabs": `a: &a ~\nb: {\n\tc: 1, ${
    each(40_000, (index) => `k${index}: *a,`)
  }}\n`,
  "merge keys": `b: &b {${each(300, (index) => `k${index}: 1, `)}}\n` +
    each(300, (index) => `m${index}:\n  <<: *b\n`),
  "keys": each(50_000, (index) => `k${index}: |\n  x\n`),
  "a long key": `? ${much("k")}\n: 1\n`,
  "a long number": `a: ${much("1")}`,
  "long integers": `a:\n${much("  - 12345678901234567890\n")}`,
  "line breaks of YAML 1.1": `a:\n${much("  x\u2028\n")}`,
  "line breaks of YAML 1.1 in a text": `a: |\n  x${much("\u2028  ")}`,
  "times of the last change": `metadata:\n${much("  last_modified: x\n")}`,
  "blanks in metadata in flow style": `metadata: { a: 1,${much(" ")}b: last_modified }\n`,
  "aliases in doubt": `a: &a 0\nb: "${much("b *a ", 240)}"\nc:\n${
    each(19_000, () => `  - {a: "b", c: ['d', e]}\n`)
  }`,
  "line breaks of a text": `a: |+\n  x\n${much("\n")}`,
  "blanks before brackets": `a:${much(" ")}[yes]\n`,
  "comment signs behind brackets": `{a: 1}\n${much("# ")}\n...\n`,
  "line breaks within brackets": `{a: 1,${much("\n")}b: 1}`,
  "beginnings of API keys": `a: ${much("sk-aaaaaaaa")}`,
  "beginnings of web tokens": `a: ${much("eyJ-")}`,
  "beginnings of references": `token: "${much("${")}"`,
  "beginnings of placeholders": `token: "${much("{{")}"`,
  "beginnings of URLs": `a: ${much("ab://x:y")}`,
};

/** What an edit adds. */
const ADDED = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`new${index}`, 1]));

for (const [what, text] of Object.entries(TRAPS)) {
  Deno.test(`1 MiB of ${what} is read and edited, or refused, within a second`, () => {
    // Other processes may be at work: what counts is the time of this one.
    const start = cpuUsage();
    try {
      const parsed = parseWorkflow("x", text, "Cannot read");
      fileWarnings(parsed);
      findSecrets(parsed.workflow);
      const { document } = parsed;
      editYaml(document, { ...document.value, ...ADDED });
    } catch (error) {
      assertInstanceOf(error, InvalidDataError);
    }
    const { user, system } = cpuUsage(start);
    // Reading, an edit, the search for secrets and that for oddities have a second each.
    assert((user + system) / 1e6 < 4, `took ${(user + system) / 1e6} s`);
  });
}

/** What somebody, or a broken disk, may put anywhere. */
const PIECES = [
  ..."\t,  ,\n,\r\n,\r,\0,\uFEFF,\u2028,\u0085,- ,? ,: ,{,},[,],#,&a ,*a,|,|+2,>-,\",',\\,@,`,%"
    .split(
      ",",
    ),
  ..."---\n,...\n,%YAML 1.2\n,<<: *a,~,1.10,0o17,1_000,12345678901234567890,2024-01-01,💥".split(
    ",",
  ),
  ..."!!int ,!!binary ,!!set ,!!float x,!x ,!<y> ,__proto__: 1\n,constructor: 1\n,id: 7\n,nodes:\n,type: end\n"
    .split(","),
  '"\\ud800"',
];

/** Pseudo-random numbers, the same in each run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed;;) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5 | 0;
    yield (state ^ (state >>> 13)) >>> 0;
  }
}

Deno.test("no damage to a file makes the reader throw anything but InvalidDataError", async () => {
  const files = (await fixtures()).map(([, text]) => text);
  const random = numbers(1);
  const pick = (count: number) => random.next().value % count;
  const runs = Number(Deno.env.get("GOFLOW_PROPERTY_RUNS") ?? 500) * 4;
  let read = 0;
  for (let run = 0; run < runs; run++) {
    let text = files[pick(files.length)]!;
    for (let edits = pick(5) + 1; edits > 0; edits--) {
      const at = pick(text.length + 1);
      text = text.slice(0, at) + PIECES[pick(PIECES.length)] + text.slice(at + pick(2) * pick(40));
    }
    try {
      fileWarnings(parseWorkflow("x", text, "Cannot read"));
      read++;
    } catch (error) {
      if (!(error instanceof InvalidDataError)) throw new Error(text, { cause: error });
      assert(error.message.startsWith("Cannot read: "), error.message);
    }
  }
  assert(read > runs / 50 && read < runs, `${read} of ${runs} were read`);
});

Deno.test("the reader refuses half of a surrogate pair, which no file could hold again", () => {
  for (const text of ['name: "\\ud800"\n', '"\\udc00": 1\n', 'a: ["x\\ud83d"]\n']) {
    const error = (() => {
      try {
        parseWorkflow("x", text, "Cannot read");
      } catch (error) {
        return error;
      }
    })();
    assertInstanceOf(error, InvalidDataError);
    assertEquals(error.message, "Cannot read: a text holds half of a surrogate pair");
  }
  assertEquals(parseWorkflow("x", 'name: "\\ud83d\\ude00"\n', "").workflow.name, "😀");
});
