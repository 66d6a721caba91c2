/**
 * What can be completed where.
 *
 * @module
 */

import {
  type Argument,
  leadingOptions,
  type Option,
  optionsOf,
  PROGRAM_OPTIONS,
} from "../command.ts";
import { ENTRIES } from "../commands.ts";

/** One word with its explanation. */
export interface CompletionWord {
  /** The word. */
  name: string;
  /** What it means. */
  summary: string;
}

/** The program, a group or a command. */
export interface CompletionNode {
  /** Its words, none for the program. */
  path: readonly string[];
  /** Words that may follow; none for a command. */
  children: readonly CompletionWord[];
  /** Its options. */
  options: readonly Option[];
  /** Its positional arguments. */
  arguments: readonly Argument[];
}

/**
 * Lists the program, all groups and all commands.
 *
 * @returns The program first.
 */
export async function completionNodes(): Promise<CompletionNode[]> {
  const nodes: CompletionNode[] = [{
    path: [],
    children: ENTRIES,
    options: PROGRAM_OPTIONS,
    arguments: [],
  }];
  for (const entry of ENTRIES) {
    const loaded = await entry.load();
    const group = "commands" in loaded ? loaded : undefined;
    if (group) {
      nodes.push({
        path: [group.name],
        children: group.commands,
        options: leadingOptions(group),
        arguments: [],
      });
    }
    for (const command of "commands" in loaded ? loaded.commands : [loaded]) {
      nodes.push({
        path: group ? [group.name, command.name] : [command.name],
        children: [],
        options: optionsOf(command),
        arguments: command.arguments ?? [],
      });
    }
  }
  return nodes;
}

/**
 * Returns whether the values of an argument are offered once only, before the next argument.
 *
 * @param node A command.
 * @returns Whether its first argument takes one value.
 */
export function takesOne({ arguments: [argument] }: CompletionNode): boolean {
  return argument?.multiple !== true;
}

/**
 * Returns an option as it is typed.
 *
 * @param option The option.
 * @returns Its long and short form.
 */
export function flagsOf({ name, short }: Option): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

/**
 * Returns an option's flags as words to offer.
 *
 * @param option The option.
 * @returns Its long and short form, explained.
 */
export function flagWords(option: Option): CompletionWord[] {
  return flagsOf(option).map((name) => ({ name, summary: option.summary }));
}

/**
 * Returns the values of an argument as words to offer.
 *
 * @param argument The argument, if there is one.
 * @returns Its choices, explained.
 */
export function choiceWords(argument: Argument | undefined): CompletionWord[] {
  return (argument?.choices ?? []).map((name) => ({ name, summary: argument!.summary }));
}

/**
 * Returns whether an argument is a file or folder.
 *
 * @param argument The argument, if there is one.
 * @returns Whether files are to be offered.
 */
export function takesFile(argument: Argument | undefined): boolean {
  return argument !== undefined && FILES.includes(argument.name);
}

const FILES = ["FILE", "DIR", "SOURCE", "BASE", "MINE", "THEIRS"];

/**
 * Lists the flags of all options that take a value of some kind.
 *
 * @param nodes All nodes.
 * @param kind Names of the value, such as `FILE`; without it any value.
 * @returns Each flag once.
 */
export function valueFlags(nodes: readonly CompletionNode[], kind?: string): string[] {
  const options = nodes.flatMap((node) => node.options).filter(({ value }) =>
    value !== undefined && (kind === undefined || value === kind)
  );
  return [...new Set(options.flatMap(flagsOf))];
}
