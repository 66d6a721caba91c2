/**
 * Completions for PowerShell.
 *
 * @module
 */

import {
  choiceWords,
  type CompletionNode,
  flagsOf,
  flagWords,
  takesOne,
  valueFlags,
} from "./nodes.ts";

/**
 * Writes completions for PowerShell.
 *
 * @param nodes All commands.
 * @returns A script.
 */
export function powershellCompletions(nodes: readonly CompletionNode[]): string {
  return `# PowerShell completions of goflow-storage
Register-ArgumentCompleter -Native -CommandName 'goflow-storage' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $completions = @{
${nodes.map(nodeEntry).join("\n")}
  }
  $choices = @{
${nodes.flatMap(choiceEntries).join("\n")}
  }
  $lists = @{
${nodes.flatMap(listEntries).join("\n")}
  }
  $single = @(${nodes.filter(hasOneId).map(({ path }) => quote(path.join(" "))).join(", ")})
  $valueFlags = @(${valueFlags(nodes).map(quote).join(", ")})
  $words = @()
  $place = @()
  $skip = $false
  $previous = ''
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
    if ($element.Extent.EndOffset -ge $cursorPosition) { break }
    $word = $element.ToString()
    if ($skip -and @('--root', '--url') -ccontains $previous) { $place = @($previous, $word.Trim('''"')) }
    elseif ($word -cmatch '^(--root|--url)=(.*)') { $place = @($matches[1], $matches[2].Trim('''"')) }
    $previous = $word
    if ($skip) { $skip = $false }
    elseif ($valueFlags -ccontains $word) { $skip = $true }
    elseif (-not $word.StartsWith('-')) { $words += $word }
  }
  $key = ($words | Select-Object -First 2) -join ' '
  if (-not $completions.ContainsKey($key)) { $key = ($words | Select-Object -First 1) -join ' ' }
  if ($skip) { $found = $choices["$key $previous"] } else { $found = $completions[$key] }
  if (-not $skip -and $lists.ContainsKey($key) -and -not $wordToComplete.StartsWith('-')) {
    $list = $lists[$key]
    # Another argument than the first is no id, unless there may be many.
    if ($single -ccontains $key -and $words.Count -gt ($key -split ' ').Count) { $found = @() }
    else { $found = & goflow-storage @place @list 2> $null | ForEach-Object { ,@($_, $_) } }
  }
  $found | Where-Object { $_ -and $_[0].StartsWith($wordToComplete) } | ForEach-Object {
    $text = $_[0]
    # An id is data, which would be run as code without quotes; PowerShell has five of them.
    if ($text -match '[^\\w.:/-]') { $text = "'" + ($text -replace "['\\u2018-\\u201b]", '$0$0') + "'" }
    [System.Management.Automation.CompletionResult]::new($text, $_[0], 'ParameterValue', $_[1])
  }
}
`;
}

function hasOneId(node: CompletionNode): boolean {
  return node.arguments[0]?.candidates !== undefined && takesOne(node);
}

function nodeEntry(node: CompletionNode): string {
  const words = [
    ...node.children,
    ...choiceWords(node.arguments[0]),
    ...node.options.flatMap(flagWords),
  ];
  const pairs = words.map(({ name, summary }) => `,@(${quote(name)}, ${quote(summary)})`);
  return `    ${quote(node.path.join(" "))} = @(${pairs.join("; ")})`;
}

function listEntries({ path, arguments: [argument] }: CompletionNode): string[] {
  if (argument?.candidates === undefined) return [];
  const words = argument.candidates.split(" ").map(quote).join(", ");
  return [`    ${quote(path.join(" "))} = @(${words})`];
}

function choiceEntries({ path, options }: CompletionNode): string[] {
  return options.filter(({ choices }) => choices).flatMap((option) =>
    flagsOf(option).map((flag) => {
      const pairs = option.choices!.map((name) => `,@(${quote(name)}, ${quote(option.summary)})`);
      return `    ${quote([...path, flag].join(" "))} = @(${pairs.join("; ")})`;
    })
  );
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
