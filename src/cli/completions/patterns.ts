/**
 * Patterns of `case` that bash and zsh share, for the words so far, each with a
 * space before it.
 *
 * @module
 */

import { type CompletionNode, flagsOf } from "./nodes.ts";

/**
 * Orders nodes so that the first pattern that fits is the right one.
 *
 * @param nodes The nodes.
 * @returns The longest first.
 */
export function longestFirst(nodes: readonly CompletionNode[]): CompletionNode[] {
  return nodes.toSorted((a, b) => b.path.length - a.path.length);
}

/**
 * Returns the pattern of the words of a node alone.
 *
 * @param node The node.
 * @returns The pattern.
 */
export function wordPattern({ path }: CompletionNode): string {
  return `"${wordsOf(path)}"`;
}

/**
 * Returns the pattern of a node.
 *
 * @param node The node; arguments may follow a command.
 * @returns The pattern.
 */
export function nodePattern(node: CompletionNode): string {
  return `${wordPattern(node)}${node.children.length === 0 ? "*" : ""}`;
}

/**
 * Lists the options of a node that take one of several words.
 *
 * @param node The node.
 * @returns For each the pattern before the cursor, and the words, separated by spaces.
 */
export function choicePatterns(
  { path, options }: CompletionNode,
): { pattern: string; words: string }[] {
  return options.flatMap((option) => {
    if (option.choices === undefined) return [];
    const flags = flagsOf(option).map((flag) => `"${wordsOf(path)}"*" ${flag}"`);
    return [{ pattern: flags.join("|"), words: option.choices.join(" ") }];
  });
}

/**
 * Returns the pattern of flags before the cursor.
 *
 * @param flags The flags.
 * @returns The pattern; without flags one that nothing fits.
 */
export function flagPattern(flags: readonly string[]): string {
  return flags.length === 0 ? `"no such option"` : flags.map((flag) => `*" ${flag}"`).join("|");
}

function wordsOf(path: readonly string[]): string {
  return path.map((word) => ` ${word}`).join("");
}
