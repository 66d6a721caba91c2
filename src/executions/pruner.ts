/**
 * Deletes batches of runs.
 *
 * @module
 */

import { DatabaseError } from "../domain/errors.ts";
import type { RetentionPolicy } from "../domain/execution_retention.ts";
import type { ArchiveWriter } from "./archive.ts";
import { newestChange } from "./changes.ts";
import type { Connection } from "./connection.ts";
import { releaseReserve } from "./reserve.ts";
import { type FoundRun, unchangedSql } from "./retention.ts";
import { writeRunLine } from "./run_line.ts";
import { FEATURES } from "./schema_version.ts";
import { readStoredRun } from "./stored_run.ts";

const DELETIONS_SQL = "SELECT count(*) FROM changes WHERE sequence > ? AND kind = 'deleted'";

/** How often a batch is archived anew because a run of it changed meanwhile. */
const ATTEMPTS = 3;

/** Archives and deletes batches; of each both or neither. */
export class Pruner {
  /** How long the last batch kept other writers waiting, in milliseconds. */
  took = 0;
  readonly #connection: Connection;
  readonly #archive: ArchiveWriter | undefined;
  readonly #action: string;
  readonly #find: (run: FoundRun) => boolean;
  readonly #delete: (run: FoundRun) => boolean;
  /** Place in the feed up to which the deletions of others are known. */
  #place = 0;

  /**
   * @param connection The connection.
   * @param policy What goes.
   * @param archive Where runs are written before they are deleted, if anywhere.
   * @param action What it is for, in the form `Cannot prune executions`.
   */
  constructor(
    connection: Connection,
    policy: RetentionPolicy,
    archive: ArchiveWriter | undefined,
    action: string,
  ) {
    this.#connection = connection;
    this.#archive = archive;
    this.#action = action;
    const { sql, params } = unchangedSql(policy);
    const find = `SELECT 1 FROM executions WHERE ${sql}`;
    this.#find = (run) => connection.statement(find).get(...params(run)) !== undefined;
    this.#delete = (run) =>
      connection.statement(`DELETE FROM executions WHERE ${sql}`).run(...params(run)) > 0;
  }

  /**
   * Counts what others deleted since the last call or the last batch.
   *
   * @returns How many runs; 0 for a schema without the feed.
   */
  countOthers(): number {
    const deleted = this.#countOthers();
    this.#place = this.#newestPlace();
    return deleted;
  }

  #countOthers(): number {
    if (!this.#hasFeed) return 0;
    return Number(this.#connection.statement(DELETIONS_SQL).get(this.#place)?.[0]);
  }

  #newestPlace(): number {
    return this.#hasFeed ? newestChange(this.#connection) : 0;
  }

  get #hasFeed(): boolean {
    return this.#connection.info.schemaVersion >= FEATURES.changes;
  }

  /**
   * Deletes those that still may go. Nothing is deleted when the disk is full,
   * or when others deleted runs meanwhile: then it may be fewer that should go.
   *
   * @param batch The runs.
   * @returns Those that were deleted, or why none was.
   */
  async deleteBatch(batch: FoundRun[]): Promise<FoundRun[] | "full" | "stale"> {
    const archive = this.#archive;
    if (archive === undefined) return await this.#write(() => batch.filter(this.#delete));
    let left = batch;
    for (let attempt = 1;; attempt++) {
      const archived = await this.#connection.read(this.#action, () => this.#readLines(left));
      await archive.append([...archived.values()]);
      let changed: FoundRun[] = [];
      let deleted: FoundRun[] | "full" | "stale" | undefined;
      try {
        deleted = await this.#write(() => {
          // What was archived is what is deleted.
          changed = [...archived].filter(([run, line]) => this.#readLine(run) !== line)
            .map(([run]) => run);
          return changed.length > 0 ? [] : [...archived.keys()].filter(this.#delete);
        });
      } finally {
        if (!Array.isArray(deleted) || changed.length > 0) archive.undo();
      }
      if (!Array.isArray(deleted) || changed.length === 0) return deleted;
      // A run that changes again and again stays for another time.
      if (attempt >= ATTEMPTS) left = left.filter((run) => !changed.includes(run));
    }
  }

  #readLines(batch: FoundRun[]): Map<FoundRun, string> {
    return new Map(batch.filter(this.#find).map((run) => [run, this.#readLine(run)]));
  }

  #readLine({ id }: FoundRun): string {
    const run = readStoredRun(this.#connection, id);
    return run === undefined ? "" : writeRunLine(run);
  }

  /** After a full disk it makes room in the write-ahead log. */
  async #write(body: () => FoundRun[]): Promise<FoundRun[] | "full" | "stale"> {
    let start = 0;
    let place = this.#place;
    try {
      return await this.#connection.write<FoundRun[] | "stale">(this.#action, () => {
        start = performance.now();
        if (this.#countOthers() > 0) return "stale";
        const deleted = body();
        place = this.#newestPlace();
        return deleted;
      }, () => this.#place = place);
    } catch (error) {
      if (!isFull(error)) throw error;
    } finally {
      this.took = performance.now() - start;
    }
    releaseReserve(this.#connection.info.path);
    try {
      await this.#connection.run(this.#action, "PRAGMA wal_checkpoint(RESTART)");
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    return "full";
  }
}

/**
 * Tells whether a disk is full.
 *
 * @param error What was caught.
 * @returns Whether that is why.
 */
export function isFull(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "full";
}
