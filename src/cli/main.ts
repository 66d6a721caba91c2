/**
 * The command line, `goflow-storage`.
 *
 * Only what a command uses is loaded, so that each starts fast.
 *
 * @module
 */

import { parseArguments, parseLeadingOptions } from "./arguments.ts";
import {
  type Command,
  leadingOptions,
  optionsOf,
  PROGRAM_OPTIONS,
  URL_OPTION,
  UsageError,
} from "./command.ts";
import { ENTRIES } from "./commands.ts";
import { Context } from "./context.ts";
import { type Io, processIo } from "./io.ts";

export type { Io, Sink, Source } from "./io.ts";

/**
 * Runs a command.
 *
 * @param args Arguments, without the program.
 * @param io Streams, those of the process by default.
 * @returns The exit code: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict,
 * 5 permission missing, 6 keyring locked or unavailable, 130 interrupted.
 *
 * @example Run a command from another program
 * ```ts
 * import { main } from "@goflow/storage/cli";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await main(["help", "workflow"]), 0);
 * ```
 */
export async function main(args: string[], io: Io = processIo()): Promise<number> {
  /** The words of the command, as far as they were understood. */
  const path: string[] = [];
  try {
    return await run(args, io, path);
  } catch (error) {
    return (await import("./failure.ts")).reportFailure(error, io, path);
  }
}

async function run(args: string[], io: Io, path: string[]): Promise<number> {
  const leading = parseLeadingOptions(args, PROGRAM_OPTIONS);
  if (leading.options.has("version")) return await printVersion(io);
  const [word, ...afterWord] = leading.rest;
  if (word === undefined) return await printHelp(io, leading.options, path);
  const entry = ENTRIES.find(({ name }) => name === word);
  if (entry === undefined) throw unknownCommand(word, ENTRIES);
  path.push(word);

  const loaded = await entry.load();
  if (!("commands" in loaded)) {
    return await runCommand(loaded, afterWord, leading.options, io, path);
  }

  const inner = parseLeadingOptions(afterWord, leadingOptions());
  const options = new Map([...leading.options, ...inner.options]);
  const [name, ...rest] = inner.rest;
  if (name === undefined) return await printHelp(io, options, path);
  const command = loaded.commands.find((command) => command.name === name);
  if (command === undefined) throw unknownCommand(name, loaded.commands);
  path.push(name);
  return await runCommand(command, rest, options, io, path);
}

async function runCommand(
  command: Command,
  args: string[],
  leading: ReadonlyMap<string, string[]>,
  io: Io,
  path: readonly string[],
): Promise<number> {
  // Every command knows the option, to say why it does not take it.
  const known = command.storage === "any" ? [] : [URL_OPTION];
  const { options, positionals } = parseArguments(args, [...optionsOf(command), ...known]);
  for (const [name, values] of leading) {
    if (!options.has(name)) options.set(name, values);
  }
  if (options.has("help")) return await printHelp(io, options, path);
  await using context = new Context(command, { options, positionals }, io);
  return await command.run(context) ?? 0;
}

function unknownCommand(word: string, known: readonly { name: string }[]): UsageError {
  const candidates = known.map(({ name }) => name);
  return new UsageError(`Unknown command "${word}"`, { word, candidates });
}

async function printVersion(io: Io): Promise<number> {
  const { default: config } = await import("../../deno.json", { with: { type: "json" } });
  io.stdout.write(`${config.version}\n`);
  return 0;
}

/** Asked for, help is data; otherwise a command is missing. */
async function printHelp(
  io: Io,
  options: ReadonlyMap<string, string[]>,
  path: readonly string[],
): Promise<number> {
  const asked = options.has("help");
  const { helpText } = await import("./help.ts");
  (asked ? io.stdout : io.stderr).write(await helpText(path));
  return asked ? 0 : 2;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
