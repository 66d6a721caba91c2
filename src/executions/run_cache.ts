/**
 * A small cache of finished runs. It is emptied whenever anything in the
 * database has changed, so that it is never stale.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import { readRunRows, type RunRows } from "./load.ts";
import { FINAL_STATUSES } from "./statistics_schema.ts";

const FINAL: readonly unknown[] = FINAL_STATUSES;
const STATUS = 3;

/** The rows of the runs that were loaded last. */
export class RunCache {
  readonly #size: number;
  /** Oldest use first. */
  readonly #runs = new Map<string, RunRows>();
  #mark = "";

  /** @param size Most runs to keep. */
  constructor(size: number) {
    this.#size = size;
  }

  /**
   * Returns the rows of a run with all its parts, from memory if they are there.
   *
   * @param connection The connection, in a transaction.
   * @param id Id of the run.
   * @returns The rows, `undefined` if there is no such run.
   */
  read(connection: Connection, id: string): RunRows | undefined {
    // This begins the read: what is read next is not newer than the mark.
    const mark = connection.markInTransaction();
    if (mark !== this.#mark) {
      this.#mark = mark;
      this.#runs.clear();
    }
    const rows = this.#runs.get(id) ?? readRunRows(connection, id);
    if (rows === undefined || !FINAL.includes(rows.run[STATUS])) return rows;
    this.#runs.delete(id);
    this.#runs.set(id, rows);
    if (this.#runs.size > this.#size) this.#runs.delete(this.#runs.keys().next().value!);
    return rows;
  }
}
