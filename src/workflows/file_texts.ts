/**
 * Texts in a folder of YAML files, their revisions beside it.
 *
 * @module
 */

import { InvalidDataError, NotFoundError, StorageError } from "../domain/errors.ts";
import type { TextArchive, WriteArchiveOptions } from "../domain/text_archive.ts";
import type { RevisionOptions, WorkflowRevision } from "../domain/workflow_history.ts";
import { asFileError, isSystemError, requireAccess } from "../file_errors.ts";
import { digestOf, requireReplaced } from "./archive.ts";
import { revisionOf } from "./revision.ts";
import type { LockedText, RevisionStore, StoredText, TextStore, TextWrite } from "./text_store.ts";
import type { ReadFile } from "./workflow_files.ts";
import type { WorkflowFolder } from "./workflow_folder.ts";
import { type ArchivedHistory, editedRevision, type WorkflowHistory } from "./workflow_history.ts";

/** Finds the id of another workflow of a name. */
export type FindName = (name: string, except: string) => Promise<string | undefined>;

/** Texts in a folder. */
export class FileTexts implements TextStore {
  readonly history: FileRevisions | undefined;
  readonly #folder: WorkflowFolder;
  readonly #history: WorkflowHistory | undefined;
  readonly #findName: FindName;

  /**
   * @param folder The folder.
   * @param history Takes the revisions; none when they are not kept.
   * @param findName Finds the id of another workflow of a name.
   */
  constructor(
    folder: WorkflowFolder,
    history?: WorkflowHistory,
    findName: FindName = () => Promise.resolve(undefined),
  ) {
    this.#folder = folder;
    this.#history = history;
    this.#findName = findName;
    if (history !== undefined) this.history = new FileRevisions(folder.root, history);
  }

  ids(action: string): string[] {
    return this.#folder.ids(action);
  }

  read(id: string, action: string): ReadFile | undefined {
    return this.#folder.read(id, action);
  }

  async locked<T>(
    id: string,
    action: string,
    run: (entry: LockedText) => Promise<T>,
  ): Promise<T> {
    return await this.#folder.locked(
      id,
      action,
      () => run(new LockedFile(this.#folder, this.#history, this.#findName, id, action)),
    );
  }

  async remove(id: string, action: string, change?: RevisionOptions): Promise<boolean> {
    const folder = this.#folder;
    folder.requireWriteAccess(id, action);
    if (!folder.exists(id, action)) return false;
    return await folder.locked(id, action, async () => {
      if (!folder.exists(id, action)) return false;
      const undo = await this.#recordDeletion(id, change, action);
      try {
        await folder.remove(id, action);
      } catch (error) {
        undo?.();
        throw error;
      }
      return true;
    });
  }

  async #recordDeletion(
    id: string,
    { author, message }: RevisionOptions = {},
    action: string,
  ): Promise<(() => void) | undefined> {
    if (this.#history === undefined) return undefined;
    const file = this.#readable(id, action);
    if (file === undefined) return undefined;
    const edited = editedRevision(file.text, file.modified);
    const deleted = { revision: edited.revision, source: "deleted" as const, author, message };
    return await this.#history.record(id, [edited, deleted]);
  }

  /** A folder or a dangling link can be in the place of a file; it can be deleted, not recorded. */
  #readable(id: string, action: string): ReadFile | undefined {
    try {
      return this.#folder.read(id, action);
    } catch (error) {
      if (error instanceof InvalidDataError) return undefined;
      throw error;
    }
  }

  archiveIds(): Promise<string[]> {
    return Promise.try(() => {
      const action = "Cannot list what is kept";
      const ids = new Set([...this.ids(action), ...this.history?.ids(action) ?? []]);
      return [...ids].sort();
    });
  }

  archiveDigest(id: string): Promise<string | undefined> {
    return Promise.try(() => {
      const archive = this.#archive(id, `Cannot hash what is kept of ${JSON.stringify(id)}`);
      return archive && digestOf(archive);
    });
  }

  readArchive(id: string): Promise<TextArchive> {
    return Promise.try(() => {
      const { kind } = this.#folder;
      const action = `Cannot read what is kept of ${kind} ${JSON.stringify(id)}`;
      const archive = this.#archive(id, action);
      if (archive !== undefined) return archive;
      throw new NotFoundError(`${action}: there is nothing`, { kind, id });
    });
  }

  #archive(id: string, action: string): TextArchive | undefined {
    const file = this.#folder.read(id, action);
    const history = this.history?.readAll(id, action) ?? { revisions: [], tags: {} };
    if (file === undefined && history.revisions.length === 0) return undefined;
    return { id, ...(file === undefined ? {} : { text: file.text }), ...history };
  }

  async writeArchive(archive: TextArchive, { replaces }: WriteArchiveOptions = {}): Promise<void> {
    const { id, text } = archive;
    const action = `Cannot store all of ${this.#folder.kind} ${JSON.stringify(id)}`;
    const history = this.#history;
    if (history === undefined && archive.revisions.length > 0) {
      throw new InvalidDataError(`${action}: no revisions are kept here`);
    }
    await this.#folder.locked(id, action, async () => {
      const before = this.#archive(id, action);
      requireReplaced(before && digestOf(before), replaces, action);
      const file = this.#folder.read(id, action);
      if (text === undefined) {
        await history?.replaceAll(id, archive);
        if (file !== undefined) await this.#folder.remove(id, action);
        return;
      }
      if (file === undefined) this.#folder.refuseSimilar(id, action);
      await this.#folder.write(id, text, action, {
        replaces: file,
        check: () => true,
        beside: async (temporary) => {
          if (before !== undefined || archive.revisions.length > 0) {
            await history?.replaceAll(id, archive, temporary);
          }
          // After a failure, what is there is not what was to be replaced: storing it again helps.
          return () => undefined;
        },
      });
    });
  }

  /** Reading must not fail because the history cannot be read or written. */
  async notice(id: string, { text }: StoredText): Promise<boolean> {
    const history = this.#history;
    const action = `Cannot record a revision of workflow ${JSON.stringify(id)}`;
    try {
      if (history === undefined || !history.exists(id)) return false;
      if (history.last(id) === revisionOf(text)) return true;
      if (!this.#folder.mayWrite(id)) return false;
      return await this.#folder.locked(id, action, async () => {
        const now = this.#readable(id, action);
        if (now === undefined) return false;
        await history.recordEdit(id, now.text, now.modified);
        return true;
      });
    } catch (error) {
      if (error instanceof StorageError || isSystemError(error)) return false;
      throw error;
    }
  }
}

/** A file while its folder is locked. */
class LockedFile implements LockedText {
  readonly #folder: WorkflowFolder;
  readonly #history: WorkflowHistory | undefined;
  readonly #findName: FindName;
  readonly #id: string;
  readonly #action: string;
  #file: ReadFile | undefined;

  constructor(
    folder: WorkflowFolder,
    history: WorkflowHistory | undefined,
    findName: FindName,
    id: string,
    action: string,
  ) {
    this.#folder = folder;
    this.#history = history;
    this.#findName = findName;
    this.#id = id;
    this.#action = action;
  }

  read(): ReadFile | undefined {
    this.#file = this.#folder.read(this.#id, this.#action);
    return this.#file;
  }

  refuseSimilar(): void {
    this.#folder.refuseSimilar(this.#id, this.#action);
  }

  async findName(name: string): Promise<string | undefined> {
    return await this.#findName(name, this.#id);
  }

  async write(text: string, { check, change }: TextWrite): Promise<boolean> {
    return await this.#folder.write(this.#id, text, this.#action, {
      replaces: this.#file,
      check,
      beside: (temporary) => this.#record(text, change, temporary),
    });
  }

  /** Records a revision, and before it what somebody else made of the file since the last one. */
  async #record(
    text: string,
    change: TextWrite["change"],
    temporary: string,
  ): Promise<() => void> {
    if (this.#history === undefined || change === undefined) return () => undefined;
    const file = this.#file;
    const before = file === undefined ? [] : [editedRevision(file.text, file.modified)];
    const next = { ...change, text };
    return await this.#history.record(this.#id, [...before, next], temporary);
  }

  revision(revision: string): string | undefined {
    try {
      return this.#history?.text(this.#id, revision, this.#action).text;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  async record(): Promise<void> {
    if (this.#file === undefined) return;
    await this.#history?.recordEdit(this.#id, this.#file.text, this.#file.modified);
  }

  async tag(tag: string, revision: string | undefined): Promise<void> {
    await this.#history?.tag(this.#id, tag, revision, this.#action);
  }

  async prune(keep: number, referenced: ReadonlySet<string>): Promise<number> {
    return await this.#history?.prune(this.#id, keep, referenced) ?? 0;
  }
}

/** Revisions in the files of a history. */
class FileRevisions implements RevisionStore {
  readonly #root: string;
  readonly #history: WorkflowHistory;

  constructor(root: string, history: WorkflowHistory) {
    this.#root = root;
    this.#history = history;
  }

  ids(action: string): string[] {
    return this.#read(this.#root, action, () => this.#history.ids());
  }

  list(id: string, action: string): WorkflowRevision[] {
    return this.#read(this.#history.pathOf(id), action, () => this.#history.list(id));
  }

  text(id: string, revision: string, action: string): { revision: string; text: string } {
    const path = this.#history.pathOf(id);
    return this.#read(path, action, () => this.#history.text(id, revision, action));
  }

  /** Reads all revisions with their texts, oldest first, and all tags. */
  readAll(id: string, action: string): ArchivedHistory {
    return this.#read(this.#history.pathOf(id), action, () => this.#history.readAll(id));
  }

  #read<T>(path: string, action: string, run: () => T): T {
    requireAccess(action, this.#root, path, "read");
    try {
      return run();
    } catch (cause) {
      throw isSystemError(cause) ? asFileError(cause, action, path) : cause;
    }
  }
}
