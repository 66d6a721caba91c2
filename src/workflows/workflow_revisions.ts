/**
 * Looks back at the revisions of workflows.
 *
 * @module
 */

import { diffWorkflows } from "../domain/diff.ts";
import { InvalidDataError, NotFoundError } from "../domain/errors.ts";
import type { PruneOptions, RevisionDiff, WorkflowRevision } from "../domain/workflow_history.ts";
import { requireAccess } from "../file_errors.ts";
import { revisionOf } from "./revision.ts";
import { unifiedDiff } from "./unified_diff.ts";
import { type ParsedWorkflow, parseWorkflow } from "./workflow_cache.ts";
import type { WorkflowHistory } from "./workflow_history.ts";
import { requireId } from "./workflow_id.ts";
import { actionOf, type WorkflowStore } from "./workflow_store.ts";

/** Finds the revisions of a workflow that must survive pruning. */
export type ReferencedRevisions = (id: string) => Iterable<string> | Promise<Iterable<string>>;

const KEEP = 100;

/** The revisions of workflows. */
export class WorkflowRevisions {
  readonly #store: WorkflowStore;
  readonly #history: WorkflowHistory | undefined;
  readonly #referenced: ReferencedRevisions;

  /**
   * @param store The store.
   * @param history The revisions; absent when they are not kept.
   * @param referenced Finds the revisions that must survive pruning.
   */
  constructor(
    store: WorkflowStore,
    history: WorkflowHistory | undefined,
    referenced: ReferencedRevisions,
  ) {
    this.#store = store;
    this.#history = history;
    this.#referenced = referenced;
  }

  /** Lists the revisions of a workflow, newest first. */
  async list(id: string): Promise<WorkflowRevision[]> {
    const action = actionOf("list the revisions of", id);
    const history = this.#require(id, action);
    const file = this.#store.folder.read(id, action);
    const recorded = file === undefined || await this.#store.notice(id, file);
    const revisions = history.list(id);
    if (file === undefined && revisions.length === 0) {
      throw new NotFoundError(`${action}: there is no such workflow`, { kind: "workflow", id });
    }
    const revision = file === undefined ? undefined : revisionOf(file.text);
    const [last] = revisions;
    if (recorded || (last?.revision === revision && last?.source !== "deleted")) return revisions;
    // What somebody else wrote and nobody could record.
    return [{
      revision: revision!,
      ...(last === undefined ? {} : { parent: last.revision }),
      time: file!.modified,
      source: "edited",
      tags: [],
      size: file!.text.length,
    }, ...revisions];
  }

  /** Reads a revision. */
  load(id: string, name: string): Promise<ParsedWorkflow> {
    return Promise.try(() => {
      const action = `Cannot load revision ${JSON.stringify(name)} of workflow ${
        JSON.stringify(id)
      }`;
      return parseWorkflow(id, this.text(id, name, action).text, action);
    });
  }

  /** Returns the text of a revision. */
  text(id: string, name: string, action: string): { revision: string; text: string } {
    const history = this.#require(id, action);
    try {
      return history.text(id, name, action);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      // The stored one may not be recorded yet.
      const file = this.#store.folder.read(id, action);
      if (file === undefined || revisionOf(file.text) !== name) throw error;
      return { revision: name, text: file.text };
    }
  }

  /** Compares two revisions, or one with what is stored. */
  async diff(id: string, from: string, to: string | undefined): Promise<RevisionDiff> {
    const action = actionOf("compare revisions of", id);
    const before = this.text(id, from, action);
    const after = to === undefined
      ? { text: (await this.#store.read(id, action)).text, revision: "stored" }
      : this.text(id, to, action);
    const changes = diffWorkflows(
      parseWorkflow(id, before.text, action).workflow,
      parseWorkflow(id, after.text, action).workflow,
    );
    const unified = unifiedDiff(before.text, after.text, {
      before: `${id}.yaml ${before.revision.slice(0, 12)}`,
      after: `${id}.yaml ${after.revision.slice(0, 12)}`,
    });
    return { changes, unified };
  }

  /** Names a revision. */
  async tag(id: string, tag: string, name: string | null | undefined): Promise<void> {
    const action = actionOf("tag a revision of", id);
    const history = this.#require(id, action);
    await this.#store.locked(id, action, async () => {
      if (name !== undefined) {
        await history.tag(id, tag, name ?? undefined, action);
        return;
      }
      const file = this.#store.folder.read(id, action);
      if (file === undefined) {
        throw new NotFoundError(`${action}: there is no such workflow`, { kind: "workflow", id });
      }
      await history.recordEdit(id, file.text, file.modified);
      await history.tag(id, tag, revisionOf(file.text), action);
    });
  }

  /** Removes old revisions. */
  async prune({ keep = KEEP, id }: PruneOptions): Promise<number> {
    const action = "Cannot prune the revisions of workflows";
    if (!Number.isInteger(keep) || keep < 1) {
      throw new InvalidDataError(`${action}: "keep" is ${keep}, a whole number from 1 is wanted`);
    }
    const history = this.#require(id ?? "all", action);
    let removed = 0;
    for (const one of id === undefined ? history.ids() : [id]) {
      const referenced = new Set(await this.#referenced(one));
      removed += await this.#store.locked(
        one,
        action,
        () => history.prune(one, keep, referenced),
      );
    }
    return removed;
  }

  #require(id: string, action: string): WorkflowHistory {
    requireId(id, action);
    if (this.#history === undefined) {
      throw new InvalidDataError(
        `${action}: no revisions are kept, open the repository with "history: true"`,
      );
    }
    requireAccess(action, this.#store.folder.root, this.#history.pathOf(id), "read");
    return this.#history;
  }
}
