/**
 * What is kept of a text, as one value and as its hash.
 *
 * @module
 */

import { ConflictError } from "../domain/errors.ts";
import type { ArchivedRevision, TextArchive } from "../domain/text_archive.ts";
import { hashText } from "./revision.ts";

/** A revision whose text was hashed. */
export type HashedRevision = Omit<ArchivedRevision, "text"> & { text?: string | undefined };

/** An archive whose texts were hashed, where they lie. */
export interface HashedArchive {
  /** Hash of the text; absent when it was deleted. */
  text?: string | undefined;
  /** The revisions, oldest first. */
  revisions: readonly HashedRevision[];
  /** Revisions by tag. */
  tags: Record<string, string>;
}

/** Returns the digest of an archive. */
export function digestOf({ text, revisions, tags }: TextArchive): string {
  const hash = (text: string | undefined) => text === undefined ? undefined : hashText(text);
  return digestOfHashes({
    text: hash(text),
    revisions: revisions.map((revision) => ({ ...revision, text: hash(revision.text) })),
    tags,
  });
}

/** Returns the digest of an archive whose texts were hashed. */
export function digestOfHashes({ text, revisions, tags }: HashedArchive): string {
  const parts = [
    text ?? null,
    revisions.map(({ revision, parent, time, source, author, message, text }) => [
      revision,
      parent ?? null,
      time.getTime(),
      source,
      author ?? null,
      message ?? null,
      text ?? null,
    ]),
    Object.entries(tags).sort(([a], [b]) => a < b ? -1 : 1),
  ];
  return hashText(JSON.stringify(parts));
}

/** Throws unless what is there is what is to be replaced. */
export function requireReplaced(
  actual: string | undefined,
  expected: string | undefined,
  action: string,
): void {
  if (actual === expected) return;
  const why = expected === undefined ? "it is there already" : "somebody else changed it";
  throw new ConflictError(`${action}: ${why}`, {
    expected: expected ?? "",
    actual: actual ?? "",
  });
}
