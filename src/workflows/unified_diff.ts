/**
 * The difference of two texts in the unified format, as `diff -u` and git
 * write it.
 *
 * @module
 */

/** Lines around a change. */
const CONTEXT = 3;
/** Most steps of the search for the shortest script; beyond, all lines count as replaced. */
const LONGEST_SEARCH = 2000;

/** One line of an edit script. */
export interface Step {
  /** Whether it is in both texts, in the one before alone, or in the one after alone. */
  kind: " " | "-" | "+";
  /** The line. */
  line: string;
}

/**
 * Compares two texts line by line.
 *
 * @param before One text.
 * @param after The other.
 * @param names Names for the two header lines.
 * @returns The difference, or an empty text when there is none.
 */
export function unifiedDiff(
  before: string,
  after: string,
  names: { before: string; after: string },
): string {
  if (before === after) return "";
  const steps = editScript(linesOf(before), linesOf(after));
  const lines = [`--- ${names.before}`, `+++ ${names.after}`, ...hunkLines(steps)];
  return lines.join("\n") + "\n";
}

/** A last line without a line break is not the same as one with it. */
function linesOf(text: string): string[] {
  if (text === "") return [];
  return text.endsWith("\n")
    ? text.slice(0, -1).split("\n")
    : `${text}\n\\ No newline at end of file`.split(/\n(?!\\)/);
}

/**
 * Compares the lines of two texts.
 *
 * @param before The lines of one text.
 * @param after The lines of the other.
 * @returns The lines of both, in an order that makes the other of the one.
 */
export function editScript(before: string[], after: string[]): Step[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start && end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) end++;
  const same = (lines: string[]): Step[] => lines.map((line) => ({ kind: " ", line }));
  return [
    ...same(before.slice(0, start)),
    ...shortest(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ];
}

/** The greedy algorithm of Myers, "An O(ND) Difference Algorithm and Its Variations" (1986). */
function shortest(a: string[], b: string[]): Step[] {
  const limit = a.length > 0 && b.length > 0 ? Math.min(a.length + b.length, LONGEST_SEARCH) : -1;
  const trace: Map<number, number>[] = [];
  const reach = new Map([[1, 0]]);
  for (let edits = 0; edits <= limit; edits++) {
    trace.push(new Map(reach));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits ||
        (k !== edits && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
      let x = down ? reach.get(k + 1) ?? 0 : (reach.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach.set(k, x);
      if (x >= a.length && x - k >= b.length) return backtrack(a, b, trace);
    }
  }
  return [
    ...a.map((line): Step => ({ kind: "-", line })),
    ...b.map((line): Step => ({ kind: "+", line })),
  ];
}

function backtrack(a: string[], b: string[], trace: Map<number, number>[]): Step[] {
  const steps: Step[] = [];
  let x = a.length;
  let y = b.length;
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reach = trace[edits]!;
    const k = x - y;
    const down = k === -edits ||
      (k !== edits && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
    const fromK = down ? k + 1 : k - 1;
    const fromX = reach.get(fromK) ?? 0;
    const fromY = fromX - fromK;
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      steps.push({ kind: " ", line: a[--x]! });
      y--;
    }
    if (edits === 0) break;
    if (down) steps.push({ kind: "+", line: b[--y]! });
    else steps.push({ kind: "-", line: a[--x]! });
  }
  return steps.reverse();
}

/** Ranges of steps: changes with the lines around them, joined where these touch. */
function hunks(steps: Step[]): [from: number, to: number][] {
  const ranges: [number, number][] = [];
  for (const [index, { kind }] of steps.entries()) {
    if (kind === " ") continue;
    const from = Math.max(0, index - CONTEXT);
    const to = Math.min(steps.length, index + CONTEXT + 1);
    const last = ranges.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else ranges.push([from, to]);
  }
  return ranges;
}

function* hunkLines(steps: Step[]): Generator<string> {
  const passed = { "-": 0, "+": 0 };
  let at = 0;
  const pass = (end: number) => {
    for (; at < end; at++) {
      const { kind } = steps[at]!;
      if (kind !== "+") passed["-"]++;
      if (kind !== "-") passed["+"]++;
    }
  };
  for (const [from, to] of hunks(steps)) {
    pass(from);
    const start = { ...passed };
    pass(to);
    const range = (kind: "-" | "+") => {
      const length = passed[kind] - start[kind];
      const first = start[kind] + (length === 0 ? 0 : 1);
      return length === 1 ? `${first}` : `${first},${length}`;
    };
    yield `@@ -${range("-")} +${range("+")} @@`;
    for (const { kind, line } of steps.slice(from, to)) yield kind + line;
  }
}
