/**
 * Splits command line arguments into options and positional arguments.
 *
 * Written out, with help, completions and hints made from the declarations of
 * `command.ts`: any package from npm alone would take longer to load than a
 * short command may take from its start to its first output (over twice an
 * empty program; `parseArgs` of `node:util` a third more), see
 * `bench/cli.ts`.
 *
 * @module
 */

import { type Option, UsageError } from "./command.ts";

/** Options and positional arguments. */
export interface ParsedArguments {
  /** Values of each option that was given, `""` for a switch. */
  options: Map<string, string[]>;
  /** Positional arguments. */
  positionals: string[];
}

/**
 * Splits arguments.
 *
 * @param args The arguments.
 * @param declared The options that may be given.
 * @returns The options and positional arguments.
 * @throws {UsageError} If an option is unknown, lacks its value, or has one that it does not take.
 */
export function parseArguments(
  args: readonly string[],
  declared: readonly Option[],
): ParsedArguments {
  const { options, positionals, rest } = parse(args, declared, false);
  return { options, positionals: [...positionals, ...rest] };
}

/**
 * Takes the options that stand before the first positional argument.
 *
 * @param args The arguments.
 * @param declared The options that may be given.
 * @returns The options, and the arguments from the first positional one on.
 * @throws {UsageError} As {@linkcode parseArguments}.
 */
export function parseLeadingOptions(
  args: readonly string[],
  declared: readonly Option[],
): { options: Map<string, string[]>; rest: string[] } {
  return parse(args, declared, true);
}

function parse(
  args: readonly string[],
  declared: readonly Option[],
  stopEarly: boolean,
): ParsedArguments & { rest: string[] } {
  const options = new Map<string, string[]>();
  const positionals: string[] = [];
  const add = (option: Option, value: string) => {
    checkChoice(`--${option.name}`, value, option.choices);
    const values = option.multiple ? options.get(option.name) ?? [] : [];
    options.set(option.name, [...values, value]);
  };

  let index = 0;
  for (; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === "--") {
      index++;
      break;
    }
    if (arg === "-" || !arg.startsWith("-")) {
      if (stopEarly) break;
      positionals.push(arg);
      continue;
    }
    const long = arg.startsWith("--");
    const [flag, inline] = long ? splitLong(arg) : [arg.slice(0, 2), arg.slice(2) || undefined];
    const option = declared.find(({ name, short }) =>
      long ? `--${name}` === flag : short !== undefined && `-${short}` === flag
    );
    if (option === undefined) throw unknownOption(flag, declared);
    if (option.value === undefined) {
      if (long && inline !== undefined) {
        // Which may be a secret: "--stdin" is the way to give one.
        throw new UsageError(`Option "${flag}" takes no value`);
      }
      add(option, "");
      // The rest of "-ab" are further switches.
      if (!long && inline !== undefined) args = args.with(index--, `-${inline}`);
      continue;
    }
    const value = inline ?? args[++index];
    if (value === undefined || (inline === undefined && value.startsWith("--"))) {
      throw new UsageError(`Option "${flag}" needs a value, ${option.value}`);
    }
    add(option, value);
  }
  return { options, positionals, rest: args.slice(index) };
}

function unknownOption(flag: string, declared: readonly Option[]): UsageError {
  const candidates = declared.map(({ name }) => `--${name}`);
  return new UsageError(`Unknown option "${flag}"`, { word: flag, candidates });
}

function splitLong(arg: string): [string, string | undefined] {
  const equals = arg.indexOf("=");
  return equals === -1 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
}

/**
 * Checks that a value is among those that are allowed.
 *
 * @param what Option or argument, for the message.
 * @param value What was given.
 * @param choices The allowed values; without them any is.
 * @throws {UsageError} If it is not.
 */
export function checkChoice(
  what: string,
  value: string,
  choices: readonly string[] | undefined,
): void {
  if (choices === undefined || choices.includes(value)) return;
  throw new UsageError(`"${what}" is one of ${choices.join(", ")}, not "${value}"`);
}
