/**
 * The command line, `goflow-storage`.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { errorLine } from "./output.ts";

const USAGE = `Usage: goflow-storage <command> [--root FOLDER]

Commands:
  example   show each store at work in a fresh folder
  verify    check that each store works on this machine

Options:
  --root FOLDER   folder to work in; it must be empty or missing
  -h, --help      show this help
`;

/** Commands are loaded when called, so that each starts fast. */
const COMMANDS: Record<string, (options: CommandOptions) => Promise<number>> = {
  example: async (options) => (await import("./example.ts")).example(options),
  verify: async (options) => (await import("./verify.ts")).verify(options),
};

/** What every command takes. */
export interface CommandOptions {
  /** Folder to work in. */
  root?: string;
}

/**
 * Runs a command.
 *
 * @param args Arguments, without the program.
 * @returns The exit code: 0 done, 1 failed, 2 wrong usage, 6 keyring locked or unavailable.
 */
export async function main(args: string[]): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { root: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    console.error(`${errorLine(error)}\n\n${USAGE}`);
    return 2;
  }
  const { values, positionals: [name, ...rest] } = parsed;
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined || rest.length > 0) {
    console.error(
      name === undefined
        ? USAGE
        : `Unknown command or argument "${command ? rest[0] : name}"\n\n${USAGE}`,
    );
    return 2;
  }
  try {
    return await command(values.root === undefined ? {} : { root: values.root });
  } catch (error) {
    console.error(errorLine(error));
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
