import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseArguments } from "../../src/cli/arguments.ts";
import { optionsOf } from "../../src/cli/command.ts";
import { Context } from "../../src/cli/context.ts";
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
  const row = text.split("\n").find((line) => line.startsWith("|") && rowOf(line)[0] === command);
  assert(row !== undefined, `${command} is not in the table`);
  const [, list, fields] = rowOf(row);
  return { list: list!, fields: [...fields!.matchAll(/`(\w+)`/g)].map(([, name]) => name!) };
}

function rowOf(line: string): string[] {
  const cells = line.split("|").slice(1).map((cell) => cell.trim());
  return [/^`([^`]+)`/.exec(cells[0]!)?.[1] ?? "", cells[1]!.replaceAll("`", ""), cells[2]!];
}

testNeeding(
  fakeKeyring,
  "The fields of JSON output are those of the guide",
  () =>
    withFakeKeyring(() =>
      withRoot(async (root) => {
        const folder = join(root, "data");
        await cli(["example", "--root", folder]);
        const run = async (...args: string[]) => {
          const { stdout, stderr } = await cli([...args, "--json", "--root", folder]);
          assert(stdout !== "", `${args.join(" ")}: ${stderr}`);
          return JSON.parse(stdout);
        };
        const id = (await run("execution", "list")).executions[0].id;
        const calls: [command: string, ...args: string[]][] = [
          ["workflow list"],
          ["workflow validate"],
          ["workflow history", "order-import"],
          ["workflow diff", "order-import"],
          ["execution list"],
          ["execution logs", id],
          ["execution stats"],
          ["execution prune", "--max-count", "0", "--dry-run"],
          ["db check"],
          ["doctor"],
        ];
        for (const [command, ...args] of calls) {
          const { list, fields } = documentedFields(command);
          const output = await run(...command.split(" "), ...args);
          const records = list === "" ? [output] : output[list];
          assert(records.length > 0, command);
          for (const name of Object.keys(records[0])) {
            assert(fields.includes(name), `${command} prints "${name}"`);
          }
        }
      })
    ),
);
