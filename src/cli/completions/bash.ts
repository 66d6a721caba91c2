/**
 * Completions for bash.
 *
 * @module
 */

import { type CompletionNode, flagsOf, takesFile, valueFlags } from "./nodes.ts";

/**
 * Writes completions for bash.
 *
 * @param nodes All commands.
 * @returns A script.
 */
export function bashCompletions(nodes: readonly CompletionNode[]): string {
  return `# bash completions of goflow-storage
_goflow_storage_words() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}
_goflow_storage_files() {
  local IFS=$'\\n'
  compopt -o filenames 2> /dev/null
  COMPREPLY=($(compgen "$1" -- "$cur"))
}
_goflow_storage() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' i
  local commands='' options='' values='' files='' ids=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${valueFlags(nodes).join("|")}) ((i++)) ;;
      -*|=) ;;
      *) at+=" \${COMP_WORDS[i]}" ;;
    esac
  done
  # bash splits --option=value at the sign
  [[ $prev == "=" ]] && prev=\${COMP_WORDS[COMP_CWORD-2]}
  case "$at $prev" in
${nodes.flatMap(choiceCases).join("\n")}
    ${patterns(valueFlags(nodes, "DIR"))}) _goflow_storage_files -d; return ;;
    ${patterns(valueFlags(nodes, "FILE"))}) _goflow_storage_files -f; return ;;
    ${patterns(valueFlags(nodes))}) return ;;
  esac
  case "$at" in
${nodes.toSorted((a, b) => b.path.length - a.path.length).map(nodeCase).join("\n")}
  esac
  if [[ $cur == -* ]]; then
    _goflow_storage_words "$options"
  elif [[ -n $files ]]; then
    _goflow_storage_files -f
  else
    [[ -n $ids ]] && values=$(goflow-storage $ids 2> /dev/null)
    _goflow_storage_words "$commands $values"
  fi
}
complete -F _goflow_storage goflow-storage
`;
}

function choiceCases({ path, options }: CompletionNode): string[] {
  return options.filter(({ choices }) => choices).map((option) => {
    const flags = flagsOf(option).map((flag) => `"${prefix(path)}"*" ${flag}"`).join("|");
    const words = option.choices!.join(" ");
    return `    ${flags}) _goflow_storage_words "${words}"; return ;;`;
  });
}

function nodeCase(node: CompletionNode): string {
  const { path, children, options } = node;
  const isCommand = children.length === 0;
  const [argument] = node.arguments;
  const parts = [`options='${options.flatMap(flagsOf).join(" ")}'`];
  if (!isCommand) parts.push(`commands='${children.map(({ name }) => name).join(" ")}'`);
  if (argument?.choices) parts.push(`values='${argument.choices.join(" ")}'`);
  if (argument?.candidates) parts.push(`ids='${argument.candidates}'`);
  if (takesFile(argument)) parts.push("files=1");
  return `    "${prefix(path)}"${isCommand ? "*" : ""}) ${parts.join(" ")} ;;`;
}

function prefix(path: readonly string[]): string {
  return path.map((word) => ` ${word}`).join("");
}

function patterns(flags: readonly string[]): string {
  return flags.length === 0 ? `"no such option"` : flags.map((flag) => `*" ${flag}"`).join("|");
}
