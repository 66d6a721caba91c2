import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { cli, type CliOptions, type CliResult, withRoot } from "./cli.ts";

const WAIT = `# Waits
name: wait
description: Waits for a while
version: "1.0"
parameters:
  - { name: seconds, type: number, required: true, validation: { min: 1 } }
  - { name: note, type: string, default: done }
  - { name: tags, type: array, default: [] }
  - { name: quick, type: boolean, default: false }
workflow_spec:
  nodes:
    - { id: start, type: start }
    - { id: pass, type: passthrough, config: { seconds: "{{seconds}}", quick: "{{quick}}" } }
    - { id: end, type: end, config: { return: "{{note}} {{tags}}" } }
  edges:
    - { from: start, to: pass }
    - { from: pass, to: end }
`;

async function withTemplate(
  test: (
    run: (args: string[], options?: CliOptions) => Promise<CliResult>,
    root: string,
  ) => Promise<void>,
): Promise<void> {
  await withRoot(async (root) => {
    const run = (args: string[], options?: CliOptions) => cli([...args, "--root", root], options);
    const saved = await run(["template", "save", "-", "--id", "wait"], { stdin: WAIT });
    assertEquals(saved.code, 0, saved.stderr);
    await test(run, root);
  });
}

Deno.test("template list and show tell about parameters", () =>
  withTemplate(async (run, root) => {
    await Deno.writeTextFile(join(root, "templates", "broken.yaml"), "name: [");
    const list = await run(["template", "list"]);
    assertEquals(
      list.stdout,
      "ID    NAME  VERSION  PARAMETERS\nwait  wait  1.0      seconds [note] [tags] [quick]\n",
    );
    assertStringIncludes(list.stderr, "broken");
    const { templates, invalid } = JSON.parse((await run(["template", "list", "--json"])).stdout);
    assertEquals([templates[0].parameters.length, invalid[0].id], [4, "broken"]);
    assertStringIncludes((await run(["template", "show", "wait"])).stdout, "name: seconds");
    const shown = JSON.parse((await run(["template", "show", "wait", "--json"])).stdout);
    assertEquals(shown.parameters[0].validation, { min: 1 });
    assertEquals(shown.workflow_spec.nodes.length, 3);
    assertEquals((await run(["template", "show", "none"])).code, 3);
  }));

Deno.test("template save and validate report every problem", () =>
  withTemplate(async (run) => {
    const wrong = WAIT.replace("{{note}}", "{{unknown}}");
    const strict = ["template", "save", "-", "--id", "wrong", "--strict"];
    assertEquals((await run(strict, { stdin: wrong })).code, 1);
    assertEquals((await run(["template", "validate"])).code, 0);
    const saved = await run(["template", "save", "-", "--id", "wrong"], { stdin: wrong });
    assertStringIncludes(saved.stderr, "Not valid yet: ");
    assertEquals((await run(["template", "validate"])).code, 1);
    assertEquals(
      (await run(["template", "validate", "wait"])).stdout,
      "ID    RESULT\nwait  valid\n",
    );
    assertEquals((await run(["template", "save", "-"], { stdin: WAIT })).code, 2);
    const create = ["template", "save", "-", "--id", "wait", "--create"];
    assertEquals((await run(create, { stdin: WAIT })).code, 4);
    assertEquals((await run(["template", "delete", "wrong", "--yes"])).code, 0);
    assertEquals((await run(["template", "show", "wrong"])).code, 3);
  }));

Deno.test("template instantiate takes values from options and a file, with their types", () =>
  withTemplate(async (run, root) => {
    const values = join(root, "values.yaml");
    await Deno.writeTextFile(values, "seconds: 5\nnote: from the file\n");
    const instantiate = ["template", "instantiate", "wait"];
    const { code, stdout } = await run([
      ...instantiate,
      ...["--values", values, "--set", "seconds=7", "--set", "quick=true", "--set", "tags=a,b"],
    ]);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "seconds: 7\n");
    assertStringIncludes(stdout, "quick: true\n");
    assertStringIncludes(stdout, 'from the file ["a","b"]');
    for (const long of ["9007199254740993", "0x20000000000001"]) {
      const { stdout } = await run([...instantiate, "--set", `seconds=${long}`]);
      assertStringIncludes(stdout, "seconds: 9007199254740993\n");
    }
    const wrong = await run([...instantiate, "--set", "seconds=0", "--set", "quick=maybe"]);
    assertEquals(wrong.code, 1);
    assert(wrong.stderr.includes("seconds") && wrong.stderr.includes("quick"), wrong.stderr);
    assertEquals((await run([...instantiate, "--set", "seconds"])).code, 2);
    const slip = await run([...instantiate, "--set", "secods=7"]);
    assertEquals(slip.code, 2);
    assertStringIncludes(slip.stderr, 'has no parameter "secods", did you mean "seconds"?\n');

    const save = [...instantiate, "--set", "seconds=7", "--id", "mine", "--save"];
    assertEquals((await run(save)).code, 0);
    assertEquals((await run(["workflow", "validate", "mine"])).code, 0);
    assertEquals((await run(save)).code, 4);
  }));

Deno.test("workflow schema prints a JSON Schema", async () => {
  const { code, stdout } = await cli(["workflow", "schema"]);
  assertEquals(code, 0);
  assertStringIncludes(JSON.parse(stdout).$schema, "json-schema.org");
});
