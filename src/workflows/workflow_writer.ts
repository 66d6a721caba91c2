/**
 * Everything that changes the files of workflows, under the lock of the folder.
 *
 * @module
 */

import {
  AlreadyExistsError,
  ConflictError,
  InvalidDataError,
  NotFoundError,
  StorageError,
} from "../domain/errors.ts";
import { mergeWorkflows } from "../domain/merge.ts";
import type { Workflow } from "../domain/workflow.ts";
import type { RevisionOptions, RevisionSource } from "../domain/workflow_history.ts";
import type { SaveOptions, SaveResult, WorkflowEdit } from "../domain/workflow_repository.ts";
import { checkSecrets } from "./check_secrets.ts";
import { type PreparedSave, prepareSave, verifyText } from "./prepare_save.ts";
import { revisionOf } from "./revision.ts";
import {
  copyWorkflow,
  decodeDocument,
  type ParsedWorkflow,
  parseWorkflow,
  RecentWorkflows,
} from "./workflow_cache.ts";
import type { ReadFile, WorkflowFolder } from "./workflow_folder.ts";
import { editedRevision, type NewRevision, type WorkflowHistory } from "./workflow_history.ts";
import type { YamlDocument } from "./yaml_reader.ts";

/** How often an update starts again because somebody wrote without the lock. */
const ATTEMPTS = 10;

/** What is done to a file. */
export interface Change extends RevisionOptions {
  /** Where the revision comes from. */
  source: RevisionSource;
  /** First line of a new file. */
  header?: string | undefined;
}

/** A file that is there. */
interface Current {
  file: ReadFile;
  parsed: ParsedWorkflow;
}

/** Writes workflows. */
export class WorkflowWriter {
  /** Files parsed lately. */
  readonly recent: RecentWorkflows = new RecentWorkflows();
  readonly #folder: WorkflowFolder;
  readonly #history: WorkflowHistory | undefined;
  readonly #own = new Map<string, string | null>();
  readonly #findName: (name: string, except: string) => Promise<string | undefined>;

  /**
   * @param folder The folder.
   * @param history Takes the revisions; none when they are not kept.
   * @param findName Finds the id of another workflow of a name.
   */
  constructor(
    folder: WorkflowFolder,
    history: WorkflowHistory | undefined,
    findName: (name: string, except: string) => Promise<string | undefined>,
  ) {
    this.#folder = folder;
    this.#history = history;
    this.#findName = findName;
  }

  /** Revision that was written here last, `null` when the workflow was deleted here. */
  own(id: string): string | null | undefined {
    return this.#own.get(id);
  }

  /** Saves a workflow. */
  async save(
    workflow: Workflow,
    options: SaveOptions,
    change: Change,
    action: string,
  ): Promise<SaveResult> {
    const secrets = checkSecrets(workflow, options.secrets ?? "refuse", action);
    const result = await this.#folder.locked(workflow.id, action, async () => {
      const current = this.#current(workflow.id, action);
      const merged = this.#reconcile(workflow, current, options, action);
      await this.#refuseName(workflow, options, action);
      const saved = await this.#replace(merged ?? workflow, current, change, action);
      return merged === undefined ? saved : { ...saved, merged: true as const };
    });
    return secrets.length === 0 ? result : { ...result, secrets };
  }

  /** Reads, changes and saves a workflow, with nobody else in between. */
  async update(
    id: string,
    edit: WorkflowEdit,
    options: SaveOptions,
    change: Change,
    action: string,
  ): Promise<SaveResult> {
    return await this.#folder.locked(id, action, async () => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const current = this.#current(id, action);
        if (current === undefined) throw notFound(id, action);
        const copy = copyWorkflow(current.parsed.workflow);
        const edited = await edit(copy) ?? copy;
        if (edited.id !== id) {
          throw new InvalidDataError(`${action}: the id became "${edited.id}", it must stay`);
        }
        const secrets = checkSecrets(edited, options.secrets ?? "refuse", action);
        await this.#refuseName(edited, options, action);
        // Editors do not take the lock.
        if (this.#folder.read(id, action)?.text !== current.file.text) continue;
        const result = await this.#replace(edited, current, change, action);
        return secrets.length === 0 ? result : { ...result, secrets };
      }
      throw new StorageError(`${action}: the file changed ${ATTEMPTS} times meanwhile`);
    });
  }

  /** Writes a file anew with the canonical keys. */
  async normalize(id: string, change: Change, action: string): Promise<SaveResult> {
    return await this.#folder.locked(id, action, async () => {
      const current = this.#current(id, action);
      if (current === undefined) throw notFound(id, action);
      const { workflow, document } = current.parsed;
      const prepared = prepareSave(workflow, document, {
        action,
        now: new Date(),
        canonical: true,
      });
      return await this.#write(id, prepared, current, change, action);
    });
  }

  /** Writes a text as it is. */
  async restore(id: string, text: string, change: Change, action: string): Promise<SaveResult> {
    return await this.#folder.locked(id, action, async () => {
      const file = this.#folder.read(id, action);
      if (file === undefined) this.#folder.refuseSimilar(id, action);
      if (file?.text === text) return { revision: revisionOf(text), changed: false };
      const { document } = parseWorkflow(id, text, action);
      const prepared = { value: document.value, texts: [{ text, rewritten: false }] };
      return await this.#write(id, prepared, file && { file }, change, action);
    });
  }

  /** Deletes a file. */
  async delete(id: string, change: RevisionOptions, action: string): Promise<void> {
    this.#folder.requireWriteAccess(id, action);
    if (!this.#folder.exists(id, action)) throw notFound(id, action);
    await this.#folder.locked(id, action, async () => {
      if (!this.#folder.exists(id, action)) throw notFound(id, action);
      const undo = await this.#recordDeletion(id, change, action);
      try {
        await this.#folder.remove(id, action);
      } catch (error) {
        undo?.();
        throw error;
      }
      this.recent.forget(id);
      this.#own.set(id, null);
    });
  }

  async #recordDeletion(
    id: string,
    { author, message }: RevisionOptions,
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

  #current(id: string, action: string): Current | undefined {
    const file = this.#folder.read(id, action);
    if (file === undefined) {
      this.#folder.refuseSimilar(id, action);
      return undefined;
    }
    return { file, parsed: this.recent.parse(id, file.text, action, file.path) };
  }

  /** Returns the merge of both edits when somebody else was faster, `undefined` when nobody was. */
  #reconcile(
    workflow: Workflow,
    current: Current | undefined,
    { ifAbsent, ifRevision, onConflict }: SaveOptions,
    action: string,
  ): Workflow | undefined {
    const { id } = workflow;
    if (ifAbsent && current !== undefined) {
      throw new AlreadyExistsError(`${action}: it exists already`, { kind: "workflow", id });
    }
    const expected = ifRevision ?? (onConflict === "merge" ? workflow.revision : undefined);
    const actual = current?.parsed.revision ?? "";
    if (expected === undefined || expected === actual) return undefined;
    const fields = { expected, actual };
    if (current === undefined) {
      throw new ConflictError(`${action}: somebody else deleted it`, fields);
    }
    const base = onConflict === "merge" ? this.#revision(id, expected, action) : undefined;
    if (base === undefined) {
      const why = onConflict === "merge" ? ", and the revision to merge from is not kept" : "";
      throw new ConflictError(`${action}: somebody else changed it${why}`, fields);
    }
    const merge = mergeWorkflows(base, workflow, current.parsed.workflow);
    const { conflicts } = merge;
    if (conflicts.length === 0) return merge.workflow;
    const names = conflicts.map(({ field }) => field).join(", ");
    throw new ConflictError(`${action}: somebody else changed ${names}, too`, {
      ...fields,
      conflicts,
    });
  }

  #revision(id: string, revision: string, action: string): Workflow | undefined {
    const recent = this.recent.revision(id, revision);
    if (recent !== undefined || this.#history === undefined) return recent;
    try {
      const { text } = this.#history.text(id, revision, action);
      return parseWorkflow(id, text, action).workflow;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  async #refuseName(
    workflow: Workflow,
    { uniqueName }: SaveOptions,
    action: string,
  ): Promise<void> {
    if (!uniqueName) return;
    const other = await this.#findName(workflow.name, workflow.id);
    if (other === undefined) return;
    throw new AlreadyExistsError(
      `${action}: workflow "${other}" has the name "${workflow.name}" already`,
      { kind: "workflow name", id: workflow.name },
    );
  }

  async #replace(
    workflow: Workflow,
    current: Current | undefined,
    change: Change,
    action: string,
  ): Promise<SaveResult> {
    const prepared = prepareSave(workflow, current?.parsed.document, {
      action,
      now: new Date(),
      before: current?.parsed.workflow,
      header: change.header,
    });
    return await this.#write(workflow.id, prepared, current, change, action);
  }

  /** Writes the first text that says what was meant. */
  async #write(
    id: string,
    prepared: PreparedSave | undefined,
    current: { file: ReadFile; parsed?: ParsedWorkflow } | undefined,
    change: Change,
    action: string,
  ): Promise<SaveResult> {
    if (prepared === undefined) return { revision: current!.parsed!.revision, changed: false };
    const { value, texts } = prepared;
    for (const candidate of texts) {
      const { text, rewritten } = candidate;
      const revision = revisionOf(text);
      let document: YamlDocument | undefined;
      const written = await this.#folder.write(id, text, action, {
        replaces: current?.file,
        check: () => (document = verifyText(candidate, value, action)) !== undefined,
        beside: (temporary) =>
          this.#record(id, { ...change, revision, text }, current?.file, temporary),
      });
      if (!written || document === undefined) continue;
      this.recent.put(id, decodeDocument(id, document, action));
      this.#own.set(id, revision);
      return { revision, changed: true, ...(rewritten && current ? { rewritten } : {}) };
    }
    throw new InvalidDataError(`${action}: no YAML text says the same`);
  }

  /** Records a revision, and before it what somebody else made of the file since the last one. */
  async #record(
    id: string,
    next: NewRevision,
    file: ReadFile | undefined,
    temporary: string,
  ): Promise<() => void> {
    if (this.#history === undefined) return () => undefined;
    const before = file === undefined ? [] : [editedRevision(file.text, file.modified)];
    return await this.#history.record(id, [...before, next], temporary);
  }

  /**
   * Records what somebody else made of a file that has a history.
   *
   * @returns Whether the last revision is that of the file now.
   */
  async notice(id: string, file: ReadFile, action: string): Promise<boolean> {
    const history = this.#history;
    if (history === undefined || !history.exists(id)) return false;
    if (history.last(id) === revisionOf(file.text)) return true;
    if (!this.#folder.mayWrite(id)) return false;
    return await this.#folder.locked(id, action, async () => {
      const now = this.#readable(id, action);
      if (now === undefined) return false;
      await history.recordEdit(id, now.text, now.modified);
      return true;
    });
  }
}

/** Makes the error for a workflow that is not there. */
export function notFound(id: string, action: string): NotFoundError {
  return new NotFoundError(`${action}: there is no such workflow`, { kind: "workflow", id });
}
