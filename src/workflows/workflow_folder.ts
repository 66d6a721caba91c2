/**
 * A folder of YAML files, one per id: safe names, safe reading, atomic and
 * durable writing, one lock for all writers.
 *
 * @module
 */

import { join, SEPARATOR } from "../paths.ts";
import { AlreadyExistsError, InvalidDataError, PermissionDeniedError } from "../domain/errors.ts";
import { asFileError, isSystemError, requireAccess } from "../file_errors.ts";
import { withFileLock } from "../file_lock.ts";
import type { FileOperations } from "./file_operations.ts";
import { LIMITS } from "./limits.ts";
import {
  attempt,
  replaceFile,
  type ReplaceOptions,
  temporaryId,
  temporaryName,
} from "./replace_file.ts";
import { foldId, requireId } from "./workflow_id.ts";

const EXTENSION = ".yaml";
/** Age from which a temporary file has no living writer, in milliseconds. */
const STALE = 60 * 60 * 1000;

/** Options of a {@linkcode WorkflowFolder}. */
export interface FolderOptions {
  /** The storage root. */
  root: string;
  /** Name of the folder in the root. */
  name: string;
  /** What its files hold, such as `"workflow"`. */
  kind: string;
  /** Mode of new files. */
  fileMode: number;
  /** Mode of new folders. */
  folderMode: number;
  /** How long to wait for other writers, in milliseconds. */
  lockTimeout: number;
  /** The file operations. */
  files: FileOperations;
  /** Called before a temporary file of a crashed writer is removed. */
  beforeSweep?(id: string): void;
}

/** A file that exists. */
export interface FoundFile {
  /** Where it really lies: a symbolic link within the folder is followed. */
  path: string;
  /** What the system knows of it. */
  info: Deno.FileInfo;
}

/** A file as it was read. */
export interface ReadFile {
  /** Its text. */
  text: string;
  /** Changes when the file does. */
  stamp: string;
  /** Its mode. */
  mode: number;
  /** Where it really lies: a symbolic link within the folder is followed. */
  path: string;
  /** When it was last written. */
  modified: Date;
}

/** How a file is written. */
export interface WriteOptions extends Pick<ReplaceOptions, "check" | "beside"> {
  /** The file that is replaced. */
  replaces?: ReadFile | undefined;
}

/** A folder of YAML files. */
export class WorkflowFolder {
  /** The storage root. */
  readonly root: string;
  /** Absolute path. */
  readonly path: string;
  /** The file operations. */
  readonly files: FileOperations;
  /** What its files hold, such as `"workflow"`. */
  readonly kind: string;
  readonly #options: FolderOptions;
  #swept = false;

  /** @param options Where and how. */
  constructor(options: FolderOptions) {
    this.#options = options;
    this.files = options.files;
    this.kind = options.kind;
    this.root = options.root;
    this.path = join(options.root, options.name);
  }

  /** Absolute path of the file of an id. */
  pathOf(id: string): string {
    // Not `join`: the path is normal already, and thousands are made for a list.
    return this.path + SEPARATOR + id + EXTENSION;
  }

  /** Ids of all files, ascending. */
  ids(action: string): string[] {
    requireAccess(action, this.root, this.path, "read");
    return this.#guard(action, this.path, () =>
      this.files.readFolder(this.path)
        .filter(({ name }) => name.endsWith(EXTENSION) && !name.startsWith("."))
        .map(({ name }) => name.slice(0, -EXTENSION.length))
        .sort());
  }

  /** Reads the file of an id; `undefined` when there is none. */
  read(id: string, action: string): ReadFile | undefined {
    const found = this.find(id, action);
    return found === undefined ? undefined : this.readFound(found, action);
  }

  /** Reads a file that was found. */
  readFound({ path, info }: FoundFile, action: string): ReadFile {
    return this.#guard(action, path, () => {
      const bytes = this.files.readFile(path);
      refuseLarge(bytes.length, action, path);
      return {
        text: decode(bytes, action, path),
        stamp: stampOf(info),
        mode: (info.mode ?? this.#options.fileMode) & 0o777,
        path,
        modified: info.mtime ?? new Date(0),
      };
    });
  }

  /**
   * Finds the file of an id, without reading it.
   *
   * @throws {InvalidDataError} If something else than a file within the folder is in its place.
   */
  find(id: string, action: string): FoundFile | undefined {
    requireId(id, action);
    requireAccess(action, this.root, this.pathOf(id), "read");
    if (this.files.caseInsensitive && !this.ids(action).includes(id)) return undefined;
    return this.findListed(id, action);
  }

  /** Finds the file of an id that {@linkcode ids} has just returned: access is granted, and the name is right. */
  findListed(id: string, action: string): FoundFile | undefined {
    requireId(id, action);
    const path = this.pathOf(id);
    return this.#guard(action, path, () => {
      const info = this.files.lstat(path);
      if (info === undefined) return undefined;
      const found = info.isSymlink ? this.#follow(path, action) : { path, info };
      if (!found.info.isFile) {
        const what = found.info.isDirectory ? "a folder" : "not a regular file";
        throw new InvalidDataError(`${action}: "${path}" is ${what}, a file is wanted`, { path });
      }
      refuseLarge(found.info.size, action, path);
      return found;
    });
  }

  #follow(path: string, action: string): FoundFile {
    let target: string;
    try {
      target = this.files.realPath(path);
    } catch (cause) {
      throw new InvalidDataError(`${action}: "${path}" is a symbolic link that leads nowhere`, {
        path,
        cause,
      });
    }
    const inside = join(this.files.realPath(this.path), "_").slice(0, -1);
    const info = this.files.lstat(target);
    if (info === undefined || !target.startsWith(inside)) {
      throw new InvalidDataError(
        `${action}: "${path}" is a symbolic link that leads out of its folder, a file is wanted`,
        { path },
      );
    }
    return { path: target, info };
  }

  get #lock(): string {
    return join(this.root, `${this.#options.name}.lock`);
  }

  /** Throws unless the file of an id may be written. */
  requireWriteAccess(id: string, action: string): void {
    requireId(id, action);
    for (const path of [this.pathOf(id), this.#lock]) {
      requireAccess(action, this.root, path, "read", "write");
    }
  }

  /** Tells whether the file of an id may be written, as far as Deno is concerned. */
  mayWrite(id: string): boolean {
    try {
      this.requireWriteAccess(id, "");
      return true;
    } catch (error) {
      if (error instanceof PermissionDeniedError) return false;
      throw error;
    }
  }

  /** Runs a function while no other process writes to the folder; makes the folder when it is missing. */
  async locked<T>(id: string, action: string, run: () => Promise<T>): Promise<T> {
    this.requireWriteAccess(id, action);
    const lock = this.#lock;
    try {
      if (this.files.lstat(this.path) === undefined) {
        this.files.makeFolder(this.path, this.#options.folderMode);
        await this.files.syncFolder(this.root);
      }
      return await withFileLock(lock, async () => {
        this.#sweep();
        return await run();
      }, { timeout: this.#options.lockTimeout, mode: this.#options.fileMode });
    } catch (cause) {
      if (!isSystemError(cause)) throw cause;
      throw asFileError(cause, action, this.pathOf(id));
    }
  }

  /** Throws if another id would be the same file on a system that ignores case. */
  refuseSimilar(id: string, action: string): void {
    const other = this.ids(action).find((known) => known !== id && foldId(known) === foldId(id));
    if (other === undefined) return;
    throw new AlreadyExistsError(
      `${action}: the id differs from that of ${this.kind} "${other}" only in case or Unicode form`,
      { kind: this.kind, id: other },
    );
  }

  /**
   * Replaces the file of an id: a crash at any point leaves the old text or
   * the new one.
   *
   * @param id The id.
   * @param text The text.
   * @param action For the message of the error.
   * @param options The file that is replaced, and a check that runs while the disk works.
   * @returns Whether the check passed; nothing is replaced when it did not.
   */
  async write(id: string, text: string, action: string, options: WriteOptions): Promise<boolean> {
    const { replaces } = options;
    const path = replaces?.path ?? this.pathOf(id);
    const bytes = new TextEncoder().encode(text);
    refuseLarge(bytes.length, action, path);
    try {
      return await replaceFile(this.files, path, bytes, {
        ...options,
        temporary: join(this.path, temporaryName(id)),
        mode: replaces?.mode ?? this.#options.fileMode,
        keepMode: replaces !== undefined,
      });
    } catch (cause) {
      throw asFileError(cause, action, path);
    }
  }

  /** Removes the file of an id, or the link in its place. */
  async remove(id: string, action: string): Promise<void> {
    const path = this.pathOf(id);
    this.#guard(action, path, () => {
      if (this.files.lstat(path)?.isDirectory) {
        throw new InvalidDataError(`${action}: "${path}" is a folder, a file is wanted`, { path });
      }
      this.files.remove(path);
    });
    await this.syncFolder(action);
  }

  /** Tells whether anything is in the place of the file of an id. */
  exists(id: string, action: string): boolean {
    requireId(id, action);
    const path = this.pathOf(id);
    requireAccess(action, this.root, path, "read");
    return this.#guard(action, path, () => this.files.lstat(path) !== undefined) &&
      (!this.files.caseInsensitive || this.ids(action).includes(id));
  }

  /** Waits until the entries of the folder are on the disk. */
  async syncFolder(action: string): Promise<void> {
    try {
      await this.files.syncFolder(this.path);
    } catch (cause) {
      throw asFileError(cause, action, this.path);
    }
  }

  /** Removes what crashed writers left behind, once, under the lock that every writer holds. */
  #sweep(): void {
    if (this.#swept) return;
    this.#swept = true;
    for (const { name } of this.files.readFolder(this.path)) {
      const id = temporaryId(name);
      if (id === undefined) continue;
      const path = join(this.path, name);
      const info = this.files.lstat(path);
      // By age as well, for file systems on which locks do not work.
      if (!info?.mtime || Date.now() - info.mtime.getTime() < STALE) continue;
      this.#options.beforeSweep?.(id);
      attempt(() => this.files.remove(path));
    }
  }

  #guard<T>(action: string, path: string, run: () => T): T {
    try {
      return run();
    } catch (cause) {
      throw asFileError(cause, action, path);
    }
  }
}

/** Changes whenever the content of a file may have changed. */
export function stampOf(info: Deno.FileInfo): string {
  return [info.mtime?.getTime(), info.ctime?.getTime(), info.size, info.ino].join(":");
}

function refuseLarge(size: number, action: string, path: string): void {
  if (size <= LIMITS.bytes) return;
  throw new InvalidDataError(
    `${action}: the file has ${size} bytes, at most ${LIMITS.bytes} are allowed`,
    { path },
  );
}

function decode(bytes: Uint8Array, action: string, path: string): string {
  try {
    // The byte order mark stays, so that saving keeps it.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidDataError(`${action}: the file is not UTF-8 text`, { path, cause });
  }
}
