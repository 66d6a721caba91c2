/**
 * File operations that are recorded, fail on request, and can be replayed up
 * to a crash.
 *
 * @module
 */

import { dirname } from "@std/path";
import {
  type FileOperations,
  systemFiles,
  type WritableFile,
} from "../../src/workflows/file_operations.ts";

/** An operation that changed the disk. */
export type Change =
  | { kind: "makeFolder"; path: string; mode: number }
  | { kind: "create"; path: string; mode: number }
  | { kind: "append"; path: string; mode: number }
  | { kind: "write"; path: string; bytes: Uint8Array }
  | { kind: "sync"; path: string }
  | { kind: "truncate"; path: string; size: number }
  | { kind: "changeMode"; path: string; mode: number }
  | { kind: "rename"; path: string; to: string }
  | { kind: "remove"; path: string }
  | { kind: "syncFolder"; path: string };

/** The system's operations, recorded. */
export class RecordedFiles implements FileOperations {
  readonly changes: Change[] = [];
  caseInsensitive = false;
  /** Called before each change; throws to make it fail. */
  beforeChange: (change: Change) => void = () => {};

  lstat(path: string): Deno.FileInfo | undefined {
    return systemFiles.lstat(path);
  }

  realPath(path: string): string {
    return systemFiles.realPath(path);
  }

  readFile(path: string): Uint8Array {
    return systemFiles.readFile(path);
  }

  readFileFrom(path: string, offset: number): Uint8Array {
    return systemFiles.readFileFrom(path, offset);
  }

  readFolder(path: string): Deno.DirEntry[] {
    return systemFiles.readFolder(path);
  }

  makeFolder(path: string, mode: number): void {
    this.#record({ kind: "makeFolder", path, mode });
    systemFiles.makeFolder(path, mode);
  }

  createFile(path: string, mode: number): WritableFile {
    this.#record({ kind: "create", path, mode });
    return this.#recorded(path, systemFiles.createFile(path, mode));
  }

  appendFile(path: string, mode: number): WritableFile {
    this.#record({ kind: "append", path, mode });
    return this.#recorded(path, systemFiles.appendFile(path, mode));
  }

  truncateFile(path: string, size: number): void {
    this.#record({ kind: "truncate", path, size });
    systemFiles.truncateFile(path, size);
  }

  changeMode(path: string, mode: number): void {
    this.#record({ kind: "changeMode", path, mode });
    systemFiles.changeMode(path, mode);
  }

  rename(path: string, to: string): void {
    this.#record({ kind: "rename", path, to });
    systemFiles.rename(path, to);
  }

  remove(path: string): void {
    this.#record({ kind: "remove", path });
    systemFiles.remove(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.#record({ kind: "syncFolder", path });
    await systemFiles.syncFolder(path);
  }

  #recorded(path: string, file: WritableFile): WritableFile {
    return {
      write: (bytes) => {
        this.#record({ kind: "write", path, bytes: bytes.slice() });
        file.write(bytes);
      },
      sync: async () => {
        this.#record({ kind: "sync", path });
        await file.sync();
      },
      close: () => file.close(),
    };
  }

  #record(change: Change): void {
    this.beforeChange(change);
    this.changes.push(change);
  }
}

/**
 * Does what was done, in another folder, up to a crash.
 *
 * @param changes What was done before the crash.
 * @param move Returns the path in the other folder.
 * @param lossy Whether what was written but not synced is lost, half of it.
 */
export function replay(
  changes: readonly Change[],
  move: (path: string) => string,
  lossy: boolean,
): void {
  const unsynced = new Map<string, number>();
  for (const change of changes) {
    const path = move(change.path);
    switch (change.kind) {
      case "makeFolder":
        Deno.mkdirSync(path, { recursive: true, mode: change.mode });
        break;
      case "create":
        Deno.writeFileSync(path, new Uint8Array(), { createNew: true, mode: change.mode });
        break;
      case "append":
        Deno.mkdirSync(dirname(path), { recursive: true });
        Deno.writeFileSync(path, new Uint8Array(), { append: true, mode: change.mode });
        break;
      case "write":
        Deno.writeFileSync(path, change.bytes, { append: true });
        unsynced.set(path, (unsynced.get(path) ?? 0) + change.bytes.length);
        break;
      case "sync":
        unsynced.delete(path);
        break;
      case "truncate":
        Deno.truncateSync(path, change.size);
        break;
      case "changeMode":
        Deno.chmodSync(path, change.mode);
        break;
      case "rename":
        Deno.renameSync(path, move(change.to));
        if (unsynced.has(path)) unsynced.set(move(change.to), unsynced.get(path)!);
        unsynced.delete(path);
        break;
      case "remove":
        Deno.removeSync(path);
        unsynced.delete(path);
        break;
      case "syncFolder":
        break;
    }
  }
  if (!lossy) return;
  for (const [path, size] of unsynced) {
    Deno.truncateSync(path, Deno.statSync(path).size - Math.ceil(size / 2));
  }
}
