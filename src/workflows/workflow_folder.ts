/**
 * A folder of YAML files, one per id, as it is written: atomic and durable, one
 * lock for all writers.
 *
 * @module
 */

import { join } from "../paths.ts";
import {
  AlreadyExistsError,
  InvalidDataError,
  PermissionDeniedError,
  type StorageError,
} from "../domain/errors.ts";
import { asFileError, isSystemError, requireAccess } from "../file_errors.ts";
import { withFileLock } from "../file_lock.ts";
import { FolderNames } from "./folder_names.ts";
import {
  attempt,
  replaceFile,
  type ReplaceOptions,
  temporaryId,
  temporaryName,
} from "./replace_file.ts";
import { type FilesOptions, type ReadFile, refuseLarge, WorkflowFiles } from "./workflow_files.ts";
import { requireId } from "./workflow_id.ts";

/** Age from which a temporary file has no living writer, in milliseconds. */
const STALE = 60 * 60 * 1000;

/** Options of a {@linkcode WorkflowFolder}. */
export interface FolderOptions extends FilesOptions {
  /** Mode of new folders. */
  folderMode: number;
  /** How long to wait for other writers, in milliseconds. */
  lockTimeout: number;
  /** Called before a temporary file of a crashed writer is removed. */
  beforeSweep?(id: string): void;
}

/** How a file is written. */
export interface WriteOptions extends Pick<ReplaceOptions, "check" | "beside"> {
  /** The file that is replaced. */
  replaces?: ReadFile | undefined;
}

/** A folder of YAML files. */
export class WorkflowFolder extends WorkflowFiles {
  readonly #options: FolderOptions;
  readonly #names: FolderNames;
  /** The lock file while it is locked here. */
  #held: Deno.FsFile | undefined;
  #swept = false;

  /** @param options Where and how. */
  constructor(options: FolderOptions) {
    super(options);
    this.#options = options;
    this.#names = new FolderNames(this.path, this.files);
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
      return await withFileLock(lock, async (file) => {
        this.#held = file;
        try {
          this.#sweep();
          return await run();
        } finally {
          this.#held = undefined;
        }
      }, { timeout: this.#options.lockTimeout, mode: this.#options.fileMode });
    } catch (cause) {
      if (!isSystemError(cause)) throw cause;
      throw this.#fileError(cause, action, this.pathOf(id));
    }
  }

  /** Throws if another id would be the same file on a system that ignores case. */
  refuseSimilar(id: string, action: string): void {
    const other = this.#names.similarTo(id, this.#held!, () => this.findIds(action));
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
      const replace = () =>
        replaceFile(this.files, path, bytes, {
          ...options,
          temporary: join(this.path, temporaryName(id)),
          mode: replaces?.mode ?? this.#options.fileMode,
          keepMode: replaces !== undefined,
        });
      return await this.#names.writing(id, replaces === undefined, this.#held!, replace);
    } catch (cause) {
      throw this.#fileError(cause, action, path);
    }
  }

  /** When Deno refuses something beside the file, such as the history, the flag for the root permits all. */
  #fileError(cause: unknown, action: string, path: string): StorageError {
    if (cause instanceof Deno.errors.NotCapable) {
      requireAccess(action, this.root, this.root, "read", "write");
    }
    return asFileError(cause, action, path);
  }

  /** Removes the file of an id, or the link in its place. */
  async remove(id: string, action: string): Promise<void> {
    const path = this.pathOf(id);
    this.guard(action, path, () => {
      if (this.files.lstat(path)?.isDirectory) {
        throw new InvalidDataError(`${action}: "${path}" is a folder, a file is wanted`, { path });
      }
      this.files.remove(path);
      // A full disk must not keep anybody from deleting.
      attempt(() => this.#names.noteChange(this.#held!));
    });
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
}
