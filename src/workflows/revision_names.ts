/**
 * What stands for a revision, and which revisions stay.
 *
 * @module
 */

import { InvalidDataError, NotFoundError } from "../domain/errors.ts";
import type { WorkflowRevision } from "../domain/workflow_history.ts";

/** Shortest beginning of a revision that may stand for it. */
const SHORTEST = 6;

/**
 * Finds a revision.
 *
 * @param name Its hash, the beginning of it, or a tag.
 * @param revisions All revisions of the workflow.
 * @param tags Revisions by tag.
 * @param id Id of the workflow, for messages.
 * @param action What it is for.
 * @returns The revision.
 * @throws {NotFoundError} If there is none.
 * @throws {InvalidDataError} If there are several.
 */
export function findRevision(
  name: string,
  revisions: ReadonlySet<string>,
  tags: ReadonlyMap<string, string>,
  id: string,
  action: string,
): string {
  const tagged = tags.get(name);
  if (tagged !== undefined && revisions.has(tagged)) return tagged;
  const matches = [...revisions].filter((revision) =>
    revision === name || (name.length >= SHORTEST && revision.startsWith(name))
  );
  if (matches.length > 1) {
    throw new InvalidDataError(
      `${action}: "${name}" is the beginning of ${matches.length} revisions`,
    );
  }
  if (matches[0] === undefined) throw noRevision(id, name, action);
  return matches[0];
}

/**
 * Chooses what pruning keeps: the newest, those that are tagged, and those that
 * are referred to.
 *
 * @param revisions The revisions, oldest first.
 * @param tags Revisions by tag.
 * @param keep How many of the newest; one at least.
 * @param referenced Revisions that are referred to.
 * @returns Those that stay.
 */
export function keptRevisions<T extends Pick<WorkflowRevision, "revision" | "source">>(
  revisions: readonly T[],
  tags: ReadonlyMap<string, string>,
  keep: number,
  referenced: ReadonlySet<string>,
): T[] {
  const tagged = new Set(tags.values());
  let newest = revisions.length - Math.max(1, keep);
  // What was deleted stands in the revision before, and can be restored from it alone.
  if (revisions[newest]?.source === "deleted") newest--;
  return revisions.filter(({ revision }, index) =>
    index >= newest || tagged.has(revision) || referenced.has(revision)
  );
}

/** Turns tags by name into names by revision, sorted. */
export function namesOf(tags: ReadonlyMap<string, string>): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const [tag, revision] of tags) {
    names.set(revision, [...names.get(revision) ?? [], tag].sort());
  }
  return names;
}

/** Makes the error for a revision that is not there. */
export function noRevision(id: string, name: string, action: string): NotFoundError {
  return new NotFoundError(`${action}: workflow "${id}" has no revision "${name}"`, {
    kind: "revision",
    id: name,
  });
}
