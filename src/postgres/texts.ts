/**
 * Texts in a table of PostgreSQL, verbatim, with their revisions.
 *
 * @module
 */

import { InvalidDataError, NotFoundError } from "../domain/errors.ts";
import type { TextArchive, WriteArchiveOptions } from "../domain/text_archive.ts";
import type { Workflow } from "../domain/workflow.ts";
import type { RevisionOptions, WorkflowRevision } from "../domain/workflow_history.ts";
import { digestOf, requireReplaced } from "../workflows/archive.ts";
import { findRevision, noRevision } from "../workflows/revision_names.ts";
import type { RevisionStore, StoredText, TextStore } from "../workflows/text_store.ts";
import { parseWorkflow } from "../workflows/workflow_cache.ts";
import { requireId } from "../workflows/workflow_id.ts";
import type { PostgresDatabase, Session } from "./database.ts";
import { LockedRow } from "./locked_row.ts";
import {
  type Reader,
  readNumbers,
  readRevisions,
  readRevisionText,
  readTags,
} from "./revision_rows.ts";
import { readArchive, readDigest } from "./text_archive.ts";
import { MILLISECONDS, type TextTable } from "./text_row.ts";
import { writeOnce } from "./write_once.ts";

/** Texts in a table. */
export class PostgresTexts implements TextStore {
  readonly history: RevisionStore | undefined;
  readonly #database: PostgresDatabase;
  readonly #table: TextTable;

  /**
   * @param database The database.
   * @param table The table.
   * @param keepsRevisions Whether revisions are kept.
   */
  constructor(database: PostgresDatabase, table: TextTable, keepsRevisions: boolean) {
    this.#database = database;
    this.#table = table;
    if (keepsRevisions) this.history = new RevisionRows(database);
  }

  async ids(action: string): Promise<string[]> {
    const { rows } = await this.#database.query(
      action,
      `SELECT id FROM ${this.#table.name} WHERE text IS NOT NULL ORDER BY id`,
    );
    return rows.map(([id]) => String(id));
  }

  async read(id: string, action: string): Promise<StoredText | undefined> {
    requireId(id, action);
    const { rows: [row] } = await this.#database.query(
      action,
      `SELECT text, ${MILLISECONDS("modified_at")} FROM ${this.#table.name}
      WHERE id = $1 AND text IS NOT NULL`,
      [id],
    );
    return row && { text: String(row[0]), modified: new Date(Number(row[1])) };
  }

  async locked<T>(
    id: string,
    action: string,
    run: (entry: LockedRow) => Promise<T>,
  ): Promise<T> {
    requireId(id, action);
    const token = crypto.randomUUID();
    return await writeOnce(this.#database, action, async (session) => {
      const entry = this.#entry(session, id, action, token);
      const value = await run(entry);
      const { writes } = entry;
      const isDone = writes === undefined
        ? undefined
        : (session: Session) => this.#entry(session, id, action, token).isDone(writes);
      return { value, isDone };
    });
  }

  remove(id: string, action: string, change?: RevisionOptions): Promise<boolean> {
    return this.locked(id, action, (entry) => entry.remove(change));
  }

  async archiveIds(): Promise<string[]> {
    const { name, isDescribed } = this.#table;
    const { rows } = await this.#database.query(
      "Cannot list what is kept",
      isDescribed
        ? `SELECT id FROM workflows WHERE text IS NOT NULL OR last_number > 0 ORDER BY id`
        : `SELECT id FROM ${name} WHERE text IS NOT NULL ORDER BY id`,
    );
    return rows.map(([id]) => String(id));
  }

  async archiveDigest(id: string): Promise<string | undefined> {
    const action = `Cannot hash what is kept of ${JSON.stringify(id)}`;
    requireId(id, action);
    return await readDigest(readerOf(this.#database, action), this.#table, id);
  }

  async readArchive(id: string): Promise<TextArchive> {
    const { kind } = this.#table;
    const action = `Cannot read what is kept of ${kind} ${JSON.stringify(id)}`;
    requireId(id, action);
    const archive = await this.#database.snapshot(
      action,
      (session) => readArchive(session, this.#table, id),
    );
    if (archive !== undefined) return archive;
    throw new NotFoundError(`${action}: there is nothing`, { kind, id });
  }

  async writeArchive(archive: TextArchive, { replaces }: WriteArchiveOptions = {}): Promise<void> {
    const { id, text, revisions } = archive;
    const table = this.#table;
    const action = `Cannot store all of ${table.kind} ${JSON.stringify(id)}`;
    if (revisions.length > 0 && (this.history === undefined || !table.isDescribed)) {
      throw new InvalidDataError(`${action}: no revisions are kept here`);
    }
    requireId(id, action);
    const workflow = text === undefined || !table.isDescribed ? undefined : parsed(id, text);
    const token = crypto.randomUUID();
    const isDone = async (session: Session) =>
      await readDigest(session, table, id) === digestOf(archive);
    await writeOnce(this.#database, action, async (session) => {
      const entry = this.#entry(session, id, action, token);
      await entry.read();
      requireReplaced(await readDigest(session, table, id), replaces, action);
      if (text !== undefined) await entry.refuseSimilar();
      await entry.replaceAll(archive, workflow);
      return { value: undefined, isDone };
    });
  }

  /** Nobody writes to the table but through this module. */
  notice(): boolean {
    return false;
  }

  #entry(session: Session, id: string, action: string, token: string): LockedRow {
    const keepsRevisions = this.history !== undefined;
    return new LockedRow(session, { table: this.#table, keepsRevisions, id, action, token });
  }
}

/** Revisions in a table. */
class RevisionRows implements RevisionStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async ids(action: string): Promise<string[]> {
    const { rows } = await this.#database.query(
      action,
      "SELECT id FROM workflows WHERE last_number > 0 ORDER BY id",
    );
    return rows.map(([id]) => String(id));
  }

  async list(id: string, action: string): Promise<WorkflowRevision[]> {
    return await readRevisions(readerOf(this.#database, action), id);
  }

  async text(
    id: string,
    name: string,
    action: string,
  ): Promise<{ revision: string; text: string }> {
    const reader = readerOf(this.#database, action);
    const revisions = new Set((await readNumbers(reader, id)).map(({ revision }) => revision));
    const revision = findRevision(name, revisions, await readTags(reader, id), id, action);
    const text = await readRevisionText(reader, id, revision);
    if (text === undefined) throw noRevision(id, name, action);
    return { revision, text };
  }
}

function readerOf(database: PostgresDatabase, action: string): Reader {
  return { query: (sql, params) => database.query(action, sql, params) };
}

/** What a text says; nothing when it cannot be read. */
function parsed(id: string, text: string): Workflow | undefined {
  try {
    return parseWorkflow(id, text, "Cannot read the workflow").workflow;
  } catch (error) {
    if (error instanceof InvalidDataError) return undefined;
    throw error;
  }
}
