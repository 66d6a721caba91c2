/**
 * Looks back at the revisions of workflows.
 *
 * @module
 */

import { diffWorkflows } from "../domain/diff.ts";
import { InvalidDataError, NotFoundError } from "../domain/errors.ts";
import type { PruneOptions, RevisionDiff, WorkflowRevision } from "../domain/workflow_history.ts";
import { revisionOf } from "./revision.ts";
import type { RevisionStore, TextStore } from "./text_store.ts";
import { unifiedDiff } from "./unified_diff.ts";
import { type ParsedWorkflow, parseWorkflow } from "./workflow_cache.ts";
import { requireId } from "./workflow_id.ts";
import { actionOf } from "./workflow_store.ts";
import { notFound } from "./workflow_writer.ts";

/** Finds the revisions of a workflow that must survive pruning. */
export type ReferencedRevisions = (id: string) => Iterable<string> | Promise<Iterable<string>>;

const KEEP = 100;

/** The revisions of workflows. */
export class WorkflowRevisions {
  readonly #texts: TextStore;
  readonly #referenced: ReferencedRevisions;

  /**
   * @param texts The texts.
   * @param referenced Finds the revisions that must survive pruning.
   */
  constructor(texts: TextStore, referenced: ReferencedRevisions) {
    this.#texts = texts;
    this.#referenced = referenced;
  }

  /** Lists the revisions of a workflow, newest first. */
  async list(id: string): Promise<WorkflowRevision[]> {
    const action = actionOf("list the revisions of", id);
    const history = this.#require(id, action);
    const stored = await this.#texts.read(id, action);
    const recorded = stored === undefined || await this.#texts.notice(id, stored);
    const revisions = await history.list(id, action);
    if (stored === undefined && revisions.length === 0) throw notFound(id, action);
    const revision = stored === undefined ? undefined : revisionOf(stored.text);
    const [last] = revisions;
    if (recorded || (last?.revision === revision && last?.source !== "deleted")) return revisions;
    // What somebody else wrote and nobody could record.
    return [{
      revision: revision!,
      ...(last === undefined ? {} : { parent: last.revision }),
      time: stored!.modified,
      source: "edited",
      tags: [],
      size: stored!.text.length,
    }, ...revisions];
  }

  /** Reads a revision. */
  async load(id: string, name: string): Promise<ParsedWorkflow> {
    const action = `Cannot load revision ${JSON.stringify(name)} of workflow ${JSON.stringify(id)}`;
    return parseWorkflow(id, (await this.text(id, name, action)).text, action);
  }

  /** Returns the text of a revision. */
  async text(
    id: string,
    name: string,
    action: string,
  ): Promise<{ revision: string; text: string }> {
    const history = this.#require(id, action);
    try {
      return await history.text(id, name, action);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      // The stored one may not be recorded yet.
      const stored = await this.#texts.read(id, action);
      if (stored === undefined || revisionOf(stored.text) !== name) throw error;
      return { revision: name, text: stored.text };
    }
  }

  /** Compares two revisions, or one with what is stored. */
  async diff(id: string, from: string, to: string | undefined): Promise<RevisionDiff> {
    const action = actionOf("compare revisions of", id);
    const before = await this.text(id, from, action);
    const after = to === undefined
      ? { text: await this.#stored(id, action), revision: "stored" }
      : await this.text(id, to, action);
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

  async #stored(id: string, action: string): Promise<string> {
    const stored = await this.#texts.read(id, action);
    if (stored === undefined) throw notFound(id, action);
    await this.#texts.notice(id, stored);
    return stored.text;
  }

  /** Names a revision. */
  async tag(id: string, tag: string, name: string | null | undefined): Promise<void> {
    const action = actionOf("tag a revision of", id);
    this.#require(id, action);
    if (tag === "" || /[\p{Cc}\p{Cs}]/u.test(tag)) {
      throw new InvalidDataError(
        `${action}: the tag is ${
          JSON.stringify(tag)
        }, wanted is text without control characters and halves of surrogate pairs`,
      );
    }
    await this.#texts.locked(id, action, async (entry) => {
      if (name !== undefined) return await entry.tag(tag, name ?? undefined);
      const stored = await entry.read();
      if (stored === undefined) throw notFound(id, action);
      await entry.record();
      await entry.tag(tag, revisionOf(stored.text));
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
    for (const one of id === undefined ? await history.ids(action) : [id]) {
      const referenced = new Set(await this.#referenced(one));
      removed += await this.#texts.locked(
        one,
        action,
        async (entry) => await entry.prune(keep, referenced),
      );
    }
    return removed;
  }

  #require(id: string, action: string): RevisionStore {
    requireId(id, action);
    const { history } = this.#texts;
    if (history !== undefined) return history;
    throw new InvalidDataError(
      `${action}: no revisions are kept, open the repository with "history: true"`,
    );
  }
}
