/**
 * Completions for bash.
 *
 * @module
 */

import { type CompletionNode, flagsOf, takesFile, takesOne, valueFlags } from "./nodes.ts";
import { choicePatterns, flagPattern, longestFirst, nodePattern, wordPattern } from "./patterns.ts";

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
  local line
  compopt -o filenames 2> /dev/null
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$1" -- "$cur")
}
# Ids are data, which compgen -W would run as code
_goflow_storage_ids() {
  local id quoted
  while IFS= read -r id; do
    printf -v quoted %q "$id"
    [[ $id == "$cur"* || $quoted == "$cur"* ]] && COMPREPLY+=("$quoted")
  done < <(goflow-storage "\${place[@]}" $ids 2> /dev/null)
}
_goflow_storage() {
  local cur prev='' at='' word i last=0
  local commands='' options='' values='' files='' ids='' words=() place=()
  COMPREPLY=()
  # bash splits words at colons and equal signs
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((i > 1)) && [[ $word =~ ^[:=]+$ || \${COMP_WORDS[i-1]} =~ ^[:=]+$ ]]; then
      words[last]+=$word
    else
      last=$i
      words[last]=$word
    fi
  done
  cur=\${words[last]}
  unset 'words[last]'
  for word in "\${words[@]:1}"; do
    # What the ids are asked of; as it was typed, with quotes and a tilde
    [[ $word == --root=* || $word == --url=* ]] && place=("\${word%%=*}" "\${word#*=}")
    [[ $prev == --root || $prev == --url ]] && place=("$prev" "$word")
    case "$prev" in
      ${valueFlags(nodes).join("|")}) prev='' ;;
      *)
        prev=$word
        [[ $word == -* ]] || at+=" $word"
        ;;
    esac
  done
  place=("\${place[@]/#\\~\\//$HOME/}")
  place=("\${place[@]//[\\\\\\"\\']/}")
  if [[ $cur == --*=* ]]; then
    prev=\${cur%%=*}
    cur=\${cur#*=}
  fi
  case "$at $prev" in
${nodes.flatMap(choiceCases).join("\n")}
    ${flagPattern(valueFlags(nodes, "DIR"))}) _goflow_storage_files -d ;;
    ${flagPattern(valueFlags(nodes, "FILE"))}) _goflow_storage_files -f ;;
    ${flagPattern(valueFlags(nodes))}) return ;;
    *) _goflow_storage_command ;;
  esac
  # Only the last of the words that were joined is replaced
  word=\${COMP_WORDS[COMP_CWORD]}
  [[ $word =~ ^[:=]+$ ]] && word=''
  COMPREPLY=("\${COMPREPLY[@]#"\${cur%"$word"}"}")
}
_goflow_storage_command() {
  case "$at" in
${longestFirst(nodes).map(nodeCase).join("\n")}
  esac
  if [[ $cur == -* ]]; then
    _goflow_storage_words "$options"
  elif [[ -n $files ]]; then
    _goflow_storage_files -f
  elif [[ -n $ids ]]; then
    _goflow_storage_ids
  else
    _goflow_storage_words "$commands $values"
  fi
}
complete -F _goflow_storage goflow-storage
`;
}

function choiceCases(node: CompletionNode): string[] {
  return choicePatterns(node).map(({ pattern, words }) =>
    `    ${pattern}) _goflow_storage_words "${words}" ;;`
  );
}

function nodeCase(node: CompletionNode): string {
  const { children, options } = node;
  const [argument] = node.arguments;
  const parts = [`options='${options.flatMap(flagsOf).join(" ")}'`];
  if (children.length > 0) parts.push(`commands='${children.map(({ name }) => name).join(" ")}'`);
  if (argument?.choices) parts.push(`values='${argument.choices.join(" ")}'`);
  if (argument?.candidates) {
    const ids = `ids='${argument.candidates}'`;
    parts.push(takesOne(node) ? `[[ $at != ${wordPattern(node)} ]] || ${ids}` : ids);
  }
  if (takesFile(argument)) parts.push("files=1");
  return `    ${nodePattern(node)}) ${parts.join("; ")} ;;`;
}
