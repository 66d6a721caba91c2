/**
 * Tells when something in a folder may have changed.
 *
 * @module
 */

import { asFileError } from "../file_errors.ts";
import type { FileOperations } from "./file_operations.ts";
import type { Changes, WatchTimes } from "./watch.ts";

/** How often to look for a root that does not exist, in milliseconds. */
const POLL = 200;

const ACTION = "Cannot watch the workflows";

/**
 * Watches a folder and the one above, so that the folder may come and go.
 * Tells only that something happened: the system drops single events.
 */
export class FolderChanges implements Changes {
  readonly #root: string;
  readonly #folder: string;
  readonly #files: FileOperations;
  readonly #options: WatchTimes;
  #watched = "";
  #watchers: Deno.FsWatcher[] = [];
  #reading: Promise<void>[] = [];
  #happened = false;
  #wake: (() => void) | undefined;

  /**
   * @param root The folder above.
   * @param folder The folder.
   * @param files The file operations.
   * @param options Times, and the signal.
   */
  constructor(root: string, folder: string, files: FileOperations, options: WatchTimes) {
    this.#root = root;
    this.#folder = folder;
    this.#files = files;
    this.#options = options;
    options.signal?.addEventListener("abort", this.#notify);
    this.#watchPresent(this.#present());
  }

  /** Whether the watching has ended. */
  get ended(): boolean {
    return this.#options.signal?.aborted ?? false;
  }

  /** Waits until something happened and then nothing for a while. */
  async next(): Promise<void> {
    while (!this.#happened && !this.ended) {
      await this.#wait(this.#watchers.length === 0 ? POLL : undefined);
      if (this.#watchers.length === 0 && this.#inode(this.#root) !== undefined) break;
    }
    const deadline = performance.now() + this.#options.longest;
    do {
      this.#happened = false;
      await this.#wait(Math.min(this.#options.quiet, deadline - performance.now()));
    } while (this.#happened && !this.ended && performance.now() < deadline);
    this.#happened = false;
    await this.#watchAgain();
  }

  /** Watches what exists now, when that is not what was watched. */
  async #watchAgain(): Promise<void> {
    const present = this.#present();
    if (this.#watched === present.join()) return;
    this.#close();
    // Deno shares its watches of a path: as long as an old one is open, a new one watches what was there before.
    await Promise.all(this.#reading.splice(0));
    if (!this.ended) this.#watchPresent(present);
  }

  /** What is at the two paths. */
  #present(): (number | null | undefined)[] {
    return [this.#root, this.#folder].map((path) => this.#inode(path));
  }

  #inode(path: string): number | null | undefined {
    try {
      return this.#files.lstat(path)?.ino;
    } catch (cause) {
      throw asFileError(cause, ACTION, path);
    }
  }

  #watchPresent(present: readonly unknown[]): void {
    this.#watched = present.join();
    for (const [index, path] of [this.#root, this.#folder].entries()) {
      if (present[index] !== undefined) this.#watch(path);
    }
  }

  #watch(path: string): void {
    let watcher: Deno.FsWatcher;
    try {
      watcher = Deno.watchFs(path, { recursive: false });
    } catch (error) {
      // Gone since it was looked at; whatever is there next is watched then.
      if (error instanceof Deno.errors.NotFound) return this.#notify();
      throw asFileError(error, ACTION, path);
    }
    this.#watchers.push(watcher);
    this.#reading.push(this.#read(watcher));
  }

  async #read(watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const event of watcher) {
        if (event.kind === "access" || !this.#concerns(event)) continue;
        // What is there next may have the inode of what was there before.
        if (event.paths.some((path) => this.#isWatched(path))) this.#watched = "";
        this.#notify();
      }
    } catch {
      // What the system cannot tell, the next look at the folder shows.
      this.#notify();
    }
  }

  #concerns({ paths, flag }: Deno.FsEvent): boolean {
    return flag === "rescan" || paths.length === 0 ||
      paths.some((path) => path.endsWith(".yaml") || this.#isWatched(path));
  }

  #isWatched(path: string): boolean {
    return path === this.#folder || path === this.#root;
  }

  readonly #notify = (): void => {
    this.#happened = true;
    this.#wake?.();
  };

  /** Waits until something happens, or for some time. */
  async #wait(time: number | undefined): Promise<void> {
    if (this.ended) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = time === undefined ? undefined : setTimeout(resolve, Math.max(0, time));
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }

  #close(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  [Symbol.dispose](): void {
    this.#options.signal?.removeEventListener("abort", this.#notify);
    this.#close();
  }
}
