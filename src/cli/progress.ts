/**
 * How far a long command is: a bar on a terminal, a line now and then elsewhere.
 *
 * @module
 */

import type { Io } from "./io.ts";
import { fit } from "./text.ts";
import { formatDuration, formatSize } from "./values.ts";

/** What is counted. */
export type ProgressUnit =
  | "bytes"
  | "runs"
  | "rows"
  | "files"
  | "pages"
  | "credentials"
  | "workflows"
  | "templates";

const BAR_WIDTH = 24;
const BAR_INTERVAL = 100;
const LINE_INTERVAL = 10_000;

/** Tells how far a long command is, on standard error. */
export class Progress implements Disposable {
  readonly #io: Io;
  readonly #label: string;
  readonly #unit: ProgressUnit;
  readonly #start = performance.now();
  #told: number;
  #drawn = false;

  /**
   * @param io Streams.
   * @param label What is being done, in the form `Exporting`.
   * @param unit What is counted.
   */
  constructor(io: Io, label: string, unit: ProgressUnit) {
    this.#io = io;
    this.#label = label;
    this.#unit = unit;
    this.#told = io.stderr.isTerminal ? -Infinity : this.#start;
  }

  /**
   * Tells how far it is, unless it told so just before.
   *
   * @param done How much is done.
   * @param total How much there is, where known.
   */
  update(done: number, total?: number): void {
    const { stderr } = this.#io;
    const now = performance.now();
    if (now - this.#told < (stderr.isTerminal ? BAR_INTERVAL : LINE_INTERVAL)) return;
    this.#told = now;
    const text = this.#text(done, total, now - this.#start);
    if (stderr.isTerminal) {
      stderr.write(`\r${fit(bar(done, total) + text, stderr.columns() - 1)}\x1b[K`);
      this.#drawn = true;
    } else stderr.write(`${text}\n`);
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    if (this.#drawn) this.#io.stderr.write("\r\x1b[K");
    this.#drawn = false;
  }

  #text(done: number, total: number | undefined, elapsed: number): string {
    const rate = done / Math.max(elapsed, 1) * 1000;
    const parts = [
      total === undefined ? this.#amount(done) : `${this.#amount(done)} of ${this.#amount(total)}`,
      `${this.#amount(rate)}/s`,
    ];
    if (total !== undefined && rate > 0) {
      parts.push(`${formatDuration(Math.max(total - done, 0) / rate * 1000)} left`);
    }
    return `${this.#label}: ${parts.join(", ")}`;
  }

  #amount(count: number): string {
    return this.#unit === "bytes" ? formatSize(count) : `${Math.round(count)} ${this.#unit}`;
  }
}

function bar(done: number, total: number | undefined): string {
  if (!total) return "";
  const full = Math.round(Math.min(done / total, 1) * BAR_WIDTH);
  return `[${"#".repeat(full)}${"-".repeat(BAR_WIDTH - full)}] `;
}
