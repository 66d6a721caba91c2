/**
 * Tells other processes that something may have changed: at once, but no more
 * often than makes sense, and once more after the last change.
 *
 * @module
 */

/** How often a process notifies at most, in milliseconds. */
const INTERVAL = 50;

/** Sends hints. */
export class Notifier {
  /** Why the last hint could not be sent, if so: those who wait look by themselves. */
  failure: unknown;
  readonly #send: () => Promise<unknown>;
  readonly #closing: AbortSignal;
  #next = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param send Sends one hint.
   * @param closing Aborted when the database is closed.
   */
  constructor(send: () => Promise<unknown>, closing: AbortSignal) {
    this.#send = send;
    this.#closing = closing;
    closing.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  /** Called after a commit. */
  notify(): void {
    if (this.#timer !== undefined || this.#closing.aborted) return;
    const wait = this.#next - performance.now();
    if (wait <= 0) return this.#notifyNow();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#notifyNow();
    }, wait);
    Deno.unrefTimer(this.#timer);
  }

  #notifyNow(): void {
    this.#next = performance.now() + INTERVAL;
    this.#send().catch((error) => this.failure = error);
  }
}
