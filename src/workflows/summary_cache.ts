/**
 * Summaries of a folder as they were listed last, beside it on the disk, so
 * that a program which starts anew need not parse files that did not change.
 * It is only ever a copy: without it, or when it cannot be read or written,
 * everything is read from the files.
 *
 * @module
 */

import type { SummaryFilter, SummaryList, WorkflowSummary } from "../domain/workflow_repository.ts";
import { asFileError, isSystemError, requireAccess } from "../file_errors.ts";
import { resolve, SEPARATOR } from "../resolve.ts";
import { systemFiles } from "./file_operations.ts";
import { EXTENSION, idOf, stampOf } from "./listed_file.ts";
import { matches } from "./summary_filter.ts";

/** What is kept of a file; what the system tells of it is not. */
interface Entry extends Omit<WorkflowSummary, "size" | "modified"> {
  /** Changes when the file may have changed. */
  stamp: string;
}

/** Counts up when what is kept changes its form. */
const VERSION = 1;
/**
 * Age from which the times of a file tell versions apart, in milliseconds: Deno
 * tells the time of the last change, which no program can set, in whole seconds.
 */
const SETTLED = 1100;

/**
 * Tells the main things about all workflows of a folder.
 *
 * Requires `--allow-read` for the root; with `--allow-write` the summaries are kept.
 *
 * @param root The storage root.
 * @param filter Which workflows.
 * @param read Reads all summaries from the files.
 * @returns The summaries, and the files that cannot be read.
 * @throws {PermissionDeniedError} If the folder may not be read.
 */
export async function listSummaries(
  root: string,
  filter: SummaryFilter,
  read: () => Promise<SummaryList>,
): Promise<SummaryList> {
  const files = findFiles(root);
  const path = resolve(root, "workflows.cache");
  const known = files.size === 0 ? new Map<string, Entry>() : readCache(path);
  let list = fromCache(files, known);
  if (list === undefined) {
    list = await read();
    writeCache(path, files, list);
  }
  return { ...list, summaries: list.summaries.filter((summary) => matches(summary, filter)) };
}

/** The files by id, before any of them is read: what changes later is found to have changed. */
function findFiles(root: string): Map<string, Deno.FileInfo | undefined> {
  const action = "Cannot list the workflows";
  const folder = resolve(root, "workflows");
  requireAccess(action, root, folder, "read");
  try {
    const ids = systemFiles.readFolder(folder).map(({ name }) => idOf(name))
      .filter((id) => id !== undefined).sort();
    return new Map(ids.map((id) => [id, infoOf(folder + SEPARATOR + id + EXTENSION)]));
  } catch (cause) {
    throw asFileError(cause, action, folder);
  }
}

/** Reading tells what is wrong with a file, and what a link leads to. */
function infoOf(path: string): Deno.FileInfo | undefined {
  try {
    const info = systemFiles.lstat(path);
    return info?.isFile ? info : undefined;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

function fromCache(
  files: ReadonlyMap<string, Deno.FileInfo | undefined>,
  known: ReadonlyMap<string, Entry>,
): SummaryList | undefined {
  const summaries: WorkflowSummary[] = [];
  for (const [id, info] of files) {
    const entry = known.get(id);
    if (info === undefined || entry?.stamp !== stampOf(info)) return undefined;
    const { stamp: _, ...summary } = entry;
    summaries.push({ ...summary, size: info.size, modified: info.mtime ?? new Date(0) });
  }
  return { summaries, invalid: [] };
}

function readCache(path: string): Map<string, Entry> {
  try {
    const { version, entries } = Object(JSON.parse(Deno.readTextFileSync(path)));
    if (version === VERSION && Array.isArray(entries) && entries.every(isEntry)) {
      return new Map(entries.map((entry) => [entry.id, entry]));
    }
  } catch (error) {
    // Another program may have damaged it; it is written anew.
    if (!(error instanceof SyntaxError) && !isSystemError(error)) throw error;
  }
  return new Map();
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const { id, name, version, description, tags, revision, stamp } = value as Partial<Entry>;
  return [id, name, version, description ?? "", revision, stamp]
    .every((text) => typeof text === "string") &&
    Array.isArray(tags) && tags.every((tag) => typeof tag === "string");
}

/** Keeps what can be told from a later version by the times of its file. */
function writeCache(
  path: string,
  files: ReadonlyMap<string, Deno.FileInfo | undefined>,
  { summaries }: SummaryList,
): void {
  const settled = Date.now() - SETTLED;
  const entries: Entry[] = [];
  for (const { size: _size, modified: _modified, ...summary } of summaries) {
    const info = files.get(summary.id);
    if (info === undefined) continue;
    const newest = Math.max(info.mtime?.getTime() ?? 0, info.ctime?.getTime() ?? 0);
    if (newest < settled) entries.push({ ...summary, stamp: stampOf(info) });
  }
  const { state } = Deno.permissions.querySync({ name: "write", path });
  if (entries.length === 0 || state !== "granted") return;
  try {
    replace(path, JSON.stringify({ version: VERSION, entries }));
  } catch (error) {
    // The list is complete without it.
    if (!isSystemError(error)) throw error;
  }
}

/** Not synced: what a crash leaves is written anew. */
function replace(path: string, text: string): void {
  const partial = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    Deno.writeTextFileSync(partial, text, { createNew: true, mode: 0o600 });
    Deno.renameSync(partial, path);
  } catch (error) {
    if (systemFiles.lstat(partial) !== undefined) systemFiles.remove(partial);
    throw error;
  }
}
