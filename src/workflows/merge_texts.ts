/**
 * Joins two edits of a text line by line, so that the comments of both stay.
 *
 * @module
 */

import { equalValues } from "../domain/value.ts";
import { editScript } from "./unified_diff.ts";

/** Lines of a text that others take the place of. */
interface Change {
  /** First line. */
  start: number;
  /** Line after the last one. */
  end: number;
  /** What stands there instead. */
  lines: string[];
}

/**
 * Joins two edits of a text.
 *
 * @param base The text before both edits.
 * @param mine One edit.
 * @param theirs The other edit.
 * @returns The text with both edits; `undefined` when they touch the same lines.
 */
export function mergeTexts(base: string, mine: string, theirs: string): string | undefined {
  const lines = linesOf(base);
  const [my, their] = [mine, theirs].map((text) => changesOf(lines, linesOf(text)));
  let merged = "";
  let done = 0;
  while (my!.length + their!.length > 0) {
    const [side, other] = precedes(my![0], their![0]) ? [my!, their!] : [their!, my!];
    const change = side.shift()!;
    const next = other[0];
    if (equalValues(change, next)) other.shift();
    else if (next !== undefined && next.start < change.end) return undefined;
    merged += lines.slice(done, change.start).join("") + change.lines.join("");
    done = change.end;
  }
  return merged + lines.slice(done).join("");
}

/** Tells whether a change comes first; at the same line, one that only adds. */
function precedes(change: Change | undefined, other: Change | undefined): boolean {
  if (change === undefined || other === undefined) return other === undefined;
  return change.start < other.start || change.start === other.start && change.end <= other.end;
}

function changesOf(before: string[], after: string[]): Change[] {
  const changes: Change[] = [];
  let at = 0;
  for (const { kind, line } of editScript(before, after)) {
    if (kind === " ") {
      at++;
      continue;
    }
    let change = changes.at(-1);
    if (change?.end !== at) changes.push(change = { start: at, end: at, lines: [] });
    if (kind === "+") change.lines.push(line);
    else change.end = ++at;
  }
  return changes;
}

function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/);
}
