/**
 * What is known of a credential beside its value, kept in an item of its own
 * that Go does not look at. Contains no secret: a record belongs to a value by a
 * salted 32-bit checksum, so that a value which another program stored later is
 * never taken for expired.
 *
 * @module
 */

import { isMapping, parseMapping } from "../domain/value.ts";

/** Bounds what damaged items can ask for, and how much of a small keyring one value takes. */
export const MOST_PARTS = 256;

/** Parts of a split value. */
export interface PartsReference {
  /** Common beginning of their accounts. */
  id: string;
  /** How many there are. */
  count: number;
}

/** What is known of one value of a credential. */
export interface MetadataRecord {
  /** Checksum of salt and value. */
  check: string;
  /** Counts the values that this module stored, from 1. */
  version: number;
  /** When the first one was stored. */
  created: Date;
  /** When this one was stored. */
  rotated: Date;
  /** When it stops being valid. */
  expires?: Date;
  /** When it is due for rotation. */
  due?: Date;
  /** Milliseconds from one rotation to the next. */
  interval?: number;
  /** Its parts, if it was split. */
  parts?: PartsReference;
}

/** The item. */
export interface Metadata {
  /** Random text in every checksum. */
  salt: string;
  /** The value that was stored last, or is just being stored. */
  current?: MetadataRecord;
  /** The value before it, valid as long as the new one is not stored. */
  before?: MetadataRecord;
  /** The value that a rotation replaced. */
  previous?: { until: Date; parts?: PartsReference };
  /** The value that a rotation is checking, and the one it is to replace. */
  staged?: { check: string; replaces: string; parts?: PartsReference };
}

/** Which record belongs to a value, if any does. */
export async function recordOf(
  metadata: Metadata | undefined,
  value: string | undefined,
): Promise<MetadataRecord | undefined> {
  if (metadata === undefined || value === undefined) return undefined;
  const check = await checksum(metadata.salt, value);
  return [metadata.current, metadata.before].find((record) => record?.check === check);
}

/** What is to be known of a new value. */
export interface Change {
  expiresAt?: Date | undefined;
  rotateAfter?: Date | number | undefined;
  created?: Date | undefined;
  version?: number | undefined;
  /** `null` forgets an earlier one. */
  previous?: Metadata["previous"] | null | undefined;
}

/** The metadata of a new value, after that of the old one. */
export async function nextMetadata(
  value: string,
  parts: PartsReference | undefined,
  old: Metadata | undefined,
  record: MetadataRecord | undefined,
  change: Change,
): Promise<Metadata> {
  const salt = old?.salt ?? randomText();
  const now = new Date();
  const previous = change.previous === undefined ? old?.previous : change.previous;
  return {
    salt,
    current: {
      check: await checksum(salt, value),
      version: change.version ?? (record?.version ?? 0) + 1,
      created: change.created ?? record?.created ?? now,
      rotated: now,
      ...(change.expiresAt ? { expires: change.expiresAt } : {}),
      ...nextRotation(change.rotateAfter ?? record?.interval, now),
      ...(parts ? { parts } : {}),
    },
    ...(previous ? { previous } : {}),
  };
}

function nextRotation(
  rotateAfter: Date | number | undefined,
  now: Date,
): Pick<MetadataRecord, "due" | "interval"> {
  if (rotateAfter === undefined) return {};
  if (rotateAfter instanceof Date) return { due: rotateAfter };
  return { due: new Date(now.getTime() + rotateAfter), interval: rotateAfter };
}

/** All parts that metadata knows of. */
export function references(metadata: Metadata | undefined): (PartsReference | undefined)[] {
  return [metadata?.current, metadata?.before, metadata?.previous, metadata?.staged]
    .map((holder) => holder?.parts);
}

/** The same parts, each once. */
export function uniqueParts(parts: readonly (PartsReference | undefined)[]): PartsReference[] {
  return [...new Map(parts.flatMap((part) => part ? [[part.id, part]] : [])).values()];
}

/** Whether parts are among those that are used. */
export function refersTo(
  used: readonly (PartsReference | undefined)[],
  parts: PartsReference,
): boolean {
  return used.some((other) => other?.id === parts.id);
}

/** Checksum of a value. */
export async function checksum(salt: string, value: string): Promise<string> {
  const text = new TextEncoder().encode(`${salt}\0${value}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", text)).slice(0, 4).toHex();
}

/** Random text of 64 bits. */
export function randomText(): string {
  return crypto.getRandomValues(new Uint8Array(8)).toHex();
}

/** Writes the text of an item. */
export function formatMetadata(metadata: Metadata): string {
  return JSON.stringify({ v: 1, ...metadata });
}

/** Reads the text of an item; anything that is not valid metadata counts as none. */
export function parseMetadata(text: string | undefined): Metadata | undefined {
  const fields = text === undefined ? undefined : parseMapping(text);
  if (fields?.["v"] !== 1 || typeof fields["salt"] !== "string") return undefined;
  const metadata: Metadata = { salt: fields["salt"] };
  const current = parseRecord(fields["current"]);
  if (current) metadata.current = current;
  const before = parseRecord(fields["before"]);
  if (before) metadata.before = before;
  const { previous, staged } = fields;
  if (isMapping(previous)) {
    const until = parseDate(previous["until"]);
    if (until) metadata.previous = { until, ...parseParts(previous["parts"]) };
  }
  if (isMapping(staged)) {
    const { check, replaces } = staged;
    if (typeof check === "string" && typeof replaces === "string") {
      metadata.staged = { check, replaces, ...parseParts(staged["parts"]) };
    }
  }
  return metadata;
}

function parseRecord(fields: unknown): MetadataRecord | undefined {
  if (!isMapping(fields)) return undefined;
  const { check, version, interval } = fields;
  const created = parseDate(fields["created"]);
  const rotated = parseDate(fields["rotated"]);
  if (typeof check !== "string" || typeof version !== "number" || !created || !rotated) {
    return undefined;
  }
  const expires = parseDate(fields["expires"]);
  const due = parseDate(fields["due"]);
  return {
    check,
    version,
    created,
    rotated,
    ...(expires ? { expires } : {}),
    ...(due ? { due } : {}),
    ...(typeof interval === "number" ? { interval } : {}),
    ...parseParts(fields["parts"]),
  };
}

function parseParts(fields: unknown): { parts?: PartsReference } {
  if (!isMapping(fields)) return {};
  const { id, count } = fields;
  return typeof id === "string" && isPartCount(count) ? { parts: { id, count } } : {};
}

/** Whether a value can have so many parts. */
export function isPartCount(count: unknown): count is number {
  return typeof count === "number" && Number.isInteger(count) && count >= 1 && count <= MOST_PARTS;
}

function parseDate(text: unknown): Date | undefined {
  if (typeof text !== "string") return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
