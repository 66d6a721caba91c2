/**
 * Commands that are proposed to people.
 *
 * @module
 */

import { PROGRAM } from "./command.ts";
import type { Context } from "./context.ts";
import { shellWord } from "./text.ts";

/**
 * Returns a command line that can be pasted, and works on the same folder.
 *
 * @param context The call.
 * @param command The command without the name of the program.
 * @returns The command line.
 */
export function proposal({ root }: Context, command: string): string {
  const words = root === undefined ? [PROGRAM] : [PROGRAM, "--root", shellWord(root)];
  return [...words, command].join(" ");
}
