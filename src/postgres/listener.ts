/**
 * Notifications between processes: hints that something may have changed. They
 * are sent after a commit and no more often than makes sense, because the
 * server lets transactions that notify commit one after the other; who waits
 * for them looks by itself now and then, so that a lost one only takes longer.
 *
 * @module
 */

import type { Connect, PostgresConnection } from "./driver.ts";

/** How long to do without hints where they cannot be had, such as on a replica, in milliseconds. */
const PAUSE = 5000;

/** Waits for hints, on a connection of its own that is made when somebody waits. */
export class Listener {
  /** Settles when the connection has ended. */
  ended: Promise<void> = Promise.resolve();
  /** Why the last connection could not be made, if so; a replica, for one, does not notify. */
  failure: unknown;
  /** Name of the channel. */
  readonly channel: string;
  readonly #connect: Connect;
  readonly #closing: AbortSignal;
  readonly #wakers = new Set<() => void>();
  #listening = false;
  /** When it makes sense to listen again. */
  #next = 0;

  /**
   * @param connect Makes a connection.
   * @param channel Name of the channel.
   * @param closing Aborted when the database is closed.
   */
  constructor(connect: Connect, channel: string, closing: AbortSignal) {
    this.#connect = connect;
    this.channel = channel;
    this.#closing = closing;
  }

  /**
   * Waits for a hint.
   *
   * @param ms How long at most, in milliseconds.
   * @param signal Ends the waiting.
   */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    const isDue = !this.#listening && performance.now() >= this.#next;
    if (isDue && !this.#closing.aborted) this.ended = this.#listen();
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wakers.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener("abort", wake);
      this.#wakers.add(wake);
    });
  }

  /** Wakes all who wait. */
  wake(): void {
    for (const wake of [...this.#wakers]) wake();
  }

  /** Until the connection is lost; the next who waits makes a new one. */
  async #listen(): Promise<void> {
    this.#listening = true;
    let connection: PostgresConnection | undefined;
    try {
      const made = connection = await this.#connect();
      const lost = new Promise<void>((resolve) => {
        made.onNotification((channel) => channel === undefined ? resolve() : this.wake());
      });
      const closed = new Promise<void>((resolve) => {
        if (this.#closing.aborted) resolve();
        this.#closing.addEventListener("abort", () => resolve(), { once: true });
      });
      const listening = made.exec(`LISTEN "${this.channel}"`).then(() => lost);
      await Promise.race([listening, closed]);
    } catch (error) {
      // Those who wait look by themselves, and report what is wrong.
      this.failure = error;
      this.#next = performance.now() + PAUSE;
    } finally {
      await connection?.close();
      this.#listening = false;
    }
  }
}
