/**
 * Copies workflows and templates with all that is kept of them.
 *
 * @module
 */

import type { StorageCopyCounts, StorageCopyOptions, StoragePart } from "./copy_storage.ts";
import {
  AlreadyExistsError,
  ConflictError,
  InvalidDataError,
  NotFoundError,
  type StorageError,
} from "./domain/errors.ts";
import type { TextArchive, TextArchives } from "./domain/text_archive.ts";
import { equalValues } from "./domain/value.ts";

const ABOUT_ONE = [AlreadyExistsError, ConflictError, InvalidDataError, NotFoundError];

/**
 * Copies what the target does not hold yet, then compares all.
 *
 * @param part What it is.
 * @param from The source.
 * @param to The target.
 * @param options Signal, progress, and what to do about conflicts.
 * @returns What was done.
 */
export async function copyTexts(
  part: StoragePart,
  from: TextArchives,
  to: TextArchives,
  { signal, onProgress, onConflict = "refuse" }: StorageCopyOptions,
): Promise<StorageCopyCounts> {
  const ids = await from.archiveIds();
  const total = ids.length;
  const counts: StorageCopyCounts = { total, copied: 0, unchanged: 0, replaced: 0, failed: [] };
  const failed = new Set<string>();
  const each = async (phase: "copy" | "verify", run: (id: string) => Promise<void>) => {
    for (const [index, id] of ids.entries()) {
      signal?.throwIfAborted();
      try {
        if (!failed.has(id)) await run(id);
      } catch (error) {
        // Any other error is about the source or the target, not about one text.
        if (!ABOUT_ONE.some((type) => error instanceof type)) throw error;
        failed.add(id);
        counts.failed.push({ id, error: error as StorageError });
      }
      onProgress?.({ part, phase, done: index + 1, total });
    }
  };
  await each("copy", async (id) => {
    counts[await copyText(from, to, id, onConflict)]++;
  });
  await each("verify", async (id) => {
    const [wanted, found] = await Promise.all([from.archiveDigest(id), to.archiveDigest(id)]);
    if (wanted === found) return;
    throw new ConflictError(`Cannot verify the copy of "${id}": one of both changed meanwhile`, {
      expected: wanted ?? "",
      actual: found ?? "",
    });
  });
  return counts;
}

async function copyText(
  from: TextArchives,
  to: TextArchives,
  id: string,
  onConflict: "refuse" | "replace",
): Promise<"copied" | "unchanged" | "replaced"> {
  const [wanted, found] = await Promise.all([from.archiveDigest(id), to.archiveDigest(id)]);
  if (wanted === found) return "unchanged";
  const archive = await from.readArchive(id);
  const older = found === undefined || continues(archive, await to.readArchive(id));
  if (!older && onConflict === "refuse") {
    throw new ConflictError(`Cannot copy "${id}": the target holds something else of this id`, {
      expected: wanted ?? "",
      actual: found,
    });
  }
  try {
    await to.writeArchive(archive, { replaces: found });
  } catch (error) {
    // Another copy may have stored the same meanwhile.
    if (!(error instanceof ConflictError) || await to.archiveDigest(id) !== wanted) throw error;
    return "unchanged";
  }
  return older ? "copied" : "replaced";
}

/** Tells whether the target holds an older state, or the half of a copy, and nothing of its own. */
function continues(source: TextArchive, target: TextArchive): boolean {
  const { length } = target.revisions;
  const last = target.revisions.at(-1);
  const isOld = target.text === undefined || target.text === source.text ||
    (last !== undefined && target.text === last.text);
  return isOld && equalValues(source.revisions.slice(0, length), target.revisions);
}
