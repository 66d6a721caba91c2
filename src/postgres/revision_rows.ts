/**
 * The revisions and tags of one workflow.
 *
 * @module
 */

import type { ArchivedRevision } from "../domain/text_archive.ts";
import type { RevisionSource, WorkflowRevision } from "../domain/workflow_history.ts";
import type { SqlValue } from "../executions/driver.ts";
import { namesOf } from "../workflows/revision_names.ts";
import type { Session } from "./database.ts";
import { MILLISECONDS, TIME } from "./text_row.ts";

/** What runs statements; only one that reads needs no transaction. */
export type Reader = Pick<Session, "query">;

/** Most texts that are sent at once, in characters, one text apart. */
const BATCH_SIZE = 4 * 1024 * 1024;
/** Most revisions that are sent at once. */
const BATCH = 500;

/**
 * Appends revisions.
 *
 * @param session The transaction, which holds the lock of the workflow.
 * @param id Id of the workflow.
 * @param after Number of the revision before.
 * @param revisions The revisions, oldest first.
 * @param token Names the operation.
 */
export async function insertRevisions(
  session: Session,
  id: string,
  after: number,
  revisions: readonly ArchivedRevision[],
  token: string,
): Promise<void> {
  let number = after;
  for (const batch of batches(revisions)) {
    const column = <T>(value: (revision: ArchivedRevision) => T) => batch.map(value);
    await session.query(
      `INSERT INTO workflow_revisions (workflow_id, number, revision, parent, recorded_at, source,
        author, message, size, text, token)
      SELECT $1, number, revision, parent, ${TIME("time")}, source, author, message, size, text, $11
      FROM unnest($2::integer[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
        $8::text[], $9::integer[], $10::text[])
        AS r (number, revision, parent, time, source, author, message, size, text)`,
      [
        id,
        column(() => ++number),
        column(({ revision }) => revision),
        column(({ parent }) => parent ?? null),
        column(({ time }) => time.getTime()),
        column(({ source }) => source),
        column(({ author }) => author ?? null),
        column(({ message }) => message ?? null),
        column(({ text }) => text?.length ?? 0),
        column(({ text }) => text ?? null),
        token,
      ],
    );
  }
}

function* batches(revisions: readonly ArchivedRevision[]): Generator<ArchivedRevision[]> {
  let batch: ArchivedRevision[] = [];
  let size = 0;
  for (const revision of revisions) {
    const length = revision.text?.length ?? 0;
    if (batch.length === BATCH || (batch.length > 0 && size + length > BATCH_SIZE)) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(revision);
    size += length;
  }
  if (batch.length > 0) yield batch;
}

/** Tells whether an operation wrote a revision of a workflow. */
export async function hasRevisionOf(reader: Reader, id: string, token: string): Promise<boolean> {
  const { count } = await reader.query(
    "SELECT 1 FROM workflow_revisions WHERE workflow_id = $1 AND token = $2 LIMIT 1",
    [id, token],
  );
  return count > 0;
}

/** Reads the tags of a workflow. */
export async function readTags(reader: Reader, id: string): Promise<Map<string, string>> {
  const { rows } = await reader.query(
    "SELECT tag, revision FROM workflow_tags WHERE workflow_id = $1 ORDER BY tag",
    [id],
  );
  return new Map(rows.map(([tag, revision]) => [String(tag), String(revision)]));
}

/** Reads the numbers, hashes and sources of all revisions of a workflow, oldest first. */
export async function readNumbers(
  reader: Reader,
  id: string,
): Promise<{ number: number; revision: string; source: RevisionSource }[]> {
  const { rows } = await reader.query(
    "SELECT number, revision, source FROM workflow_revisions WHERE workflow_id = $1 ORDER BY number",
    [id],
  );
  return rows.map(([number, revision, source]) => ({
    number: Number(number),
    revision: String(revision),
    source: source as RevisionSource,
  }));
}

/** Reads the newest text of a revision; `undefined` when it is not kept. */
export async function readRevisionText(
  reader: Reader,
  id: string,
  revision: string,
): Promise<string | undefined> {
  const { rows: [row] } = await reader.query(
    `SELECT text FROM workflow_revisions
    WHERE workflow_id = $1 AND revision = $2 AND text IS NOT NULL
    ORDER BY number DESC LIMIT 1`,
    [id, revision],
  );
  return row === undefined ? undefined : String(row[0]);
}

/** Reads all revisions of a workflow without their texts, newest first. */
export async function readRevisions(reader: Reader, id: string): Promise<WorkflowRevision[]> {
  const names = namesOf(await readTags(reader, id));
  const rows = await readRows(reader, id, "size");
  return rows.map(([size = null, ...row]) => {
    const revision = readRevision(row);
    return { ...revision, tags: names.get(revision.revision) ?? [], size: Number(size) };
  }).reverse();
}

/** Reads all revisions of a workflow with their texts, oldest first. */
export async function readArchived(reader: Reader, id: string): Promise<ArchivedRevision[]> {
  const rows = await readRows(reader, id, "text");
  return rows.map(([text = null, ...row]) => ({
    ...readRevision(row),
    ...(text === null ? {} : { text: String(text) }),
  }));
}

async function readRows(reader: Reader, id: string, first: "size" | "text"): Promise<SqlValue[][]> {
  const { rows } = await reader.query(
    `SELECT ${first}, revision, parent, ${MILLISECONDS("recorded_at")}, source, author, message
    FROM workflow_revisions WHERE workflow_id = $1 ORDER BY number`,
    [id],
  );
  return rows.map((row) => [...row]);
}

function readRevision(row: SqlValue[]): Omit<ArchivedRevision, "text"> {
  const [revision, parent = null, time, source, author = null, message = null] = row;
  return {
    revision: String(revision),
    ...(parent === null ? {} : { parent: String(parent) }),
    time: new Date(Number(time)),
    source: source as RevisionSource,
    ...(author === null ? {} : { author: String(author) }),
    ...(message === null ? {} : { message: String(message) }),
  };
}
