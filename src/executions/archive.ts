/**
 * Archives: compressed NDJSON, appended batch by batch. Each batch is a member
 * of gzip that tells its own length, so that one that was cut off by a crash is
 * found and taken away before the next is appended.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import { dirname } from "../paths.ts";
import { DatabaseError, InvalidDataError } from "../domain/errors.ts";
import { requirePermissions } from "../permissions.ts";
import { databaseError } from "./database_error.ts";
import { exists, requireClosed } from "./database_files.ts";

/** Header of a member: that of gzip with one extra field, "GF" and the length of the member. */
const HEADER = 20;
const LENGTH_AT = 16;

/** Appends runs to an archive. */
export class ArchiveWriter implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #action: string;
  /** Where the archive ends, and ended before the last batch. */
  #ends: [before: number, now: number];

  private constructor(file: Deno.FsFile, path: string, action: string, end: number) {
    this.#file = file;
    this.#path = path;
    this.#action = action;
    this.#ends = [end, end];
  }

  /**
   * Opens an archive, which is made with mode 0600 when it is missing.
   *
   * @param path The archive.
   * @param action What it is for.
   * @returns The writer.
   * @throws {InvalidDataError} If the file is no archive, or one that is damaged.
   * @throws {PermissionDeniedError} If the archive may not be read or written.
   * @throws {DatabaseError} If the archive cannot be written, or somebody else writes to it.
   */
  static open(path: string, action: string): ArchiveWriter {
    const folder = dirname(path);
    requirePermissions(action, { name: "read", path: folder }, { name: "write", path: folder });
    let file: Deno.FsFile | undefined;
    try {
      const isNew = !exists(path);
      if (!isNew) requireClosed(path, action);
      file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
      if (!file.tryLockSync(true)) {
        throw new DatabaseError(`${action}: somebody else writes to the archive "${path}"`, {
          code: "busy",
        });
      }
      const end = endOfWhole(file, path, action);
      file.truncateSync(end);
      if (isNew) syncFolder(folder);
      return new ArchiveWriter(file, path, action, end);
    } catch (cause) {
      file?.close();
      throw databaseError(cause, `${action}: cannot open the archive`, path);
    }
  }

  /**
   * Appends a batch of runs and makes sure that it is on the disk.
   *
   * @param lines The runs, each as a line of NDJSON.
   * @throws {DatabaseError} If the archive cannot be written; then it ends as before.
   */
  async append(lines: readonly string[]): Promise<void> {
    const [, end] = this.#ends;
    this.#ends = [end, end];
    if (lines.length === 0) return;
    const bytes = makeMember(lines.map((line) => `${line}\n`).join(""));
    try {
      this.#file.seekSync(end, Deno.SeekMode.Start);
      for (let done = 0; done < bytes.length;) {
        done += await this.#file.write(bytes.subarray(done));
      }
      await this.#file.syncData();
      this.#ends = [end, end + bytes.length];
    } catch (cause) {
      this.#file.truncateSync(end);
      throw databaseError(cause, `${this.#action}: cannot append to the archive`, this.#path);
    }
  }

  /** Takes the last batch back, whose runs stay in the database. */
  undo(): void {
    const [before] = this.#ends;
    this.#file.truncateSync(before);
    this.#ends = [before, before];
  }

  /** Closes the archive. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Without it a new file could be gone after a power failure, and its runs from the database. */
function syncFolder(path: string): void {
  if (Deno.build.os === "windows") return;
  using folder = Deno.openSync(path);
  folder.syncSync();
}

function makeMember(text: string): Uint8Array {
  const plain = gzipSync(text);
  const member = new Uint8Array(plain.length + HEADER - 10);
  member.set(plain.subarray(0, 10));
  // The flag of an extra field; ten bytes of it: its length, then one field of four bytes.
  member[3]! |= 4;
  const view = new DataView(member.buffer);
  view.setUint16(10, 8, true);
  member.set([0x47, 0x46], 12);
  view.setUint16(14, 4, true);
  view.setUint32(LENGTH_AT, member.length, true);
  member.set(plain.subarray(10), HEADER);
  return member;
}

/** Whether a member written here begins with these bytes, or would if there were more. */
function isOurs(bytes: Uint8Array): boolean {
  const wanted = [0x1f, 0x8b, 8, 4, , , , , , , 8, 0, 0x47, 0x46, 4, 0];
  return wanted.every((byte, i) => i >= bytes.length || byte === undefined || byte === bytes[i]);
}

/** Walks from member to member, to the place behind the last whole one. */
function endOfWhole(file: Deno.FsFile, path: string, action: string): number {
  const { size } = file.statSync();
  let at = 0;
  while (at < size) {
    const header = readAt(file, at, Math.min(HEADER, size - at));
    if (!isOurs(header)) {
      // Others append to gzip files as well; where those end is not for us to say.
      if (header[0] === 0x1f && header[1] === 0x8b) return size;
      throw new InvalidDataError(
        `${action}: "${path}" is no archive${at === 0 ? "" : ` from byte ${at} on`}, wanted is ` +
          "gzip or a new file",
        { path },
      );
    }
    const end = header.length < HEADER
      ? Infinity
      : at + new DataView(header.buffer).getUint32(LENGTH_AT, true);
    if (end > size || end < at + HEADER) {
      requireLast(file, at, size, path, action);
      return at;
    }
    at = end;
  }
  return at;
}

/** A crash cuts the last member off; a wrong length in front of others is damage. */
function requireLast(
  file: Deno.FsFile,
  at: number,
  size: number,
  path: string,
  action: string,
): void {
  const rest = readAt(file, at + 1, size - at - 1);
  for (let i = rest.indexOf(0x1f); i >= 0; i = rest.indexOf(0x1f, i + 1)) {
    if (i + HEADER > rest.length || !isOurs(rest.subarray(i))) continue;
    throw new InvalidDataError(`${action}: the archive "${path}" is damaged at byte ${at}`, {
      path,
    });
  }
}

function readAt(file: Deno.FsFile, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  file.seekSync(at, Deno.SeekMode.Start);
  for (let done = 0; done < length;) {
    const read = file.readSync(bytes.subarray(done));
    if (read === null) return bytes.subarray(0, done);
    done += read;
  }
  return bytes;
}
