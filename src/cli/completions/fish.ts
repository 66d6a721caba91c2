/**
 * Completions for fish.
 *
 * @module
 */

import type { Option } from "../command.ts";
import { type CompletionNode, takesFile, takesOne, valueFlags } from "./nodes.ts";

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
# The folder or server that the ids are asked of
function __goflow_storage_place
  set -l words (commandline -opc)
  set -l found
  for i in (seq 2 (count $words))
    if contains -- $words[$i] --root --url; and set -q words[(math $i + 1)]
      set found $words[$i] $words[(math $i + 1)]
    else if string match -qr -- '^--(root|url)=' $words[$i]
      set found (string split -m 1 = -- $words[$i])
    end
  end
  string replace -r -- '^~/' "$HOME/" $found
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
  const where = (kind: "in" | "at") =>
    `complete -c goflow-storage -n '__goflow_storage_${[kind, ...path].join(" ")}'`;
  const exactly = where("at");
  const start = isCommand ? where("in") : exactly;
  const lines = children.map(({ name, summary }) => `${start} -a ${name} -d ${quote(summary)}`);
  lines.push(...options.map((option) => `${start} ${optionWords(option)}`));
  const [argument] = node.arguments;
  if (argument?.choices) {
    lines.push(`${start} -a ${quote(argument.choices.join(" "))} -d ${quote(argument.summary)}`);
  }
  if (argument?.candidates) {
    const call = `goflow-storage (__goflow_storage_place) ${argument.candidates} 2> /dev/null`;
    lines.push(`${takesOne(node) ? exactly : start} -a '(${call})'`);
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
