/**
 * A text while its row is locked.
 *
 * @module
 */

import { AlreadyExistsError, DatabaseError } from "../domain/errors.ts";
import type { TextArchive } from "../domain/text_archive.ts";
import type { Workflow } from "../domain/workflow.ts";
import type { RevisionOptions } from "../domain/workflow_history.ts";
import { revisionOf } from "../workflows/revision.ts";
import { findRevision, keptRevisions, noRevision } from "../workflows/revision_names.ts";
import type { LockedText, StoredText, TextWrite } from "../workflows/text_store.ts";
import { foldId } from "../workflows/workflow_id.ts";
import { editedRevision, linkRevisions, type NewRevision } from "../workflows/workflow_history.ts";
import type { Session } from "./database.ts";
import {
  hasRevisionOf,
  insertRevisions,
  readNumbers,
  readRevisionText,
  readTags,
} from "./revision_rows.ts";
import { type LockedTextRow, lockRow, type NewRow, type TextTable, writeRow } from "./text_row.ts";

/** What a locked row needs to know. */
export interface LockedRowOptions {
  /** The table. */
  table: TextTable;
  /** Whether revisions are kept. */
  keepsRevisions: boolean;
  /** Id of the text. */
  id: string;
  /** What is done, for messages. */
  action: string;
  /** Names what is done, in every attempt. */
  token: string;
}

/** The row of one id, in a transaction. */
export class LockedRow implements LockedText {
  readonly #session: Session;
  readonly #options: LockedRowOptions;
  #row: LockedTextRow | undefined;
  #isRead = false;
  #wrote = false;

  /**
   * @param session The transaction.
   * @param options Which row.
   */
  constructor(session: Session, options: LockedRowOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** How often the row was written, once this did. */
  get writes(): number | undefined {
    return this.#wrote ? this.#row?.writes : undefined;
  }

  /**
   * Tells whether an earlier attempt, whose commit was not answered, was done.
   *
   * @param writes How often the row was written then, that attempt included.
   */
  async isDone(writes: number): Promise<boolean> {
    const { id, token, keepsRevisions, action } = this.#options;
    await this.read();
    if (this.#row?.token === token) return true;
    if (this.#row === undefined || this.#row.writes < writes) return false;
    if (keepsRevisions) return await hasRevisionOf(this.#session, id, token);
    throw new DatabaseError(
      `${action}: the connection was lost before the server answered, and somebody else wrote ` +
        "since, so it may have been done or not; look before trying again",
      { code: "io" },
    );
  }

  async read(): Promise<StoredText | undefined> {
    if (!this.#isRead) {
      this.#row = await lockRow(this.#session, this.#options.table, this.#options.id);
      this.#isRead = true;
    }
    const { text, modified } = this.#row ?? {};
    return text === undefined ? undefined : { text, modified: modified! };
  }

  async refuseSimilar(): Promise<void> {
    const { table: { name, kind }, id, action } = this.#options;
    const { rows: [row] } = await this.#session.query(
      `SELECT id FROM ${name} WHERE folded = $1 AND id <> $2 AND text IS NOT NULL`,
      [foldId(id), id],
    );
    if (row === undefined) return;
    const other = String(row[0]);
    throw new AlreadyExistsError(
      `${action}: the id differs from that of ${kind} "${other}" only in case or Unicode form`,
      { kind, id: other },
    );
  }

  /** Whoever wants the same name waits until this transaction has ended. */
  async findName(name: string): Promise<string | undefined> {
    await this.#session.query(
      "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || $1, 0))",
      [` goflow name ${name}`],
    );
    const { rows: [row] } = await this.#session.query(
      `SELECT id FROM workflows
      WHERE left(name, 200) = left($1, 200) AND name = $1 AND id <> $2 AND text IS NOT NULL
      ORDER BY id LIMIT 1`,
      [name, this.#options.id],
    );
    return row === undefined ? undefined : String(row[0]);
  }

  async write(text: string, { check, workflow, change }: TextWrite): Promise<boolean> {
    if (!check()) return false;
    await this.read();
    const next = change === undefined ? [] : [{ ...change, text }];
    await this.#replace({ text, workflow: workflow?.(), modified: new Date() }, next);
    return true;
  }

  /** Removes the text; tells whether there was one. */
  async remove({ author, message }: RevisionOptions = {}): Promise<boolean> {
    const stored = await this.read();
    if (stored === undefined) return false;
    const revision = revisionOf(stored.text);
    const deleted: NewRevision = { revision, source: "deleted", author, message };
    await this.#replace({ text: undefined, modified: new Date() }, [deleted]);
    return true;
  }

  /**
   * Writes all that is kept of a text.
   *
   * @param archive The text, its revisions and its tags.
   * @param workflow What the text says, where it can be read.
   */
  async replaceAll(archive: TextArchive, workflow: Workflow | undefined): Promise<void> {
    const { table, id, token } = this.#options;
    const { text, revisions, tags } = archive;
    if (table.isDescribed) {
      await this.#session.query("DELETE FROM workflow_revisions WHERE workflow_id = $1", [id]);
      await this.#session.query("DELETE FROM workflow_tags WHERE workflow_id = $1", [id]);
    }
    const row = {
      text,
      workflow,
      modified: new Date(),
      lastNumber: revisions.length,
      lastRevision: revisions.at(-1)?.revision,
    };
    this.#row = await writeRow(this.#session, table, id, row, this.#row, token);
    this.#wrote = true;
    await insertRevisions(this.#session, id, 0, revisions, token);
    const names = Object.keys(tags);
    if (names.length === 0) return;
    await this.#session.query(
      `INSERT INTO workflow_tags (workflow_id, tag, revision)
      SELECT $1, * FROM unnest($2::text[], $3::text[])`,
      [id, names, names.map((tag) => tags[tag]!)],
    );
  }

  /** Writes the row, and the revisions that lead to it. */
  async #replace(
    row: Omit<NewRow, "lastNumber" | "lastRevision">,
    next: readonly NewRevision[],
  ): Promise<void> {
    const { table, id, keepsRevisions, token } = this.#options;
    const before = this.#row;
    const stored = before?.text === undefined ? [] : [editedRevision(before.text, before.modified)];
    const records = keepsRevisions && next.length > 0
      ? linkRevisions(this.#last(), [...stored, ...next])
      : [];
    const { lastNumber = 0, lastRevision } = before ?? {};
    const written = {
      ...row,
      lastNumber: lastNumber + records.length,
      lastRevision: records.at(-1)?.revision ?? lastRevision,
    };
    this.#row = await writeRow(this.#session, table, id, written, before, token);
    const revisions = records.map((record) => ({ ...record, time: new Date(record.time) }));
    await insertRevisions(this.#session, id, lastNumber, revisions, token);
    this.#wrote = true;
  }

  /** The last revision; what is there without a text was deleted. */
  #last(): Parameters<typeof linkRevisions>[0] {
    const { text, lastRevision } = this.#row ?? {};
    if (lastRevision === undefined) return undefined;
    const source = text === undefined ? "deleted" : "saved";
    return { revision: lastRevision, time: "", source };
  }

  async revision(revision: string): Promise<string | undefined> {
    return await readRevisionText(this.#session, this.#options.id, revision);
  }

  async record(): Promise<void> {
    await this.read();
    const row = this.#row;
    if (row?.text === undefined || row.lastRevision === revisionOf(row.text)) return;
    const [record] = linkRevisions(this.#last(), [editedRevision(row.text, row.modified)]);
    const { id, token } = this.#options;
    await insertRevisions(
      this.#session,
      id,
      row.lastNumber,
      [{ ...record!, time: row.modified }],
      token,
    );
    const lastRevision = record!.revision;
    this.#row = { ...row, lastNumber: row.lastNumber + 1, lastRevision };
    await this.#session.query(
      "UPDATE workflows SET last_number = last_number + 1, last_revision = $2 WHERE id = $1",
      [id, lastRevision],
    );
  }

  async tag(tag: string, name: string | undefined): Promise<void> {
    const { id, action } = this.#options;
    await this.read();
    const tags = await readTags(this.#session, id);
    if (name === undefined) {
      if (!tags.has(tag) && !this.#session.uncertain) throw noRevision(id, tag, action);
      await this.#session.query("DELETE FROM workflow_tags WHERE workflow_id = $1 AND tag = $2", [
        id,
        tag,
      ]);
      return;
    }
    const revisions = new Set(
      (await readNumbers(this.#session, id)).map(({ revision }) => revision),
    );
    await this.#session.query(
      `INSERT INTO workflow_tags (workflow_id, tag, revision) VALUES ($1, $2, $3)
      ON CONFLICT (workflow_id, tag) DO UPDATE SET revision = excluded.revision`,
      [id, tag, findRevision(name, revisions, tags, id, action)],
    );
  }

  async prune(keep: number, referenced: ReadonlySet<string>): Promise<number> {
    const { id } = this.#options;
    await this.read();
    const numbers = await readNumbers(this.#session, id);
    const kept = new Set(
      keptRevisions(numbers, await readTags(this.#session, id), keep, referenced),
    );
    const removed = numbers.filter((revision) => !kept.has(revision));
    if (removed.length === 0) return 0;
    await this.#session.query(
      "DELETE FROM workflow_revisions WHERE workflow_id = $1 AND number = ANY($2::integer[])",
      [id, removed.map(({ number }) => number)],
    );
    return removed.length;
  }
}
