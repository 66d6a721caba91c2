/**
 * The log of one workflow: a file of JSON lines to which every revision is
 * appended with its full text.
 *
 * @module
 */

import { dirname, join } from "../paths.ts";
import { parseMapping } from "../domain/value.ts";
import type { RevisionSource } from "../domain/workflow_history.ts";
import type { FileOperations } from "./file_operations.ts";
import { stampOf } from "./listed_file.ts";

/** A revision, as the log has it. */
export interface RevisionRecord {
  /** Hash of the content. */
  revision: string;
  /** Revision before; absent for the first one. */
  parent?: string;
  /** When, in the form of RFC 3339. */
  time: string;
  /** Where it comes from. */
  source: RevisionSource;
  /** Who made it. */
  author?: string;
  /** Why. */
  message?: string;
  /** Full text of the file; absent when the workflow was deleted. */
  text?: string;
  /** Name of the temporary file that was about to become the workflow's file; the revision counts once it is gone. */
  temporary?: string;
}

/** A name for a revision; without one, the name is taken away. */
export interface TagRecord {
  /** The name. */
  tag: string;
  /** What it names. */
  revision?: string;
}

/** What a log holds. */
export interface LogContent {
  /** The revisions, oldest first. */
  records: RevisionRecord[];
  /** Revisions by tag. */
  tags: Map<string, string>;
  /** Length of the valid part of the file, in bytes. */
  size: number;
}

/** The end of a log. */
export interface LogEnd {
  /** Length of the valid part of the file, in bytes. */
  size: number;
  /** The last revision, without its text; absent when there is none. */
  last?: RevisionRecord;
}

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const LINE_FEED = 0x0a;
/** Part of a log that is read to find its last revision, in bytes; more when that is longer. */
const TAIL = 64 * 1024;

/** Reads and writes one log. */
export class HistoryLog {
  /** Absolute path. */
  readonly path: string;
  readonly #files: FileOperations;
  readonly #workflows: string;
  #end: (LogEnd & { stamp: string }) | undefined;

  /**
   * @param path The file.
   * @param workflows The folder in which temporary files of workflows lie.
   * @param files The file operations.
   */
  constructor(path: string, workflows: string, files: FileOperations) {
    this.path = path;
    this.#files = files;
    this.#workflows = workflows;
  }

  /** Whether there is a log. */
  exists(): boolean {
    return this.#files.lstat(this.path) !== undefined;
  }

  /** Reads the log, in one read; what a crash cut off or left undone at its end is not part of it. */
  read(): LogContent {
    if (!this.exists()) return { records: [], tags: new Map(), size: 0 };
    const content = parseLog(this.#files.readFile(this.path));
    const last = content.records.at(-1);
    if (last?.temporary === undefined || !this.#isPending(last.temporary)) return content;
    content.records.pop();
    content.size -= encode([last]).length;
    return content;
  }

  /** Returns the last revision, without reading the log again when nobody else wrote to it. */
  end(): LogEnd {
    const info = this.#files.lstat(this.path);
    if (info === undefined) return { size: 0 };
    const stamp = stampOf(info);
    if (this.#end?.stamp !== stamp) {
      const end = { stamp, ...this.#readEnd(info.size) };
      // What is about to come about would change without a change of the file.
      if (info.size !== end.size) return end;
      this.#end = end;
    }
    return this.#end;
  }

  /** Finds the last revision without reading all of a long log. */
  #readEnd(fileSize: number): LogEnd {
    for (let length = TAIL;; length *= 4) {
      const start = Math.max(0, fileSize - length);
      const bytes = this.#files.readFileFrom(this.path, start);
      // The first line may lack its beginning.
      const first = start === 0 ? 0 : bytes.indexOf(LINE_FEED) + 1;
      let size = bytes.lastIndexOf(LINE_FEED) + 1;
      let isLast = true;
      for (let end = size; end > first;) {
        // A negative index would count from the end.
        const begin = end === 1 ? 0 : bytes.lastIndexOf(LINE_FEED, end - 2) + 1;
        const line = parseLine(new TextDecoder().decode(bytes.subarray(begin, end)));
        end = begin;
        if (line === undefined || "tag" in line) continue;
        if (isLast && line.temporary !== undefined && this.#isPending(line.temporary)) size = begin;
        else return { size: start + size, last: withoutText(line) };
        isLast = false;
      }
      if (start === 0) return { size };
    }
  }

  /** A revision whose file is still there under its temporary name never came about. */
  #isPending(temporary: string): boolean {
    return this.#files.lstat(join(this.#workflows, temporary)) !== undefined;
  }

  /**
   * Appends lines and waits until they are on the disk. Call it under the
   * lock of the workflows.
   *
   * @param lines The lines.
   * @returns A function that takes them back.
   */
  async append(lines: readonly (RevisionRecord | TagRecord)[]): Promise<() => void> {
    const { size, last } = this.end();
    const info = this.#files.lstat(this.path);
    if (info === undefined) this.#files.makeFolder(dirname(this.path), FOLDER_MODE);
    else if (info.size > size) this.#files.truncateFile(this.path, size);
    const undo = () => {
      this.#end = undefined;
      if (info === undefined) this.#files.remove(this.path);
      else this.#files.truncateFile(this.path, size);
    };
    const bytes = encode(lines);
    const file = this.#files.appendFile(this.path, FILE_MODE);
    try {
      file.write(bytes);
      await file.sync();
    } catch (error) {
      undo();
      throw error;
    } finally {
      file.close();
    }
    if (info === undefined) await this.#files.syncFolder(dirname(this.path));
    this.#remember(lines, last, size + bytes.length);
    return undo;
  }

  /** Cuts off what a crash left behind. Call it under the lock of the workflows. */
  repair(): void {
    const { size } = this.end();
    const info = this.#files.lstat(this.path);
    if (info !== undefined && info.size > size) this.#files.truncateFile(this.path, size);
  }

  #remember(
    lines: readonly (RevisionRecord | TagRecord)[],
    before: RevisionRecord | undefined,
    size: number,
  ): void {
    const added = lines.findLast((line) => !("tag" in line)) as RevisionRecord | undefined;
    const last = added ?? before;
    const info = this.#files.lstat(this.path);
    this.#end = info === undefined
      ? undefined
      : { stamp: stampOf(info), size, ...(last === undefined ? {} : { last: withoutText(last) }) };
  }

  /** Replaces the log, atomically. Call it under the lock of the workflows. */
  async replace(lines: readonly (RevisionRecord | TagRecord)[]): Promise<void> {
    const temporary = `${this.path}.tmp`;
    this.#files.makeFolder(dirname(this.path), FOLDER_MODE);
    if (this.#files.lstat(temporary) !== undefined) this.#files.remove(temporary);
    const file = this.#files.createFile(temporary, FILE_MODE);
    try {
      file.write(encode(lines));
      await file.sync();
    } finally {
      file.close();
    }
    this.#files.rename(temporary, this.path);
    await this.#files.syncFolder(dirname(this.path));
  }
}

/** What stands behind the last line break was cut off by a crash; a line that is none is passed over. */
function parseLog(bytes: Uint8Array): LogContent {
  const records: RevisionRecord[] = [];
  const tags = new Map<string, string>();
  const size = bytes.lastIndexOf(LINE_FEED) + 1;
  for (const text of new TextDecoder().decode(bytes.subarray(0, size)).split("\n")) {
    const line = text === "" ? undefined : parseLine(text);
    if (line === undefined) continue;
    if (!("tag" in line)) records.push(line);
    else if (line.revision === undefined) tags.delete(line.tag);
    else tags.set(line.tag, line.revision);
  }
  return { records, tags, size };
}

function encode(lines: readonly (RevisionRecord | TagRecord)[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => JSON.stringify(line) + "\n").join(""));
}

function withoutText({ text: _, temporary: _t, ...record }: RevisionRecord): RevisionRecord {
  return record;
}

const TEXTS = ["revision", "parent", "source", "author", "message", "text", "temporary", "tag"];

/** Takes a line, which somebody may have changed by hand, for what it can be. */
function parseLine(text: string): RevisionRecord | TagRecord | undefined {
  const line = parseMapping(text);
  if (line === undefined) return undefined;
  for (const field of TEXTS) {
    if (line[field] !== undefined && typeof line[field] !== "string") delete line[field];
  }
  if (line.tag !== undefined) return line as unknown as TagRecord;
  if (line.revision === undefined) return undefined;
  if (Number.isNaN(Date.parse(String(line.time)))) line.time = new Date(0).toISOString();
  line.source ??= "edited";
  return line as unknown as RevisionRecord;
}
