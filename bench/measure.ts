/**
 * Measures two ways of doing the same in turns and prints one line for each figure.
 *
 * @module
 */

/** Prints the head of a table. */
export function printHead(title: string): void {
  console.log(
    `\n${title}, ${
      new Date().toISOString().slice(0, 10)
    }, ${navigator.hardwareConcurrency} cores, ` +
      `Deno ${Deno.version.deno}\n`,
  );
  printLine("operation", "plain", "here", "found", "mark");
  console.log(`|${[48, 12, 12, 12, 12].map((width) => "-".repeat(width)).join("|")}|`);
}

function printLine(what: string, ...cells: string[]): void {
  console.log(`| ${[what.padEnd(46), ...cells.map((cell) => cell.padStart(10))].join(" | ")} |`);
}

/**
 * Prints a figure and whether it meets its mark.
 *
 * @param what What was measured.
 * @param found The figure.
 * @param mark Its largest good value.
 * @param unit Unit of both.
 * @param times What it took, plain and here.
 */
export function printFigure(
  what: string,
  found: number,
  mark: number,
  unit: string,
  times: [plain?: string, here?: string] = [],
): void {
  const text = `${found.toFixed(found < 10 ? 2 : 0)} ${unit}`;
  const [plain = "", here = ""] = times;
  const verdict = Number.isFinite(mark) ? `${found <= mark ? "≤" : "misses"} ${mark}` : "";
  printLine(what, plain, here, text, verdict);
}

/**
 * Writes a time.
 *
 * @param time Milliseconds.
 * @returns The text.
 */
export function ms(time: number): string {
  return time < 1000
    ? `${time.toFixed(time < 1 ? 3 : time < 100 ? 2 : 0)} ms`
    : `${(time / 1000).toFixed(1)} s`;
}

/**
 * Returns the middle one.
 *
 * @param values Some numbers.
 * @returns The median.
 */
export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** How often something is called. */
export interface Repetition {
  /** Rounds; the figure is the median of their ratios. */
  rounds: number;
  /** Calls of each kind in a round, so that what is done once in a while counts with its share. */
  calls: number;
}

/**
 * Calls both in turns, so that both see the same machine, and prints how much
 * longer the second takes.
 *
 * @param what What is measured.
 * @param mark The largest good ratio.
 * @param repetition How often.
 * @param plain One plain call; gets the number of the call.
 * @param here One call of the store.
 * @param prepare Called before each of both, outside of the measured time.
 * @returns Median of the times of a call of the store, in milliseconds.
 */
export async function compare(
  what: string,
  mark: number,
  { rounds, calls }: Repetition,
  plain: (call: number) => unknown,
  here: (call: number) => unknown,
  prepare: (call: number) => unknown = () => {},
): Promise<number> {
  const times: [number[], number[]] = [[], []];
  const warmUp = Math.max(2, rounds >> 3);
  for (let round = 0; round < rounds + warmUp; round++) {
    const sums: [number, number] = [0, 0];
    for (let n = 0; n < calls; n++) {
      // Who is first changes, so that nobody always pays for the other's rest.
      for (const i of n % 2 === 0 ? [0, 1] as const : [1, 0] as const) {
        await prepare(round * calls + n);
        const start = performance.now();
        await [plain, here][i]!(round * calls + n);
        sums[i] += performance.now() - start;
      }
    }
    if (round < warmUp) continue;
    for (const i of [0, 1] as const) times[i].push(sums[i] / calls);
  }
  const ratio = median(times[0].map((time, i) => times[1][i]! / time));
  printFigure(what, ratio, mark, "×", [ms(median(times[0])), ms(median(times[1]))]);
  return median(times[1]);
}

/**
 * Prints how long something takes that has a mark of its own.
 *
 * @param what What is measured.
 * @param mark The largest good time in milliseconds.
 * @param rounds How often.
 * @param plain The plain way of it.
 * @param here The store's.
 */
export async function time(
  what: string,
  mark: number,
  rounds: number,
  plain: () => unknown,
  here: () => unknown,
): Promise<void> {
  const [slow, fast] = [await times(Math.min(rounds, 3), plain), await times(rounds, here)];
  printFigure(what, fast, mark, "ms", [ms(slow), ms(fast)]);
}

async function times(rounds: number, call: () => unknown): Promise<number> {
  const taken: number[] = [];
  for (let round = 0; round < rounds + 2; round++) {
    const start = performance.now();
    await call();
    if (round >= 2) taken.push(performance.now() - start);
  }
  return median(taken);
}

/** Notes how far the memory of this process grows. */
export class MemoryWatch {
  readonly #start = resident();
  #peak = this.#start;

  /** Looks at it. */
  look(): void {
    this.#peak = Math.max(this.#peak, resident());
  }

  /** Growth so far in MB. */
  get growth(): number {
    return this.#peak - this.#start;
  }
}

function resident(): number {
  return Deno.memoryUsage().rss / 2 ** 20;
}
