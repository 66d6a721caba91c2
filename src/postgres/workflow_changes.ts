/**
 * Tells when workflows may have changed.
 *
 * @module
 */

import { sleep } from "../timers.ts";
import type { Changes, WatchTimes } from "../workflows/watch.ts";
import type { PostgresDatabase } from "./database.ts";

/** How often to look when no notification comes, in milliseconds. */
const POLL = 1000;

/** Every write counts, so that the sum tells whether there was one. */
const STATE_SQL = "SELECT sum(writes)::text FROM workflows";

/** Waits for a notification, or looks by itself where none comes. */
export class WorkflowChanges implements Changes {
  readonly #database: PostgresDatabase;
  readonly #times: WatchTimes;
  readonly #action: string;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  #known: Promise<string>;

  /**
   * @param database The database.
   * @param times How long to wait.
   * @param action What it is for.
   */
  constructor(database: PostgresDatabase, times: WatchTimes, action: string) {
    this.#database = database;
    this.#times = times;
    this.#action = action;
    this.#signal = AbortSignal.any([
      this.#ending.signal,
      database.closing,
      ...(times.signal === undefined ? [] : [times.signal]),
    ]);
    this.#known = this.#state();
    // Reported by `next()`.
    this.#known.catch(() => undefined);
  }

  get ended(): boolean {
    return this.#signal.aborted;
  }

  async next(): Promise<void> {
    const known = await this.#known;
    let state = known;
    while (state === known && !this.ended) {
      await this.#database.listener.wait(POLL, this.#signal);
      if (!this.ended) state = await this.#state();
    }
    const deadline = performance.now() + this.#times.longest;
    for (let before = ""; before !== state && !this.ended && performance.now() < deadline;) {
      before = state;
      await sleep(Math.min(this.#times.quiet, deadline - performance.now()), this.#signal);
      if (!this.ended) state = await this.#state();
    }
    this.#known = Promise.resolve(state);
  }

  async #state(): Promise<string> {
    const { rows: [row] } = await this.#database.query(this.#action, STATE_SQL);
    return String(row?.[0]);
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
  }
}
