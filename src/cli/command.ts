/**
 * What a command declares. Parsing, help, usage errors and completions all
 * come from these declarations.
 *
 * @module
 */

import type { Context } from "./context.ts";

/** Name of the program. */
export const PROGRAM = "goflow-storage";

/** An option of a command. */
export interface Option {
  /** Long name, without the dashes. */
  name: string;
  /** One letter, without the dash. */
  short?: string;
  /** Name of its value in the help, such as `TIME`; without it the option is a switch. */
  value?: string;
  /** The only values it takes. */
  choices?: readonly string[];
  /** Whether it may be given several times. */
  multiple?: boolean;
  /** What it does, in lower case, without a final period. */
  summary: string;
}

/** A positional argument of a command. */
export interface Argument {
  /** Name in the help, such as `ID`. */
  name: string;
  /** What it is. */
  summary: string;
  /** The only values it takes. */
  choices?: readonly string[];
  /** Command line, without the program, that prints what it may be, a line each. */
  candidates?: string;
  /** Whether it may be left out. */
  optional?: boolean;
  /** Whether several may be given; only the last argument. */
  multiple?: boolean;
}

/** One command. */
export interface Command {
  /** Name, one word. */
  name: string;
  /** What it does, in lower case, without a final period. */
  summary: string;
  /** More than one sentence on what it does. */
  details?: string;
  /** Positional arguments. */
  arguments?: readonly Argument[];
  /** Options beside the common ones. */
  options?: readonly Option[];
  /** Adds `--json`, and for several records `--ndjson`. */
  output?: "record" | "records";
  /** Adds `--quiet`, for a list of things that have an id. */
  ids?: boolean;
  /** Adds `--yes` and `--dry-run`. */
  destructive?: boolean;
  /**
   * What it works on: a folder alone, or a server as well, which adds `--url`.
   * Absent when it works on neither, whatever the environment names.
   */
  storage?: "folder" | "any";
  /** Command lines without the program, each with what it does. */
  examples: readonly (readonly [line: string, what: string])[];
  /** Runs it; returns the exit code, 0 by default. */
  run(context: Context): Promise<number | void>;
}

/** Commands about one thing. */
export interface Group {
  /** Name, one word. */
  name: string;
  /** What the commands are about. */
  summary: string;
  /** The commands, in the order of the help. */
  commands: readonly Command[];
}

/** A word that was not understood, and those that would have been. */
export interface Mistake {
  /** What was given. */
  word: string;
  /** What could have been meant. */
  candidates: readonly string[];
}

/** The arguments are not those that the command takes. */
export class UsageError extends Error {
  static {
    this.prototype.name = "UsageError";
  }
  /** The word to correct, when it is one. */
  readonly mistake?: Mistake;

  /**
   * @param message What is wrong.
   * @param mistake The word to correct, when it is one.
   */
  constructor(message: string, mistake?: Mistake) {
    super(message);
    if (mistake !== undefined) this.mistake = mistake;
  }
}

/** Options of every command. */
const COMMON_OPTIONS: readonly Option[] = [
  {
    name: "root",
    value: "DIR",
    summary: "folder of all data (default: GOFLOW_CONFIG_DIR, else ~/.goflow)",
  },
  { name: "help", short: "h", summary: "show help" },
];

/** Names a server in place of a folder. */
export const URL_OPTION: Option = {
  name: "url",
  value: "URL",
  summary: "server in place of a folder, postgres://… (default: GOFLOW_DATABASE_URL)",
};

/** Names the library for a database in a folder. */
export const DRIVER_OPTION: Option = {
  name: "driver",
  value: "DRIVER",
  choices: ["builtin", "ffi", "auto"],
  summary: "SQLite library (default: builtin)",
};

const JSON_OPTION: Option = { name: "json", summary: "print JSON" };
const NDJSON_OPTION: Option = { name: "ndjson", summary: "print one JSON record per line" };
const QUIET_OPTION: Option = { name: "quiet", short: "q", summary: "print only ids" };
const DESTRUCTIVE_OPTIONS: readonly Option[] = [
  { name: "yes", short: "y", summary: "do not ask" },
  { name: "dry-run", summary: "show what would be done, and do nothing" },
];

/**
 * Returns the options that may stand before a command.
 *
 * @param group Its group; absent for those before any.
 * @returns The options.
 */
export function leadingOptions(group?: Group): Option[] {
  const takesUrl = group?.commands.some(({ storage }) => storage === "any") ?? true;
  return [...takesUrl ? [URL_OPTION] : [], ...COMMON_OPTIONS];
}

/** Options of the program itself. */
export const PROGRAM_OPTIONS: readonly Option[] = [
  ...leadingOptions(),
  { name: "version", short: "V", summary: "show the version" },
];

/**
 * Returns every option that a command takes.
 *
 * @param command The command.
 * @returns Its own options, then those it has in common with others.
 */
export function optionsOf(command: Command): Option[] {
  return [
    ...command.options ?? [],
    ...command.output === undefined ? [] : [JSON_OPTION],
    ...command.output === "records" ? [NDJSON_OPTION] : [],
    ...command.ids ? [QUIET_OPTION] : [],
    ...command.destructive ? DESTRUCTIVE_OPTIONS : [],
    ...command.storage === "any" ? [URL_OPTION] : [],
    ...COMMON_OPTIONS,
  ];
}
