/**
 * Completions for zsh.
 *
 * @module
 */

import {
  choiceWords,
  type CompletionNode,
  type CompletionWord,
  flagWords,
  takesFile,
  takesOne,
  valueFlags,
} from "./nodes.ts";
import { choicePatterns, flagPattern, longestFirst, nodePattern, wordPattern } from "./patterns.ts";

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
  local -a commands options place
  for ((i = 2; i < CURRENT; i++)); do
    case "\${words[i]}" in
      (--root|--url) place=("\${words[i]}" "\${\${(Q)words[++i]}/#\\~\\//$HOME/}") ;;
      (--root=*|--url=*)
        place=("\${words[i]%%=*}" "\${\${(Q)words[i]#*=}/#\\~\\//$HOME/}") ;;
      (${valueFlags(nodes).join("|")}) ((i++)) ;;
      (-*) ;;
      (*) at+=" \${words[i]}" ;;
    esac
  done
  case "$at $prev" in
${nodes.flatMap(choiceCases).join("\n")}
    (${flagPattern(valueFlags(nodes, "DIR"))}) _files -/; return ;;
    (${flagPattern(valueFlags(nodes, "FILE"))}) _files; return ;;
    (${flagPattern(valueFlags(nodes))}) return ;;
  esac
  case "$at" in
${longestFirst(nodes).map(nodeCase).join("\n")}
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

function choiceCases(node: CompletionNode): string[] {
  return choicePatterns(node).map(({ pattern, words }) =>
    `    (${pattern}) compadd -- ${words}; return ;;`
  );
}

function nodeCase(node: CompletionNode): string {
  const { children, options } = node;
  const [argument] = node.arguments;
  const lines = [`options=(${options.flatMap(flagWords).map(described).join(" ")})`];
  if (children.length > 0) lines.push(`commands=(${children.map(described).join(" ")})`);
  if (argument?.choices) {
    lines.push(`commands=(${choiceWords(argument).map(described).join(" ")})`);
  }
  if (argument?.candidates) {
    const call = `goflow-storage $place ${argument.candidates} 2> /dev/null`;
    const others = takesOne(node) ? ` || $at != ${wordPattern(node)}` : "";
    lines.push(`[[ $PREFIX == -*${others} ]] || { compadd -- "\${(@f)$(${call})}"; return }`);
  }
  if (takesFile(argument)) {
    lines.push("[[ $PREFIX == -* ]] || { _files; return }");
  }
  return [`    (${nodePattern(node)})`, ...lines.map((line) => `      ${line}`), "      ;;"].join(
    "\n",
  );
}

function described({ name, summary }: CompletionWord): string {
  return `'${`${name}:${summary}`.replaceAll("'", "'\\''")}'`;
}
