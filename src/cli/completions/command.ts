/**
 * `completions`: completions for a shell, made from what the commands declare.
 *
 * @module
 */

import type { Command } from "../command.ts";
import { bashCompletions } from "./bash.ts";
import { fishCompletions } from "./fish.ts";
import { type CompletionNode, completionNodes } from "./nodes.ts";
import { powershellCompletions } from "./powershell.ts";
import { zshCompletions } from "./zsh.ts";

const SHELLS = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
  powershell: powershellCompletions,
} as const;

/** Prints completions. */
export const completionsCommand: Command = {
  name: "completions",
  summary: "print completions for a shell",
  arguments: [{ name: "SHELL", summary: "the shell", choices: Object.keys(SHELLS) }],
  examples: [
    ["completions bash > ~/.local/share/bash-completion/completions/goflow-storage", "bash"],
    ["completions zsh > ~/.zfunc/_goflow-storage", "zsh, with ~/.zfunc in fpath"],
    ["completions fish > ~/.config/fish/completions/goflow-storage.fish", "fish"],
    ["completions powershell >> $PROFILE", "PowerShell"],
  ],
  async run(context) {
    const shell = context.argument("SHELL") as keyof typeof SHELLS;
    context.io.stdout.write(SHELLS[shell](withHelp(await completionNodes())));
  },
};

/** The words that `help` takes are those of the commands. */
function withHelp(nodes: readonly CompletionNode[]): CompletionNode[] {
  const isHelp = ({ path }: CompletionNode) => path.join() === "help";
  const groups = nodes.filter(({ children }) => children.length > 0);
  const [help] = nodes.filter(isHelp);
  return [
    ...nodes.filter((node) => !isHelp(node)),
    ...groups.map(({ path, children }) => ({ ...help!, path: ["help", ...path], children })),
  ];
}
