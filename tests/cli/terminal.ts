/**
 * Programs on a pseudo-terminal.
 *
 * @module
 */

import { join } from "@std/path";
import { configFlags, PROJECT } from "../helpers/child.ts";
import { program, type Requirement } from "../helpers/skip.ts";

/** What a terminal test needs. */
export const python: Requirement = program("python3");

/** One step of a dialogue. */
export interface Step {
  /** Text to wait for. */
  expect: string;
  /** What is typed then. */
  send?: string;
  /** Signal that is sent then. */
  signal?: number;
}

/** How a program on a terminal ended. */
export interface TerminalResult {
  /** Everything on the screen, as it came. */
  output: string;
  /** Whether the terminal echoed when each expected text had appeared. */
  echo: boolean[];
  /** Exit code, negative for a signal. */
  code: number;
}

/** Runs a program on a terminal. */
export async function onTerminal(
  command: string[],
  steps: Step[],
  options: { columns?: number; env?: Record<string, string> } = {},
): Promise<TerminalResult> {
  const { columns = 80, env = {} } = options;
  const child = new Deno.Command("python3", {
    args: [join(PROJECT, "tests/cli/pseudo_terminal.py"), String(columns), ...command],
    env: { TERM: "xterm", ...env },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(steps)));
  await writer.close();
  const { stdout } = await child.output();
  const result = JSON.parse(new TextDecoder().decode(stdout));
  if (result.error) throw new Error(`${result.error}: ${JSON.stringify(result.output)}`);
  return result;
}

/** The command line of this project, as a command. */
export function cliCommand(...args: string[]): string[] {
  const main = join(PROJECT, "src/cli/main.ts");
  return [Deno.execPath(), "run", "-q", "-A", ...configFlags(), main, ...args];
}
