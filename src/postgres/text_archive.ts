/**
 * All that is kept of a text, read in one snapshot.
 *
 * @module
 */

import type { TextArchive } from "../domain/text_archive.ts";
import type { RevisionSource } from "../domain/workflow_history.ts";
import { digestOfHashes } from "../workflows/archive.ts";
import { readArchived, type Reader, readTags } from "./revision_rows.ts";
import { MILLISECONDS, type TextTable } from "./text_row.ts";

/** The hash of a text, computed where it lies. */
const HASH = "encode(sha256(convert_to(text, 'UTF8')), 'hex')";

/** One statement, so that all comes from one snapshot; the texts stay on the server. */
const HASHED_WORKFLOW = `SELECT ${HASH}, (
    SELECT json_agg(json_build_array(revision, parent, ${MILLISECONDS("recorded_at")}, source,
      author, message, ${HASH}) ORDER BY number)
    FROM workflow_revisions WHERE workflow_id = id
  ), (SELECT json_object_agg(tag, revision) FROM workflow_tags WHERE workflow_id = id)
  FROM workflows WHERE id = $1 AND (text IS NOT NULL OR last_number > 0)`;

/**
 * Reads the digest of all that is kept of a text.
 *
 * @param reader What runs the statement.
 * @param table The table.
 * @param id Id of the text.
 * @returns The digest, `undefined` when there is nothing.
 */
export async function readDigest(
  reader: Reader,
  { name, isDescribed }: TextTable,
  id: string,
): Promise<string | undefined> {
  const sql = isDescribed
    ? HASHED_WORKFLOW
    : `SELECT ${HASH}, NULL, NULL FROM ${name} WHERE id = $1 AND text IS NOT NULL`;
  const { rows: [row] } = await reader.query(sql, [id]);
  if (row === undefined) return undefined;
  const [text = null, revisions = null, tags = null] = row;
  return digestOfHashes({
    text: text === null ? undefined : String(text),
    revisions: revisions === null ? [] : JSON.parse(String(revisions)).map(readHashed),
    tags: tags === null ? {} : JSON.parse(String(tags)),
  });
}

function readHashed(row: (string | number | null)[]) {
  const [revision, parent, time, source, author, message, text] = row;
  return {
    revision: String(revision),
    parent: parent === null ? undefined : String(parent),
    time: new Date(Number(time)),
    source: source as RevisionSource,
    author: author === null ? undefined : String(author),
    message: message === null ? undefined : String(message),
    text: text === null ? undefined : String(text),
  };
}

/**
 * Reads all that is kept of a text.
 *
 * @param reader A transaction that sees one snapshot.
 * @param table The table.
 * @param id Id of the text.
 * @returns The archive, `undefined` when there is nothing.
 */
export async function readArchive(
  reader: Reader,
  { name, isDescribed }: TextTable,
  id: string,
): Promise<TextArchive | undefined> {
  const { rows: [row] } = await reader.query(`SELECT text FROM ${name} WHERE id = $1`, [id]);
  if (row === undefined) return undefined;
  const [text = null] = row;
  const revisions = isDescribed ? await readArchived(reader, id) : [];
  if (text === null && revisions.length === 0) return undefined;
  const tags = isDescribed ? Object.fromEntries(await readTags(reader, id)) : {};
  return { id, ...(text === null ? {} : { text: String(text) }), revisions, tags };
}
