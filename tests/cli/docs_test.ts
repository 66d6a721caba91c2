import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseArguments } from "../../src/cli/arguments.ts";
import { optionsOf } from "../../src/cli/command.ts";
import { Context } from "../../src/cli/context.ts";
import { findCommand } from "../../src/cli/help.ts";
import { processIo } from "../../src/cli/io.ts";
import { configFlags, PROJECT } from "../helpers/child.ts";

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
      using _context = new Context(command, parsed, processIo());
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
