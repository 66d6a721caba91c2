/**
 * The port to where YAML texts and their revisions are kept: files, or a
 * database. All that texts say, and how they are edited, is on this side of it.
 *
 * @module
 */

import type { TextArchives } from "../domain/text_archive.ts";
import type { Workflow } from "../domain/workflow.ts";
import type {
  RevisionOptions,
  RevisionSource,
  WorkflowRevision,
} from "../domain/workflow_history.ts";

/** A value, or the promise of one: files answer at once. */
export type Awaitable<T> = T | Promise<T>;

/** A text that is stored. */
export interface StoredText {
  /** The text, verbatim. */
  text: string;
  /** When it was last written. */
  modified: Date;
  /** Absolute path of its file; absent in a database. */
  path?: string;
}

/** What the history says about a text. */
export interface TextChange extends RevisionOptions {
  /** Where the text comes from. */
  source: RevisionSource;
}

/** How a text is written. */
export interface TextWrite {
  /** Looks at the text while the disk works; nothing is written when it returns `false` or throws. */
  check(): boolean;
  /** Returns what the text says, once it was checked. */
  workflow?: () => Workflow;
  /** What the history says; absent for texts without one. */
  change?: TextChange & { revision: string };
}

/** Texts, by id. */
export interface TextStore extends Omit<TextArchives, "pathOf" | "readText"> {
  /** Their revisions; absent when they are not kept. */
  readonly history?: RevisionStore | undefined;

  /** Ids of all texts, ascending. */
  ids(action: string): Awaitable<string[]>;

  /**
   * Reads the text of an id; `undefined` when there is none.
   *
   * @throws {InvalidDataError} If the id cannot be a file name.
   */
  read(id: string, action: string): Awaitable<StoredText | undefined>;

  /**
   * Runs a function while nobody else writes the text of an id. It may run
   * again when somebody was faster, and must not use the store but through
   * what it gets.
   */
  locked<T>(id: string, action: string, run: (entry: LockedText) => Promise<T>): Promise<T>;

  /** Removes the text of an id, and tells whether there was one. */
  remove(id: string, action: string, change?: RevisionOptions): Promise<boolean>;

  /**
   * Records a text that somebody wrote by other means, where that is possible.
   *
   * @returns Whether the last revision is that of the text.
   */
  notice(id: string, stored: StoredText): Awaitable<boolean>;
}

/** The text of one id while nobody else writes it. */
export interface LockedText {
  /** Reads it. */
  read(): Awaitable<StoredText | undefined>;

  /**
   * Throws if another id would be the same where case is ignored.
   *
   * @throws {AlreadyExistsError} If there is such an id.
   */
  refuseSimilar(): Awaitable<void>;

  /** Returns the id of another workflow of a name. */
  findName(name: string): Awaitable<string | undefined>;

  /**
   * Replaces what {@linkcode read} returned last, and records the revision.
   *
   * @returns Whether the check passed.
   */
  write(text: string, options: TextWrite): Promise<boolean>;

  /** Reads a revision by its hash; `undefined` when it is not kept. */
  revision(revision: string): Awaitable<string | undefined>;

  /** Records the text that {@linkcode read} returned last, unless it is the last revision. */
  record(): Awaitable<void>;

  /** Names a revision (its hash, the beginning of it, or a tag); without one, takes the name away. */
  tag(tag: string, revision: string | undefined): Awaitable<void>;

  /** Removes all revisions but the newest ones, those that are tagged and those that are referred to. */
  prune(keep: number, referenced: ReadonlySet<string>): Awaitable<number>;
}

/** Revisions of texts, by id. */
export interface RevisionStore {
  /** Ids of all texts that have revisions, ascending. */
  ids(action: string): Awaitable<string[]>;

  /** Lists the revisions of an id, newest first; none when there are none. */
  list(id: string, action: string): Awaitable<WorkflowRevision[]>;

  /**
   * Reads a revision by its hash, the beginning of it, or a tag.
   *
   * @throws {NotFoundError} If there is no such revision.
   * @throws {InvalidDataError} If there are several.
   */
  text(
    id: string,
    revision: string,
    action: string,
  ): Awaitable<{ revision: string; text: string }>;
}
