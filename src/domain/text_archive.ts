/**
 * Stored texts with all that is kept of them: for moving them from one
 * repository to another.
 *
 * @module
 */

import type { WorkflowRevision } from "./workflow_history.ts";

/** A revision with its text. */
export interface ArchivedRevision extends Omit<WorkflowRevision, "tags" | "size"> {
  /** The text, verbatim; absent when the workflow was deleted. */
  text?: string;
}

/** A workflow or template with all that is kept of it. */
export interface TextArchive {
  /** Its id. */
  id: string;
  /** The text that is stored, verbatim; absent when it was deleted. */
  text?: string;
  /** The revisions, oldest first; none of a template. */
  revisions: ArchivedRevision[];
  /** Revisions by tag. */
  tags: Record<string, string>;
}

/** Options of {@linkcode TextArchives.writeArchive}. */
export interface WriteArchiveOptions {
  /** Digest of what is replaced; absent when there must be nothing of this id. */
  replaces?: string | undefined;
}

/** What moves texts from one repository to another, verbatim and with their history. */
export interface TextArchives {
  /** Returns where an id lies, whether or not it exists: the path of its file; in a database, its table and id. */
  pathOf(id: string): string;

  /**
   * Reads a text as it is stored, byte for byte, comments included.
   *
   * @throws {NotFoundError} If there is no such text.
   */
  readText(id: string): Promise<string>;

  /** Lists all ids, ascending, also of what was deleted and has a history. */
  archiveIds(): Promise<string[]>;

  /**
   * Returns a hash of all that is kept of an id: 64 hexadecimal digits, the
   * same in every repository that holds the same. `undefined` when there is nothing.
   *
   * @throws {InvalidDataError} If it cannot be read.
   */
  archiveDigest(id: string): Promise<string | undefined>;

  /**
   * Reads all that is kept of an id.
   *
   * @throws {NotFoundError} If there is nothing.
   * @throws {InvalidDataError} If it cannot be read.
   */
  readArchive(id: string): Promise<TextArchive>;

  /**
   * Stores an archive in place of all that is kept of its id, verbatim: the
   * text need not be a valid one.
   *
   * @throws {ConflictError} If something else is there than what is to be replaced.
   * @throws {AlreadyExistsError} If the id differs from another one only in case.
   * @throws {InvalidDataError} If the repository cannot hold it.
   */
  writeArchive(archive: TextArchive, options?: WriteArchiveOptions): Promise<void>;
}
