/**
 * `COPY … FROM STDIN` for the driver, which has only the messages for it.
 *
 * @module
 */

import { Buffer } from "node:buffer";

interface Wire {
  query(sql: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** One COPY, in the form in which the driver takes statements of others. */
export class CopyIn {
  readonly #sql: string;
  readonly #rows: readonly string[];
  readonly #done = Promise.withResolvers<void>();

  /** @param rows Lines of text, each with its line break. */
  constructor(sql: string, rows: readonly string[]) {
    this.#sql = sql;
    this.#rows = rows;
  }

  /** Runs it. */
  async run(client: { query(statement: never): unknown }): Promise<void> {
    client.query(this as never);
    await this.#done.promise;
  }

  submit(wire: Wire): void {
    wire.query(this.#sql);
  }

  handleCopyInResponse(wire: Wire): void {
    for (let i = 0; i < this.#rows.length; i += 500) {
      wire.sendCopyFromChunk(Buffer.from(this.#rows.slice(i, i + 500).join("")));
    }
    wire.endCopyFrom();
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#done.resolve();
  }

  handleError(error: Error): void {
    this.#done.reject(error);
  }
}

/** One row of a COPY; values that are absent are `null`. */
export function copyRow(values: readonly (string | null)[]): string {
  return values.map((value) => value === null ? "\\N" : value.replaceAll("\\", "\\\\"))
    .join("\t") + "\n";
}
