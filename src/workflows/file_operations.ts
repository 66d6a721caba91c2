/**
 * The file operations that the store of workflows is built of: one small port,
 * so that a test can record them and make each of them fail.
 *
 * @module
 */

/** A file that is open for writing. */
export interface WritableFile {
  /** Writes all bytes. */
  write(bytes: Uint8Array): void;
  /** Waits until what was written is on the disk (fsync). */
  sync(): Promise<void>;
  /** Closes it. */
  close(): void;
}

/**
 * The file operations. All but those that wait for the disk are synchronous:
 * they take microseconds, a tenth of what a hop to another thread costs.
 */
export interface FileOperations {
  /** Whether two names that differ only in case are the same file here. */
  readonly caseInsensitive: boolean;
  /** Returns what is at a path, links not followed; `undefined` when nothing is. */
  lstat(path: string): Deno.FileInfo | undefined;
  /** Resolves links. */
  realPath(path: string): string;
  /** Reads a file. */
  readFile(path: string): Uint8Array;
  /** Reads a file from an offset to its end. */
  readFileFrom(path: string, offset: number): Uint8Array;
  /** Lists a folder; nothing when it does not exist. */
  readFolder(path: string): Deno.DirEntry[];
  /** Makes a folder and those above it, unless it exists. */
  makeFolder(path: string, mode: number): void;
  /** Opens a new file; fails when it exists. */
  createFile(path: string, mode: number): WritableFile;
  /** Opens a file to write behind its end; makes it when it does not exist. */
  appendFile(path: string, mode: number): WritableFile;
  /** Cuts a file. */
  truncateFile(path: string, size: number): void;
  /** Changes the mode of a file. */
  changeMode(path: string, mode: number): void;
  /** Replaces what is at the new path, atomically. */
  rename(from: string, to: string): void;
  /** Removes a file or a link. */
  remove(path: string): void;
  /** Waits until the entries of a folder are on the disk. */
  syncFolder(path: string): Promise<void>;
}

/** The operations of the system. */
export const systemFiles: FileOperations = {
  caseInsensitive: Deno.build.os === "darwin" || Deno.build.os === "windows",
  lstat(path) {
    try {
      return Deno.lstatSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  },
  realPath: (path) => Deno.realPathSync(path),
  readFile: (path) => Deno.readFileSync(path),
  readFileFrom(path, offset) {
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(Math.max(0, file.statSync().size - offset));
    file.seekSync(offset, Deno.SeekMode.Start);
    let done = 0;
    for (let count: number | null = 0; count !== null && done < bytes.length;) {
      count = file.readSync(bytes.subarray(done));
      done += count ?? 0;
    }
    return bytes.subarray(0, done);
  },
  readFolder(path) {
    try {
      return [...Deno.readDirSync(path)];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  },
  makeFolder: (path, mode) => Deno.mkdirSync(path, { recursive: true, mode }),
  createFile: (path, mode) => new OpenFile(path, { write: true, createNew: true, mode }),
  appendFile: (path, mode) => new OpenFile(path, { append: true, create: true, mode }),
  truncateFile: (path, size) => Deno.truncateSync(path, size),
  changeMode: (path, mode) => Deno.chmodSync(path, mode),
  rename: (from, to) => Deno.renameSync(from, to),
  remove: (path) => Deno.removeSync(path),
  async syncFolder(path) {
    // Windows does not open folders; NTFS keeps the order of its metadata itself.
    if (Deno.build.os === "windows") return;
    using folder = Deno.openSync(path);
    await folder.sync();
  },
};

class OpenFile implements WritableFile {
  readonly #file: Deno.FsFile;

  constructor(path: string, options: Deno.OpenOptions) {
    this.#file = Deno.openSync(path, options);
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
  }

  async sync(): Promise<void> {
    await this.#file.sync();
  }

  close(): void {
    this.#file.close();
  }
}
