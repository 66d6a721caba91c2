/**
 * Help, made from what the commands declare.
 *
 * @module
 */

import {
  type Command,
  type Group,
  leadingOptions,
  type Option,
  optionsOf,
  PROGRAM,
  PROGRAM_OPTIONS,
  UsageError,
} from "./command.ts";
import { ENTRIES } from "./commands.ts";
import { wrap } from "./text.ts";

/** Explains a command, a group or the program. */
export const helpCommand: Command = {
  name: "help",
  summary: "explain a command",
  arguments: [{ name: "COMMAND", summary: "words of the command", optional: true, multiple: true }],
  examples: [["help workflow save", "explain one command"]],
  async run(context) {
    const path = context.arguments("COMMAND");
    if (path.length > 0 && await findCommand(path) === undefined) {
      throw await unknownCommand(path);
    }
    context.io.stdout.write(await helpText(path));
  },
};

/** The word of a path that is not understood, and those that would be. */
async function unknownCommand(path: readonly string[]): Promise<UsageError> {
  const found = await findCommand(path.slice(0, 1));
  const known = found === undefined ? ENTRIES : "commands" in found ? found.commands : [];
  const word = path[found === undefined ? 0 : 1]!;
  const candidates = known.map(({ name }) => name);
  // A command is understood, and takes no further words.
  const mistake = candidates.includes(word) ? undefined : { word, candidates };
  return new UsageError(`Unknown command "${path.join(" ")}"`, mistake);
}

/**
 * Finds a command or group.
 *
 * @param path Its words.
 * @returns What they name, `undefined` when that is nothing or the program.
 */
export async function findCommand(path: readonly string[]): Promise<Command | Group | undefined> {
  const [word, name, ...more] = path;
  const loaded = await ENTRIES.find((entry) => entry.name === word)?.load();
  if (loaded === undefined || name === undefined) return loaded;
  if (!("commands" in loaded) || more.length > 0) return undefined;
  return loaded.commands.find((command) => command.name === name);
}

/**
 * Returns the line that shows how a command is called.
 *
 * @param path Words of the command.
 * @param command The command or group, `undefined` for the program.
 * @returns One line.
 */
export function usageLine(path: readonly string[], command: Command | Group | undefined): string {
  const words = [PROGRAM, ...path];
  if (command === undefined || "commands" in command) words.push("<command>");
  else {
    for (const { name, optional, multiple } of command.arguments ?? []) {
      const shown = multiple ? `${name}...` : name;
      words.push(optional ? `[${shown}]` : shown);
    }
  }
  return `Usage: ${words.join(" ")} [options]`;
}

/**
 * Returns the whole help text.
 *
 * @param path Words of a command or group; none for the program.
 * @returns Lines of text.
 */
export async function helpText(path: readonly string[]): Promise<string> {
  const command = await findCommand(path);
  const sections = [usageLine(path, command)];
  if (command === undefined) {
    sections.push("Workflows, executions and credentials of GoFlow.");
    sections.push(section("Commands", ENTRIES.map(({ name, summary }) => [name, summary])));
    sections.push(optionSection(PROGRAM_OPTIONS));
    sections.push(EXIT_CODES);
  } else if ("commands" in command) {
    sections.push(sentence(command.summary));
    const rows = command.commands.map(({ name, summary }) => [name, summary] as const);
    sections.push(section("Commands", rows));
    sections.push(optionSection(leadingOptions(command)));
  } else {
    sections.push(sentence(command.summary) + (command.details ? `\n${command.details}` : ""));
    const rows = (command.arguments ?? []).map(({ name, summary, choices }) =>
      [name, withChoices(summary, choices)] as const
    );
    if (rows.length > 0) sections.push(section("Arguments", rows));
    sections.push(optionSection(optionsOf(command)));
    const examples = command.examples.map(([line, what]) => `  # ${what}\n  ${PROGRAM} ${line}`);
    sections.push(`Examples:\n${examples.join("\n")}`);
  }
  return `${sections.join("\n\n")}\n`;
}

const EXIT_CODES = `Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict,
5 permission missing, 6 keyring locked or unavailable, 130 interrupted`;

function optionSection(options: readonly Option[]): string {
  const rows = options.map(({ name, short, value, choices, multiple, summary }) => {
    const flags = `${short ? `-${short}, ` : "    "}--${name}${value ? ` ${value}` : ""}`;
    const text = withChoices(summary, choices);
    return [flags, multiple ? `${text}; may be repeated` : text] as const;
  });
  return section("Options", rows);
}

function withChoices(summary: string, choices: readonly string[] | undefined): string {
  return choices ? `${summary}: ${choices.join(", ")}` : summary;
}

const LINE = 100;

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.flatMap(([name, text]) =>
    wrap(text, LINE - width - 5).map((line, index) =>
      `  ${(index === 0 ? name : "").padEnd(width)}   ${line}`
    )
  );
  return [`${title}:`, ...lines].join("\n");
}

function sentence(summary: string): string {
  return `${summary[0]?.toUpperCase()}${summary.slice(1)}.`;
}
