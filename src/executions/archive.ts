/**
 * Archives: compressed NDJSON, appended batch by batch. Each batch is a member
 * of gzip that tells its own length, so that one that was cut off by a crash is
 * found and taken away before the next is appended.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import { dirname } from "../paths.ts";
import { requirePermissions } from "../permissions.ts";
import { databaseError } from "./database_error.ts";
import { type StoredRun, writeRunLine } from "./run_line.ts";

/** Header of a member: that of gzip with one extra field, "GF" and the length of the member. */
const HEADER = 20;
const LENGTH_AT = 16;

/** Appends runs to an archive. */
export class ArchiveWriter implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #action: string;

  private constructor(file: Deno.FsFile, path: string, action: string) {
    this.#file = file;
    this.#path = path;
    this.#action = action;
  }

  /**
   * Opens an archive, which is made with mode 0600 when it is missing.
   *
   * @param path The archive.
   * @param action What it is for.
   * @returns The writer.
   * @throws {PermissionDeniedError} If the archive may not be read or written.
   * @throws {DatabaseError} If the archive cannot be written.
   */
  static open(path: string, action: string): ArchiveWriter {
    const folder = dirname(path);
    requirePermissions(action, { name: "read", path: folder }, { name: "write", path: folder });
    try {
      const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
      file.truncateSync(endOfWhole(file));
      return new ArchiveWriter(file, path, action);
    } catch (cause) {
      throw databaseError(cause, `${action}: cannot open the archive`, path);
    }
  }

  /**
   * Appends runs and makes sure that they are on the disk.
   *
   * @param runs The runs.
   * @throws {DatabaseError} If the archive cannot be written; then it ends as before.
   */
  async append(runs: readonly StoredRun[]): Promise<void> {
    const bytes = makeMember(runs.map((run) => `${writeRunLine(run)}\n`).join(""));
    const end = this.#file.seekSync(0, Deno.SeekMode.End);
    try {
      for (let done = 0; done < bytes.length;) {
        done += await this.#file.write(bytes.subarray(done));
      }
      await this.#file.syncData();
    } catch (cause) {
      this.#file.truncateSync(end);
      throw databaseError(cause, `${this.#action}: cannot append to the archive`, this.#path);
    }
  }

  /** Closes the archive. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
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

/** Walks from member to member; what is not ours is left as it is. */
function endOfWhole(file: Deno.FsFile): number {
  const { size } = file.statSync();
  const header = new Uint8Array(HEADER);
  let at = 0;
  while (at + HEADER <= size) {
    file.seekSync(at, Deno.SeekMode.Start);
    if (file.readSync(header) !== HEADER || header[12] !== 0x47 || header[13] !== 0x46) return size;
    const length = new DataView(header.buffer).getUint32(LENGTH_AT, true);
    if (length < HEADER || at + length > size) return at;
    at += length;
  }
  return at;
}
