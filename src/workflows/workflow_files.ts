/**
 * The files of a folder, one per id, as they are found and read: safe names,
 * links only within the folder, nothing too large. Writing is in
 * `workflow_folder.ts`.
 *
 * @module
 */

import { join } from "../paths.ts";
import { SEPARATOR } from "../resolve.ts";
import { InvalidDataError } from "../domain/errors.ts";
import { asFileError, requireAccess } from "../file_errors.ts";
import { decodeFile } from "../text_decoding.ts";
import type { FileOperations } from "./file_operations.ts";
import { LIMITS } from "./limits.ts";
import { EXTENSION, idOf, stampOf } from "./listed_file.ts";
import { requireId } from "./workflow_id.ts";

/** Options of {@linkcode WorkflowFiles}. */
export interface FilesOptions {
  /** The storage root. */
  root: string;
  /** Name of the folder in the root. */
  name: string;
  /** What its files hold, such as `"workflow"`. */
  kind: string;
  /** Mode of new files. */
  fileMode: number;
  /** The file operations. */
  files: FileOperations;
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

/** The files of a folder. */
export class WorkflowFiles {
  /** The storage root. */
  readonly root: string;
  /** Absolute path. */
  readonly path: string;
  /** The file operations. */
  readonly files: FileOperations;
  /** What its files hold, such as `"workflow"`. */
  readonly kind: string;
  readonly #fileMode: number;

  /** @param options Where and how. */
  constructor({ root, name, kind, fileMode, files }: FilesOptions) {
    this.root = root;
    this.path = join(root, name);
    this.files = files;
    this.kind = kind;
    this.#fileMode = fileMode;
  }

  /** Absolute path of the file of an id. */
  pathOf(id: string): string {
    // Not `join`: the path is normal already, and thousands are made for a list.
    return this.path + SEPARATOR + id + EXTENSION;
  }

  /** Ids of all files, ascending. */
  ids(action: string): string[] {
    return this.findIds(action).sort();
  }

  /** Ids of the files that a function wants, in no order: to look for one, sorting would take longest. */
  protected findIds(action: string, isWanted: (id: string) => boolean = () => true): string[] {
    requireAccess(action, this.root, this.path, "read");
    const isFound = (id: string | undefined): id is string => id !== undefined && isWanted(id);
    return this.guard(
      action,
      this.path,
      () => this.files.readFolder(this.path).map(({ name }) => idOf(name)).filter(isFound),
    );
  }

  /** Tells whether the name of the file of an id is spelt so, where others are the same file. */
  #isSpelt(id: string, action: string): boolean {
    return !this.files.caseInsensitive || this.findIds(action, (known) => known === id).length > 0;
  }

  /** Reads the file of an id; `undefined` when there is none. */
  read(id: string, action: string): ReadFile | undefined {
    const found = this.find(id, action);
    return found === undefined ? undefined : this.readFound(found, action);
  }

  /** Reads a file that was found. */
  readFound({ path, info }: FoundFile, action: string): ReadFile {
    return this.guard(action, path, () => {
      const bytes = this.files.readFile(path);
      refuseLarge(bytes.length, action, path);
      return {
        // The byte order mark stays, so that saving keeps it.
        text: decodeFile(bytes, action, path),
        stamp: stampOf(info),
        mode: (info.mode ?? this.#fileMode) & 0o777,
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
    if (!this.#isSpelt(id, action)) return undefined;
    return this.findListed(id, action);
  }

  /** Finds the file of an id that {@linkcode ids} has just returned: access is granted, and the name is right. */
  findListed(id: string, action: string): FoundFile | undefined {
    requireId(id, action);
    const path = this.pathOf(id);
    return this.guard(action, path, () => {
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

  /** Tells whether anything is in the place of the file of an id. */
  exists(id: string, action: string): boolean {
    requireId(id, action);
    const path = this.pathOf(id);
    requireAccess(action, this.root, path, "read");
    return this.guard(action, path, () => this.files.lstat(path) !== undefined) &&
      this.#isSpelt(id, action);
  }

  /** Runs file operations; what the system throws becomes an error of this module. */
  protected guard<T>(action: string, path: string, run: () => T): T {
    try {
      return run();
    } catch (cause) {
      throw asFileError(cause, action, path);
    }
  }
}

/** Throws if a file has more bytes than one may have. */
export function refuseLarge(size: number, action: string, path: string): void {
  if (size <= LIMITS.bytes) return;
  throw new InvalidDataError(
    `${action}: the file has ${size} bytes, at most ${LIMITS.bytes} are allowed`,
    { path },
  );
}
