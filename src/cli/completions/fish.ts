/**
 * Completions for fish.
 *
 * @module
 */

import type { Option } from "../command.ts";
import { type CompletionNode, takesFile, valueFlags } from "./nodes.ts";

/**
 * Writes completions for fish.
 *
 * @param nodes All commands.
 * @returns A script.
 */
export function fishCompletions(nodes: readonly CompletionNode[]): string {
  return `# fish completions of goflow-storage
function __goflow_storage_words
  set -l words (commandline -opc)
  set -l skip 0
  for word in $words[2..-1]
    if test $skip -eq 1
      set skip 0
    else if contains -- $word ${valueFlags(nodes).join(" ")}
      set skip 1
    else if not string match -q -- '-*' $word
      echo $word
    end
  end
end
# Whether the command so far is exactly these words
function __goflow_storage_at
  test "$argv" = (string join ' ' (__goflow_storage_words) '' | string trim)
end
# Whether the command begins with these words
function __goflow_storage_in
  set -l words (__goflow_storage_words)
  test "$argv" = (string join ' ' $words[1..(count $argv)] '' | string trim)
end
complete -c goflow-storage -f
${nodes.flatMap(nodeLines).join("\n")}
`;
}

function nodeLines(node: CompletionNode): string[] {
  const { path, children, options } = node;
  const isCommand = children.length === 0;
  const condition = `__goflow_storage_${isCommand ? "in" : "at"}${
    path.map((word) => ` ${word}`).join("")
  }`;
  const start = `complete -c goflow-storage -n '${condition}'`;
  const lines = children.map(({ name, summary }) => `${start} -a ${name} -d ${quote(summary)}`);
  lines.push(...options.map((option) => `${start} ${optionWords(option)}`));
  const [argument] = node.arguments;
  if (argument?.choices) {
    lines.push(`${start} -a ${quote(argument.choices.join(" "))} -d ${quote(argument.summary)}`);
  }
  if (argument?.candidates) {
    lines.push(`${start} -a '(goflow-storage ${argument.candidates} 2> /dev/null)'`);
  }
  if (takesFile(argument)) lines.push(`${start} -F`);
  return lines;
}

function optionWords({ name, short, value, choices, summary }: Option): string {
  const words = [`-l ${name}`];
  if (short !== undefined) words.push(`-s ${short}`);
  if (choices !== undefined) words.push(`-x -a ${quote(choices.join(" "))}`);
  else if (value === "DIR") words.push("-x -a '(__fish_complete_directories)'");
  else if (value === "FILE") words.push("-r -F");
  else if (value !== undefined) words.push("-x");
  return `${words.join(" ")} -d ${quote(summary)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
