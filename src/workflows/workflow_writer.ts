/**
 * Everything that changes the texts of workflows, with nobody else in between.
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
import type { RevisionOptions } from "../domain/workflow_history.ts";
import type { SaveOptions, SaveResult, WorkflowEdit } from "../domain/workflow_repository.ts";
import { checkSecrets } from "./check_secrets.ts";
import { OwnWrites } from "./own_writes.ts";
import { type PreparedSave, prepareSave, verifyText } from "./prepare_save.ts";
import { revisionOf } from "./revision.ts";
import type { LockedText, StoredText, TextChange, TextStore } from "./text_store.ts";
import {
  copyWorkflow,
  decodeDocument,
  type ParsedWorkflow,
  parseWorkflow,
  RecentWorkflows,
} from "./workflow_cache.ts";

/** How often an update starts again because somebody wrote without the lock. */
const ATTEMPTS = 10;

/** A text that is there. */
interface Current {
  stored: StoredText;
  parsed: ParsedWorkflow;
}

/** Writes workflows. */
export class WorkflowWriter {
  /** Texts parsed lately. */
  readonly recent: RecentWorkflows = new RecentWorkflows();
  readonly #texts: TextStore;
  readonly #header: string;
  /** What was written here. */
  readonly own: OwnWrites = new OwnWrites();

  /**
   * @param texts The texts.
   * @param header First lines of a new one.
   */
  constructor(texts: TextStore, header: string) {
    this.#texts = texts;
    this.#header = header;
  }

  /** Saves a workflow. */
  async save(
    workflow: Workflow,
    options: SaveOptions,
    change: TextChange,
    action: string,
  ): Promise<SaveResult> {
    const secrets = checkSecrets(workflow, options.secrets ?? "refuse", action);
    const result = await this.#texts.locked(workflow.id, action, async (entry) => {
      const current = await this.#current(workflow.id, entry, action);
      const merged = await this.#reconcile(workflow, entry, current, options, action);
      await refuseName(workflow, entry, options, action);
      const saved = await this.#replace(merged ?? workflow, entry, current, change, action);
      return merged === undefined ? saved : { ...saved, merged: true as const };
    });
    return secrets.length === 0 ? result : { ...result, secrets };
  }

  /** Reads, changes and saves a workflow, with nobody else in between. */
  async update(
    id: string,
    edit: WorkflowEdit,
    options: SaveOptions,
    change: TextChange,
    action: string,
  ): Promise<SaveResult> {
    return await this.#texts.locked(id, action, async (entry) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const current = await this.#current(id, entry, action);
        if (current === undefined) throw notFound(id, action);
        const copy = copyWorkflow(current.parsed.workflow);
        const edited = await edit(copy) ?? copy;
        if (edited.id !== id) {
          throw new InvalidDataError(`${action}: the id became "${edited.id}", it must stay`);
        }
        const secrets = checkSecrets(edited, options.secrets ?? "refuse", action);
        await refuseName(edited, entry, options, action);
        // Editors do not take the lock.
        if ((await entry.read())?.text !== current.stored.text) continue;
        const result = await this.#replace(edited, entry, current, change, action);
        return secrets.length === 0 ? result : { ...result, secrets };
      }
      throw new StorageError(`${action}: the file changed ${ATTEMPTS} times meanwhile`);
    });
  }

  /** Writes a text anew with the canonical keys. */
  async normalize(id: string, change: TextChange, action: string): Promise<SaveResult> {
    return await this.#texts.locked(id, action, async (entry) => {
      const current = await this.#current(id, entry, action);
      if (current === undefined) throw notFound(id, action);
      const { workflow, document } = current.parsed;
      const prepared = prepareSave(workflow, document, {
        action,
        now: new Date(),
        canonical: true,
      });
      return await this.#write(id, entry, prepared, current, change, action);
    });
  }

  /** Writes a text as it is. */
  async restore(
    id: string,
    text: string,
    change: TextChange,
    action: string,
  ): Promise<SaveResult> {
    return await this.#texts.locked(id, action, async (entry) => {
      const stored = await entry.read();
      if (stored === undefined) await entry.refuseSimilar();
      if (stored?.text === text) return { revision: revisionOf(text), changed: false };
      const { document } = parseWorkflow(id, text, action);
      const prepared = { value: document.value, texts: [{ text, rewritten: false }] };
      return await this.#write(id, entry, prepared, undefined, change, action);
    });
  }

  /** Deletes a text. */
  async delete(id: string, change: RevisionOptions, action: string): Promise<void> {
    this.own.note(id, null);
    if (!await this.#texts.remove(id, action, change)) throw notFound(id, action);
    this.recent.forget(id);
    this.own.note(id, null);
  }

  async #current(id: string, entry: LockedText, action: string): Promise<Current | undefined> {
    const stored = await entry.read();
    if (stored === undefined) {
      await entry.refuseSimilar();
      return undefined;
    }
    return { stored, parsed: this.recent.parse(id, stored.text, action, stored.path) };
  }

  /** Returns the merge of both edits when somebody else was faster, `undefined` when nobody was. */
  async #reconcile(
    workflow: Workflow,
    entry: LockedText,
    current: Current | undefined,
    { ifAbsent, ifRevision, onConflict }: SaveOptions,
    action: string,
  ): Promise<Workflow | undefined> {
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
    const base = onConflict === "merge"
      ? await this.#revision(id, expected, entry, action)
      : undefined;
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

  async #revision(
    id: string,
    revision: string,
    entry: LockedText,
    action: string,
  ): Promise<Workflow | undefined> {
    const recent = this.recent.revision(id, revision);
    if (recent !== undefined) return recent;
    const text = await entry.revision(revision);
    return text === undefined ? undefined : parseWorkflow(id, text, action).workflow;
  }

  async #replace(
    workflow: Workflow,
    entry: LockedText,
    current: Current | undefined,
    change: TextChange,
    action: string,
  ): Promise<SaveResult> {
    const { id } = workflow;
    const prepared = prepareSave(workflow, current?.parsed.document, {
      action,
      now: new Date(),
      before: current?.parsed.workflow,
      undone: this.recent.undone(id, workflow),
      header: this.#header,
    });
    const result = await this.#write(id, entry, prepared, current, change, action);
    if (result.changed && current !== undefined) this.recent.noteEdit(id);
    return result;
  }

  /** Writes the first text that says what was meant. */
  async #write(
    id: string,
    entry: LockedText,
    prepared: PreparedSave | undefined,
    current: Current | undefined,
    change: TextChange,
    action: string,
  ): Promise<SaveResult> {
    if (prepared === undefined) return { revision: current!.parsed.revision, changed: false };
    const { value, texts } = prepared;
    for (const candidate of texts) {
      const { text, rewritten } = candidate;
      const revision = revisionOf(text);
      let parsed: ParsedWorkflow;
      this.own.note(id, revision);
      const written = await entry.write(text, {
        check: () => {
          const document = verifyText(candidate, value, action);
          if (document === undefined) return false;
          parsed = decodeDocument(id, document, action, undefined, revision);
          return true;
        },
        workflow: () => parsed.workflow,
        change: { ...change, revision },
      });
      if (!written) continue;
      this.recent.put(id, parsed!);
      this.own.note(id, revision);
      return { revision, changed: true, ...(rewritten && current ? { rewritten } : {}) };
    }
    throw new InvalidDataError(`${action}: no YAML text says the same`);
  }
}

async function refuseName(
  workflow: Workflow,
  entry: LockedText,
  { uniqueName }: SaveOptions,
  action: string,
): Promise<void> {
  if (!uniqueName) return;
  const other = await entry.findName(workflow.name);
  if (other === undefined) return;
  throw new AlreadyExistsError(
    `${action}: workflow "${other}" has the name "${workflow.name}" already`,
    { kind: "workflow name", id: workflow.name },
  );
}

/** Makes the error for a workflow that is not there. */
export function notFound(id: string, action: string): NotFoundError {
  return new NotFoundError(`${action}: there is no such workflow`, { kind: "workflow", id });
}
