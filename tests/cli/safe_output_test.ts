import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { visible } from "../../src/cli/text.ts";
import { cli, makeRuns, withRoot } from "./cli.ts";
import { cliCommand, onTerminal, python } from "./terminal.ts";
import { fakeKeyring, withFakeKeyring } from "./keyring.ts";
import { testNeeding } from "../helpers/skip.ts";

/** What drives a terminal: colours, a C1 control, the bell, and text from right to left. */
const DRIVING = "\x1b[31m\x9b31m\x07\u202e";

/** Runs a command on a terminal; what it shows must not drive it. */
async function shown(args: string[], stdin = ""): Promise<string> {
  const { stdout, stderr, code } = await cli(args, { terminal: true, stdin });
  assertEquals(code, 0, `${args.join(" ")}: ${stderr}`);
  assertEquals(stdout + stderr, visible(stdout + stderr), args.join(" "));
  return stdout;
}

Deno.test("A run that drives the terminal is shown as text, also as JSON and CSV", () =>
  withRoot(async (root) => {
    await makeRuns(root, 1);
    using database = new DatabaseSync(join(root, "goflow.db"));
    const set = "UPDATE executions SET error_type = 'x', error_message = ?, error_node_id = ?";
    database.prepare(set).run(DRIVING, DRIVING);
    const run = (...args: string[]) => shown(["execution", ...args, "--root", root]);

    const json = JSON.parse(await run("show", "run-1", "--json"));
    assertEquals([json.error.message, json.error.node_id], [DRIVING, DRIVING]);
    const [line = ""] = (await run("list", "--ndjson")).split("\n");
    assertEquals(JSON.parse(line).error.message, DRIVING);
    const logs = JSON.parse(await run("logs", "run-1", "--json"));
    assertEquals(logs.events[1].message, `x: ${DRIVING}`);
    for (const args of [["--format", "csv"], ["--format", "json"], []]) {
      await run("export", ...args);
    }
    const [title, row] = (await run("export", "--format", "csv")).split("\n");
    assert(title!.endsWith("t"), "The line ends of CSV are not shown");
    assert(row!.includes("\\x1b[31m\\x9b31m\\x07\\u202e"), row);
    const piped = await cli(["execution", "export", "--format", "csv", "--root", root]);
    assert(piped.stdout.includes(DRIVING), "A pipe gets data as it is");
  }));

Deno.test("A workflow that drives the terminal is shown as text, in every form", () =>
  withRoot(async (root) => {
    const text = JSON.stringify({
      name: `w${DRIVING}`,
      nodes: [{ id: `n${DRIVING}`, type: "start" }],
    }).replaceAll("\x9b", "\\u009b");
    await Deno.mkdir(join(root, "workflows"));
    await Deno.writeTextFile(join(root, "workflows", "w.yaml"), text);
    await Deno.mkdir(join(root, "templates"));
    const template = JSON.stringify({ name: "t", workflow_spec: { name: "\u202e" } });
    await Deno.writeTextFile(join(root, "templates", "t.yaml"), template);
    const run = (...args: string[]) => shown([...args, "--root", root]);

    assertEquals(JSON.parse(await run("workflow", "show", "w", "--json")).name, `w${DRIVING}`);
    for (const form of ["yaml", "mermaid", "dot"]) {
      await run("workflow", "show", "w", "--format", form);
    }
    await run("workflow", "export", "w");
    await run("template", "instantiate", "t");
  }));

testNeeding(
  fakeKeyring,
  "A key that drives the terminal is shown as text",
  () =>
    withFakeKeyring(() =>
      withRoot(async (root) => {
        const run = (args: string[], stdin?: string) =>
          shown(["credential", ...args, "k\u202e", "--root", root], stdin);
        await run(["set", "--stdin"], "value");
        await run(["rotate", "--stdin"], "next");
        await run(["rotate", "--roll-back"]);
        await run(["delete", "--yes"]);
      })
    ),
);

testNeeding(
  python,
  "A terminal that does not tell its width is taken for one of 80 columns",
  () =>
    withRoot(async (root) => {
      await makeRuns(root, 20);
      const stats = cliCommand("execution", "stats", "--root", root);
      const { output } = await onTerminal(stats, [], { columns: 0 });
      assert(output.includes("2020-01-01 to 2020-01-01 UTC, at most 20\r\n█\r\n"), output);
      assert(output.includes("completed"), output);
    }),
);
