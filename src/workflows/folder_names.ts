/**
 * The names in a folder, remembered from one locked write to the next, so that
 * many new files do not read the whole folder once for each.
 *
 * @module
 */

import type { FileOperations } from "./file_operations.ts";
import { foldId } from "./workflow_id.ts";

/**
 * What the holder of the lock knows of the folder. It holds good while nobody
 * else made or removed a file: whoever does so under the lock leaves another
 * mark in the lock file, and anybody else changes the time of the folder. What
 * somebody makes without the lock just while a file is written here may be
 * seen late.
 */
export class FolderNames {
  readonly #path: string;
  readonly #files: FileOperations;
  #ids = new Map<string, Set<string>>();
  #stamp: string | undefined;

  /**
   * @param path The folder.
   * @param files The file operations.
   */
  constructor(path: string, files: FileOperations) {
    this.#path = path;
    this.#files = files;
  }

  /**
   * Returns another id that is the same on a system that ignores case.
   *
   * @param id The id.
   * @param lock The lock file, locked.
   * @param read Reads the ids of the folder.
   */
  similarTo(id: string, lock: Deno.FsFile, read: () => string[]): string | undefined {
    if (!this.#isCurrent(lock)) {
      // Before the folder is read: what is made meanwhile changes its time.
      this.#stamp = this.#stampOf(lock);
      this.#ids = new Map();
      for (const known of read()) this.#add(known);
    }
    return [...this.#ids.get(foldId(id)) ?? []].find((known) => known !== id);
  }

  /** Runs a function that makes the file of an id, or replaces it. */
  async writing(
    id: string,
    isNew: boolean,
    lock: Deno.FsFile,
    run: () => Promise<boolean>,
  ): Promise<boolean> {
    const isCurrent = this.#isCurrent(lock);
    if (isNew) this.noteChange(lock);
    this.#stamp = undefined;
    const isDone = await run();
    if (isCurrent && isDone) {
      this.#add(id);
      this.#stamp = this.#stampOf(lock);
    }
    return isDone;
  }

  /** Tells all processes that the names change. */
  noteChange(lock: Deno.FsFile): void {
    this.#stamp = undefined;
    lock.seekSync(0, Deno.SeekMode.Start);
    lock.writeSync(crypto.getRandomValues(new Uint8Array(MARK)));
  }

  #add(id: string): void {
    const folded = foldId(id);
    const ids = this.#ids.get(folded);
    if (ids === undefined) this.#ids.set(folded, new Set([id]));
    else ids.add(id);
  }

  #isCurrent(lock: Deno.FsFile): boolean {
    return this.#stamp !== undefined && this.#stamp === this.#stampOf(lock);
  }

  #stampOf(lock: Deno.FsFile): string | undefined {
    const time = this.#files.lstat(this.#path)?.mtime?.getTime();
    if (time === undefined) return undefined;
    const mark = new Uint8Array(MARK);
    lock.seekSync(0, Deno.SeekMode.Start);
    lock.readSync(mark);
    return `${time} ${mark}`;
  }
}

/** Length of a mark, in bytes. */
const MARK = 8;
