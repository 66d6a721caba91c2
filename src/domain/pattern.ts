/**
 * Patterns that texts must match: regular expressions as Go and JavaScript
 * write them.
 *
 * @module
 */

import { runInNewContext } from "node:vm";

/** How long a text may take to be matched, in milliseconds. */
export const PATTERN_TIMEOUT = 500;

/** Classes of characters that Go has inside of brackets. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7f",
  blank: "\\t ",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`\\{-~",
  space: "\\t-\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};
/** Escapes that Go has and JavaScript has not. */
const ESCAPES: Readonly<Record<string, string>> = { A: "(?<![^])", z: "(?![^])", a: "\\x07" };
/** What is left of Go's syntax would be read as something else. */
const UNKNOWN = /\[:\^?[a-z]+:\]|\\[^\W\d_bBdDsSwWnrtfvxu]/;

/**
 * Compiles a pattern.
 *
 * @param pattern The pattern.
 * @returns The regular expression; `undefined` when it is none.
 */
export function compilePattern(pattern: string): RegExp | undefined {
  const [, flags = "", rest = pattern] = /^\(\?([ims]+)\)([^]*)$/.exec(pattern) ?? [];
  const translated = fromGo(rest);
  return compile(pattern, "u") ?? compile(translated, `u${flags}`) ??
    // Go takes a brace or a bracket that opens nothing as it is.
    (UNKNOWN.test(translated) ? undefined : compile(translated, flags));
}

/**
 * Tells whether a text matches; `undefined` when that takes too long, since
 * there are patterns that would take years.
 */
export function matchesPattern(pattern: RegExp, text: string): boolean | undefined {
  try {
    return runInNewContext("pattern.test(text)", { pattern, text }, { timeout: PATTERN_TIMEOUT });
  } catch (error) {
    // Of another realm, so it is no instance of our `Error`.
    if ((error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  }
}

function compile(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}

function fromGo(pattern: string): string {
  let inClass = false;
  return pattern.replace(
    /\\Q([^]*?)(?:\\E|$)|\\([pP])([A-Z])|\\([^])|\[:([a-z]+):\]|\(\?P<|[[\]]/g,
    (token, quoted?: string, property?: string, name?: string, escaped?: string, set?: string) => {
      if (quoted !== undefined) return quoted.replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&");
      if (property !== undefined) return `\\${property}{${name}}`;
      if (escaped !== undefined) return inClass && escaped === "-" ? token : unescaped(escaped);
      if (set !== undefined && inClass) return CLASSES[set] ?? token;
      if (token === "(?P<") return inClass ? token : "(?<";
      inClass = token !== "]";
      return token;
    },
  );
}

/** Unicode mode escapes its own characters and no others. */
function unescaped(char: string): string {
  if (Object.hasOwn(ESCAPES, char)) return ESCAPES[char]!;
  return /[^\w\s^$\\.*+?()[\]{}|/]/.test(char) ? char : `\\${char}`;
}
