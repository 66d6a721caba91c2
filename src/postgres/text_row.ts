/**
 * The row of a text, and how it is written.
 *
 * @module
 */

import type { Workflow } from "../domain/workflow.ts";
import { revisionOf } from "../workflows/revision.ts";
import { foldId } from "../workflows/workflow_id.ts";
import type { Session } from "./database.ts";
import type { Param } from "./driver.ts";
import { constraintOf } from "./postgres_error.ts";

/** A table of texts. */
export interface TextTable {
  /** Its name. */
  readonly name: "workflows" | "templates";
  /** What its rows hold, for messages. */
  readonly kind: "workflow" | "template";
  /** Whether it has columns for what a text says, and revisions. */
  readonly isDescribed: boolean;
}

/** The table of workflows. */
export const WORKFLOWS: TextTable = { name: "workflows", kind: "workflow", isDescribed: true };
/** The table of templates. */
export const TEMPLATES: TextTable = { name: "templates", kind: "template", isDescribed: false };

/** A row. */
export interface TextRow {
  /** The text; absent when it was deleted. */
  text: string | undefined;
  /** When it was last written. */
  modified: Date;
  /** Number of the last revision; 0 before the first. */
  lastNumber: number;
  /** The last revision; absent before the first. */
  lastRevision: string | undefined;
}

/** A row that was locked or written. */
export interface LockedTextRow extends TextRow {
  /** How often it was written. */
  writes: number;
  /** Names the operation that wrote it last. */
  token: string | undefined;
}

/** A time as whole milliseconds. */
export const MILLISECONDS = (column: string): string =>
  `(extract(epoch FROM ${column}) * 1000)::bigint`;

/** A parameter of milliseconds as a time. */
export const TIME = (param: string): string =>
  `timestamptz 'epoch' + ${param}::bigint * interval '1 millisecond'`;

/**
 * Reads a row and locks it until the end of the transaction.
 *
 * @param session The transaction.
 * @param table The table.
 * @param id Id of the text.
 * @returns The row, `undefined` if there never was one.
 */
export async function lockRow(
  session: Session,
  { name, isDescribed }: TextTable,
  id: string,
): Promise<LockedTextRow | undefined> {
  const last = isDescribed ? "last_number, last_revision" : "0, NULL";
  const { rows: [row] } = await session.query(
    `SELECT text, ${MILLISECONDS("modified_at")}, ${last}, writes, token
    FROM ${name} WHERE id = $1 FOR UPDATE`,
    [id],
  );
  if (row === undefined) return undefined;
  const [text, modified, lastNumber, lastRevision, writes, token = null] = row;
  return {
    text: text === null ? undefined : String(text),
    modified: new Date(Number(modified)),
    lastNumber: Number(lastNumber),
    lastRevision: lastRevision === null ? undefined : String(lastRevision),
    writes: Number(writes),
    token: token === null ? undefined : String(token),
  };
}

/** What a row is to hold. */
export interface NewRow extends TextRow {
  /** What the text says; absent when it cannot be read, and for a table that does not tell. */
  workflow?: Workflow | undefined;
}

/** Somebody else was faster, so that the transaction has to begin anew. */
export class RaceError extends Error {
  /** As the server reports it: see `isConflict`. */
  readonly code = "40001";
}

/**
 * Writes a row.
 *
 * @param session The transaction.
 * @param table The table.
 * @param id Id of the text.
 * @param row What it is to hold.
 * @param before The row as it was read; absent when there was none.
 * @param token Names the operation.
 * @returns The row.
 * @throws {RaceError} If there is one now.
 */
export async function writeRow(
  session: Session,
  table: TextTable,
  id: string,
  row: NewRow,
  before: LockedTextRow | undefined,
  token: string,
): Promise<LockedTextRow> {
  const columns: [name: string, value: Param, expression?: string][] = [
    ["text", row.text ?? null],
    ["size", row.text === undefined ? 0 : new TextEncoder().encode(row.text).length],
    ["modified_at", row.modified.getTime(), "time"],
    ["token", token],
    ...(table.isDescribed ? described(row) : []),
  ];
  const values = columns.map(([name, , isTime], i) =>
    isTime ? TIME(`$${i + 2}`) : name === "tags" ? `$${i + 2}::text[]` : `$${i + 2}`
  );
  const params = [id, ...columns.map(([, value]) => value)];
  const names = columns.map(([name]) => name);
  const sql = before === undefined
    ? `INSERT INTO ${table.name} (id, folded, writes, ${names.join(", ")})
      VALUES ($1, $${params.push(foldId(id))}, 1, ${values.join(", ")}) ON CONFLICT DO NOTHING`
    : `UPDATE ${table.name}
      SET writes = writes + 1, ${names.map((name, i) => `${name} = ${values[i]}`).join(", ")}
      WHERE id = $1`;
  try {
    const { count } = await session.query(sql, params);
    if (count === 0) throw new RaceError(`Somebody else stored ${id}`);
    return { ...row, writes: (before?.writes ?? 0) + 1, token };
  } catch (error) {
    // It had been deleted, and meanwhile somebody stored one that differs only in case.
    if (constraintOf(error) !== `${table.name}_folded`) throw error;
    throw new RaceError(`Somebody else stored an id like ${id}`);
  }
}

/** What holds a NUL, which a column cannot, is told by parsing the text, as what cannot be read. */
function described(row: NewRow): [name: string, value: Param][] {
  const { text } = row;
  const workflow = row.workflow && isStorable(row.workflow) ? row.workflow : undefined;
  return [
    ["name", workflow?.name ?? null],
    ["version", workflow?.version ?? null],
    ["description", workflow?.description ?? null],
    ["tags", workflow?.metadata.tags ?? []],
    ["revision", text === undefined ? null : revisionOf(text)],
    ["last_number", row.lastNumber],
    ["last_revision", row.lastRevision ?? null],
  ];
}

function isStorable({ name, version, description, metadata }: Workflow): boolean {
  return ![name, version, description, ...metadata.tags ?? []].some((text) => text?.includes("\0"));
}
