import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseArguments } from "../../src/cli/arguments.ts";
import { completionNodes } from "../../src/cli/completions/nodes.ts";
import { optionsOf } from "../../src/cli/command.ts";
import { Context } from "../../src/cli/context.ts";
import { Execution } from "../../src/domain/execution.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { findCommand } from "../../src/cli/help.ts";
import { processIo } from "../../src/cli/io.ts";
import { configFlags, PROJECT } from "../helpers/child.ts";
import { testNeeding } from "../helpers/skip.ts";
import { cli, withRoot } from "./cli.ts";
import { fakeKeyring, withFakeKeyring } from "./keyring.ts";

const PAGES = [...Deno.readDirSync(join(PROJECT, "docs"))]
  .filter(({ name }) => name.endsWith(".md")).map(({ name }) => join(PROJECT, "docs", name));

/** The calls of the command line in the shell code of a page. */
function callsIn(page: string): string[][] {
  const blocks = [...Deno.readTextFileSync(page).matchAll(/```sh\n(.*?)```/gs)];
  return blocks.flatMap(([, code]) => code!.split("\n")).flatMap((line) => {
    const call = /^(?:goflow-storage|deno run .*storage\/cli) ([^<>|#]*)/.exec(line)?.[1];
    if (call === undefined) return [];
    return [
      (call.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^["']|["']$/g, "")),
    ];
  });
}

Deno.test("The commands in the guides exist, with their arguments and options", async () => {
  let count = 0;
  for (const page of [...PAGES, join(PROJECT, "README.md")]) {
    for (const words of callsIn(page)) {
      const length = [2, 1].find((size) => words.length >= size) ?? 0;
      const path = await findCommand(words.slice(0, length)) ? length : 1;
      const command = await findCommand(words.slice(0, path));
      assert(command !== undefined && !("commands" in command), `${page}: ${words.join(" ")}`);
      const parsed = parseArguments(words.slice(path), optionsOf(command));
      await using _context = new Context(command, parsed, processIo());
      count++;
    }
  }
  assert(count >= 15, `${count} commands found`);
});

Deno.test("The code in the guides runs", async () => {
  const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "-q", "--doc", ...configFlags(), ...PAGES],
  }).output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr) + decoder.decode(stdout));
});

/** The names in the row of a command in the table of JSON fields. */
function documentedFields(command: string): { list: string; fields: string[] } {
  const text = Deno.readTextFileSync(join(PROJECT, "docs", "command-line.md"));
  const rows = text.split("\n").filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => codeIn(cell)));
  const row = rows.find(([commands]) => withGroup(commands!).includes(command));
  assert(row !== undefined, `${command} is not in the table`);
  return { list: row[1]![0] ?? "", fields: row[2]! };
}

function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
}

/** "workflow save" and "restore" are two commands of one group. */
function withGroup([first = "", ...others]: readonly string[]): string[] {
  const [group] = first.split(" ");
  return [first, ...others.map((name) => `${group} ${name}`)];
}

/** They print the fields of another command, or of a file, beside their own. */
const WHOLE = new Set(["workflow show", "execution show"]);
/** They run until they are stopped, or need a server; each has a test of its own. */
const ELSEWHERE = ["workflow watch", "execution watch", "db copy"];

const ETL = `name: etl
parameters: [{ name: source, type: string, required: true }]
workflow_spec: { name: etl, nodes: [], edges: [] }
`;

async function storeAbandonedRun(root: string): Promise<void> {
  using store = await SQLiteExecutionRepository.open({ root, driver: "builtin" });
  const run = Execution.create("order-import", "1.0");
  run.id = "lost";
  run.start();
  await store.record(run);
  await store.lease("lost", "engine-1", 1);
  await new Promise((resolve) => setTimeout(resolve, 5));
}

async function oldest(root: string, id: string): Promise<string> {
  const { stdout } = await cli(["workflow", "history", id, "--json", "--root", root]);
  return JSON.parse(stdout).revisions.at(-1).revision;
}

testNeeding(
  fakeKeyring,
  "The fields of JSON output are those of the guide",
  () =>
    withFakeKeyring(() =>
      withRoot(async (root) => {
        const folder = join(root, "data");
        await cli(["example", "--root", folder]);
        await Deno.writeTextFile(
          join(folder, "workflows", "leaky.yaml"),
          `name: leaky\ndescription: ghp_${"a1B2".repeat(9)}\n`,
        );
        const run = async (...args: string[]) => {
          const { stdout, stderr } = await cli([...args, "--json", "--root", folder]);
          assert(stdout !== "", `${args.join(" ")}: ${stderr}`);
          return JSON.parse(stdout);
        };
        const id = (await run("execution", "list")).executions[0].id;
        const template = join(root, "etl.yaml");
        await Deno.writeTextFile(template, ETL);
        await cli(["credential", "set", "k", "--stdin", "--expires", "9d", "--root", folder], {
          stdin: "v",
        });
        await cli(["credential", "set", "k", "--stdin", "--tenant", "acme", "--root", folder], {
          stdin: "v",
        });
        const shared = join(root, "shared.yaml");
        await cli(["workflow", "export", "order-import", "-o", shared, "--root", folder]);
        const runs = join(root, "runs.ndjson");
        await cli(["execution", "export", "-o", runs, "--root", folder]);
        await storeAbandonedRun(folder);
        const copy = join(root, "copy.db");
        const calls: [command: string, ...args: string[]][] = [
          ["workflow list"],
          ["workflow show", "order-import"],
          ["workflow save", shared, "--id", "another"],
          ["workflow normalize", "another", "--yes"],
          ["workflow validate"],
          ["workflow history", "order-import"],
          ["workflow diff", "order-import"],
          ["workflow restore", "order-import", await oldest(folder, "order-import")],
          ["workflow import", shared],
          ["workflow scan", "leaky"],
          ["template save", template],
          ["template list"],
          ["template show", "etl"],
          ["template validate"],
          ["execution list"],
          ["execution show", id],
          ["execution logs", id],
          ["execution stats"],
          ["execution import", runs],
          ["execution label", id, "kept"],
          ["execution claim", "lost", "--owner", "engine-2"],
          ["execution prune", "--max-count", "0", "--dry-run"],
          ["db info"],
          ["db check"],
          ["db backup", copy],
          ["db compact"],
          ["db migrate"],
          ["db salvage", join(root, "salvaged.db")],
          ["credential list"],
          ["credential describe", "k"],
          ["credential expiring", "--within", "36500d"],
          ["credential tenants"],
          ["credential copy", "k", "--to-tenant", "other"],
          ["doctor"],
        ];
        const undocumented: string[] = [];
        for (const [command, ...args] of calls) {
          const { list, fields } = documentedFields(command);
          const output = await run(...command.split(" "), ...args);
          const records = list === "" ? [output] : output[list];
          assert(records?.length > 0, `${command}: ${JSON.stringify(output)}`);
          if (!WHOLE.has(command)) {
            const unknown = Object.keys(records[0]).filter((name) => !fields.includes(name));
            if (unknown.length > 0) undocumented.push(`${command}: ${unknown.join(", ")}`);
          }
          if (list === "") continue;
          const lines = await cli([...command.split(" "), ...args, "--ndjson", "--root", folder]);
          for (const line of lines.stdout.trimEnd().split("\n")) JSON.parse(line);
        }
        assertEquals(undocumented, []);
        const covered = new Set([...calls.map(([command]) => command), ...ELSEWHERE]);
        for (const { path, options } of await completionNodes()) {
          const command = path.join(" ");
          if (!options.some(({ name }) => name === "json") || covered.has(command)) continue;
          throw new Error(`The JSON of "${command}" is not looked at`);
        }
      })
    ),
);
