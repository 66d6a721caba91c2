/**
 * The revisions of all workflows of a root: `<root>/history/<id>.jsonl`.
 *
 * @module
 */

import { join } from "../paths.ts";
import type { ArchivedRevision, TextArchive } from "../domain/text_archive.ts";
import type { RevisionSource, WorkflowRevision } from "../domain/workflow_history.ts";
import type { FileOperations } from "./file_operations.ts";
import { HistoryLog, type LogContent, type RevisionRecord } from "./history_log.ts";
import { revisionOf } from "./revision.ts";
import { findRevision, keptRevisions, namesOf, noRevision } from "./revision_names.ts";

const EXTENSION = ".jsonl";

/** A revision that is about to be recorded. */
export interface NewRevision {
  /** Hash of the text. */
  revision: string;
  /** The text; absent when the workflow is deleted. */
  text?: string;
  /** Where it comes from. */
  source: RevisionSource;
  /** Who made it. */
  author?: string | undefined;
  /** Why. */
  message?: string | undefined;
  /** When; now by default. */
  time?: Date;
}

/** All that is kept of a workflow beside its text. */
export type ArchivedHistory = Pick<TextArchive, "revisions" | "tags">;

/** The revisions of all workflows of a root. */
export class WorkflowHistory {
  readonly #folder: string;
  readonly #workflows: string;
  readonly #files: FileOperations;
  readonly #logs = new Map<string, HistoryLog>();

  /**
   * @param root The storage root.
   * @param workflows The folder of the workflows.
   * @param files The file operations.
   */
  constructor(root: string, workflows: string, files: FileOperations) {
    this.#folder = join(root, "history");
    this.#workflows = workflows;
    this.#files = files;
  }

  /** Path of the log of a workflow. */
  pathOf(id: string): string {
    return join(this.#folder, id + EXTENSION);
  }

  /** Ids of all workflows that have a history, ascending. */
  ids(): string[] {
    return this.#files.readFolder(this.#folder)
      .filter(({ name, isFile }) => isFile && name.endsWith(EXTENSION) && !name.startsWith("."))
      .map(({ name }) => name.slice(0, -EXTENSION.length)).sort();
  }

  /** Whether a workflow has a history. */
  exists(id: string): boolean {
    return this.#log(id).exists();
  }

  /** The last revision; `undefined` when there is none. */
  last(id: string): string | undefined {
    const last = this.#log(id).end().last;
    return last === undefined || last.source === "deleted" ? undefined : last.revision;
  }

  /**
   * Appends revisions, those apart that are the last one already.
   *
   * @param id Id of the workflow.
   * @param revisions The revisions.
   * @param temporary Name of the file that is about to become the workflow's file.
   * @returns A function that takes them back.
   */
  async record(
    id: string,
    revisions: readonly NewRevision[],
    temporary?: string,
  ): Promise<() => void> {
    const log = this.#log(id);
    const records = linkRevisions(log.end().last, revisions);
    const last = records.at(-1);
    if (last === undefined) return () => undefined;
    if (temporary !== undefined) last.temporary = temporary;
    return await log.append(records);
  }

  /** Appends what somebody else made of a file, unless it is the last revision. */
  async recordEdit(id: string, text: string, time: Date): Promise<void> {
    await this.record(id, [editedRevision(text, time)]);
  }

  /** Lists the revisions of a workflow, newest first. */
  list(id: string): WorkflowRevision[] {
    const { records, tags } = this.#log(id).read();
    const names = namesOf(tags);
    return records.map(({ text, temporary: _, time, ...record }) => ({
      ...record,
      time: new Date(time),
      tags: names.get(record.revision) ?? [],
      size: text?.length ?? 0,
    })).reverse();
  }

  /** Reads all revisions with their texts, oldest first, and all tags. */
  readAll(id: string): ArchivedHistory {
    const { records, tags } = this.#log(id).read();
    return { revisions: records.map(archived), tags: Object.fromEntries(tags) };
  }

  /**
   * Replaces all revisions and tags.
   *
   * @param id Id of the workflow.
   * @param history The revisions, oldest first, and the tags.
   * @param temporary Name of the file that is about to become the workflow's file.
   */
  async replaceAll(
    id: string,
    { revisions, tags }: ArchivedHistory,
    temporary?: string,
  ): Promise<void> {
    const records = revisions.map(({ time, ...revision }): RevisionRecord => ({
      ...revision,
      time: time.toISOString(),
    }));
    const last = records.pop();
    const names = Object.entries(tags).map(([tag, revision]) => ({ tag, revision }));
    // Nothing may stand behind the last one, which does not count while the file is not replaced.
    const end = last === undefined ? [] : [{ ...last, ...(temporary ? { temporary } : {}) }];
    await this.#log(id).replace([...records, ...names, ...end]);
  }

  /**
   * Returns the text of a revision.
   *
   * @param id Id of the workflow.
   * @param name Revision, its beginning, or a tag.
   * @param action For the message of the error.
   */
  text(id: string, name: string, action: string): { revision: string; text: string } {
    const { revision, content } = this.#find(id, name, action);
    const record = content.records.findLast((known) =>
      known.revision === revision && known.text !== undefined
    );
    if (record?.text === undefined) throw noRevision(id, name, action);
    return { revision, text: record.text };
  }

  /** Names a revision, or takes a name away. */
  async tag(id: string, tag: string, name: string | undefined, action: string): Promise<void> {
    if (name === undefined) {
      if (!this.#log(id).read().tags.has(tag)) throw noRevision(id, tag, action);
      await this.#log(id).append([{ tag }]);
    } else {
      const { revision } = this.#find(id, name, action);
      await this.#log(id).append([{ tag, revision }]);
    }
  }

  /**
   * Removes revisions. The last one stays, so do those that are tagged.
   *
   * @returns Number of revisions removed.
   */
  async prune(id: string, keep: number, referenced: ReadonlySet<string>): Promise<number> {
    const log = this.#log(id);
    const { records, tags } = log.read();
    const kept = keptRevisions(records, tags, keep, referenced);
    if (kept.length === records.length) return 0;
    const lines = kept.map(({ temporary: _, ...record }) => record);
    await log.replace([...lines, ...[...tags].map(([tag, revision]) => ({ tag, revision }))]);
    return records.length - kept.length;
  }

  /** Cuts off what a crash left behind. */
  repair(id: string): void {
    this.#log(id).repair();
  }

  #find(id: string, name: string, action: string): { revision: string; content: LogContent } {
    const content = this.#log(id).read();
    const revisions = new Set(content.records.map(({ revision }) => revision));
    return { revision: findRevision(name, revisions, content.tags, id, action), content };
  }

  #log(id: string): HistoryLog {
    let log = this.#logs.get(id);
    if (log === undefined) {
      log = new HistoryLog(this.pathOf(id), this.#workflows, this.#files);
      this.#logs.set(id, log);
    }
    return log;
  }
}

/** Gives each revision its parent, and leaves out edits that are the last revision already. */
export function linkRevisions(
  last: RevisionRecord | undefined,
  revisions: readonly NewRevision[],
): RevisionRecord[] {
  const records: RevisionRecord[] = [];
  let parent = last;
  for (const { revision, text, source, author, message, time = new Date() } of revisions) {
    if (parent?.revision === revision && parent.source !== "deleted" && source === "edited") {
      continue;
    }
    parent = {
      revision,
      ...(parent === undefined ? {} : { parent: parent.revision }),
      time: time.toISOString(),
      source,
      ...(author === undefined ? {} : { author }),
      ...(message === undefined ? {} : { message }),
      ...(text === undefined ? {} : { text }),
    };
    records.push(parent);
  }
  return records;
}

function archived(record: RevisionRecord): ArchivedRevision {
  const { revision, parent, time, source, author, message, text } = record;
  return {
    revision,
    ...(parent === undefined ? {} : { parent }),
    time: new Date(time),
    source,
    ...(author === undefined ? {} : { author }),
    ...(message === undefined ? {} : { message }),
    ...(text === undefined ? {} : { text }),
  };
}

/** Makes the record of a text that somebody else wrote. */
export function editedRevision(text: string, time: Date): NewRevision {
  return { revision: revisionOf(text), text, source: "edited", time };
}
