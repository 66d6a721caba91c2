/**
 * Completions for zsh.
 *
 * @module
 */

import {
  type CompletionNode,
  type CompletionWord,
  flagsOf,
  takesFile,
  valueFlags,
} from "./nodes.ts";

/**
 * Writes completions for zsh.
 *
 * @param nodes All commands.
 * @returns A script, for `fpath` or to be sourced.
 */
export function zshCompletions(nodes: readonly CompletionNode[]): string {
  return `#compdef goflow-storage
compdef _goflow-storage goflow-storage

_goflow-storage() {
  local prev=\${words[CURRENT-1]} at='' i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    case "\${words[i]}" in
      (${valueFlags(nodes).join("|")}) ((i++)) ;;
      (-*) ;;
      (*) at+=" \${words[i]}" ;;
    esac
  done
  case "$at $prev" in
${nodes.flatMap(choiceCases).join("\n")}
    (${patterns(valueFlags(nodes, "DIR"))}) _files -/; return ;;
    (${patterns(valueFlags(nodes, "FILE"))}) _files; return ;;
    (${patterns(valueFlags(nodes))}) return ;;
  esac
  case "$at" in
${nodes.toSorted((a, b) => b.path.length - a.path.length).map(nodeCase).join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option options
  elif (( $#commands )); then
    _describe command commands
  fi
}

# As a file of fpath this is the body of the function.
if [[ $funcstack[1] == _goflow-storage ]]; then
  _goflow-storage
fi
`;
}

function choiceCases({ path, options }: CompletionNode): string[] {
  return options.filter(({ choices }) => choices).map((option) => {
    const flags = flagsOf(option).map((flag) => `"${prefix(path)}"*" ${flag}"`).join("|");
    return `    (${flags}) compadd -- ${option.choices!.join(" ")}; return ;;`;
  });
}

function nodeCase(node: CompletionNode): string {
  const { path, children, options } = node;
  const isCommand = children.length === 0;
  const [argument] = node.arguments;
  const flags = options.flatMap((option) =>
    flagsOf(option).map((name) => ({ name, summary: option.summary }))
  );
  const lines = [`options=(${flags.map(described).join(" ")})`];
  if (!isCommand) lines.push(`commands=(${children.map(described).join(" ")})`);
  if (argument?.choices) {
    const words = argument.choices.map((name) => ({ name, summary: argument.summary }));
    lines.push(`commands=(${words.map(described).join(" ")})`);
  }
  if (argument?.candidates) {
    const call = `goflow-storage ${argument.candidates} 2> /dev/null`;
    lines.push(`[[ $PREFIX == -* ]] || { compadd -- "\${(@f)$(${call})}"; return }`);
  }
  if (takesFile(argument)) {
    lines.push("[[ $PREFIX == -* ]] || { _files; return }");
  }
  const pattern = `"${prefix(path)}"${isCommand ? "*" : ""}`;
  return [`    (${pattern})`, ...lines.map((line) => `      ${line}`), "      ;;"].join("\n");
}

function described({ name, summary }: CompletionWord): string {
  return `'${`${name}:${summary}`.replaceAll("'", "'\\''")}'`;
}

function prefix(path: readonly string[]): string {
  return path.map((word) => ` ${word}`).join("");
}

function patterns(flags: readonly string[]): string {
  return flags.length === 0 ? `"no such option"` : flags.map((flag) => `*" ${flag}"`).join("|");
}
