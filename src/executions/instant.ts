/**
 * Times as the database holds them: text in one of four forms, which do not
 * sort as text, and the instant behind it in microseconds since 1970 UTC.
 * SQL and TypeScript read them by the same rule.
 *
 * - `2026-11-23 19:48:11.620+00:00`: written here, always UTC
 * - `2026-11-23 11:48:11.620066549 -0800 PST m=+0.011448479`: written by Go
 * - `2026-11-23 19:48:11`: SQLite's `CURRENT_TIMESTAMP`, UTC
 * - `2026-11-23T19:48:11.62Z`, `2026-11-23T11:48:11-08:00`: RFC 3339
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";

/** The instant of Go's zero time, which means "not set". */
export const ZERO_INSTANT = -62135596800000000n;

/** What is written where a time is required and there is none: Go's zero time. */
export const ZERO_TIME = "0001-01-01 00:00:00+00:00";

/** The last second of the year 9999. */
const NEWEST = 253_402_300_799_000;

const FORM =
  /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d*))?(Z?|[+-]\d\d:\d\d| [+-]\d{4}(?: .*)?)$/s;

/**
 * Returns the instant of a stored time.
 *
 * @param text The stored text.
 * @returns Microseconds since 1970 UTC, or `undefined` when the text is none of the forms.
 */
export function parseInstant(text: string): bigint | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", zone = ""] = match;
  const offset = parseZone(zone);
  // The limits of SQLite's own parser.
  if (
    offset === undefined || !within(month, 1, 12) || !within(day, 1, 31) ||
    !within(hour, 0, 24) || !within(minute, 0, 59) || !within(second, 0, 59)
  ) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute) - offset, Number(second));
  if (date.getTime() > NEWEST) return undefined;
  const micros = fraction.slice(0, 6).padEnd(6, "0");
  return BigInt(date.getTime()) * 1000n + BigInt(micros);
}

function within(digits: string | undefined, low: number, high: number): boolean {
  const value = Number(digits);
  return value >= low && value <= high;
}

/** Returns minutes east of UTC. */
function parseZone(zone: string): number | undefined {
  if (zone === "" || zone === "Z") return 0;
  const [, sign, hours, minutes] = /^ ?([+-])(\d\d):?(\d\d)/.exec(zone) ?? [];
  if (!within(hours, 0, 14) || !within(minutes, 0, 59)) return undefined;
  const offset = Number(hours) * 60 + Number(minutes);
  return sign === "-" ? -offset : offset;
}

/**
 * Reads a stored time, cut to milliseconds.
 *
 * @param text The stored text.
 * @returns The time; `undefined` for Go's zero time.
 * @throws {InvalidDataError} If the text is none of the forms.
 */
export function decodeTime(text: string): Date | undefined {
  const fast = parseOwnForm(text);
  if (fast !== undefined) return fast;
  const instant = parseInstant(text);
  if (instant === undefined) {
    throw new InvalidDataError(
      `Cannot read the time "${text}": wanted is a form such as "2026-11-23 19:48:11.620+00:00"`,
    );
  }
  if (instant === ZERO_INSTANT) return undefined;
  return new Date(Number(floorToMillis(instant) / 1000n));
}

/**
 * Cuts an instant to milliseconds, as times are read.
 *
 * @param instant Microseconds since 1970.
 * @returns Microseconds.
 */
export function floorToMillis(instant: bigint): bigint {
  return instant - ((instant % 1000n) + 1000n) % 1000n;
}

const OWN_FORM = /^[1-9]\d{3}-[01]\d-[0-3]\d [012]\d:[0-5]\d:[0-5]\d\.\d{3}\+00:00$/;

/** The day that was read last, since most times of a run are of one day. */
let lastDay = "";
let lastDayTime = 0;

/** Our own form from the year 1000 on; rare days and hours are left to the general rule. */
function parseOwnForm(text: string): Date | undefined {
  if (text.length !== 29 || !OWN_FORM.test(text)) return undefined;
  const day = text.slice(0, 10);
  if (day !== lastDay) {
    lastDayTime = Date.parse(`${day}T00:00:00Z`);
    lastDay = day;
  }
  const hour = two(text, 11);
  if (hour > 23 || Number.isNaN(lastDayTime)) return undefined;
  const seconds = (hour * 60 + two(text, 14)) * 60 + two(text, 17);
  const millis = two(text, 20) * 10 + text.charCodeAt(22) - 48;
  return new Date(lastDayTime + seconds * 1000 + millis);
}

function two(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}

/**
 * Writes a time in our own form.
 *
 * @param time The time.
 * @param action What it is for, in the form `Cannot save execution "a"`.
 * @returns The text, UTC with milliseconds.
 * @throws {InvalidDataError} If the date is invalid, or its year is not within 0 to 9999.
 */
export function encodeTime(time: Date, action: string): string {
  if (!(time instanceof Date)) {
    throw new InvalidDataError(`${action}: the time is a ${typeof time}, wanted is a Date`);
  }
  const year = time.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) {
    throw new InvalidDataError(
      `${action}: the time ${
        Number.isNaN(year) ? "is an invalid date" : `is in the year ${year}`
      }, wanted is one from the year 0 to 9999`,
    );
  }
  const iso = time.toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}+00:00`;
}

const D = "[0-9]";
const DATE = `${D}${D}${D}${D}-${D}${D}-${D}${D}`;
const CLOCK = `${D}${D}:${D}${D}:${D}${D}`;

/**
 * Returns the SQL expression of the instant of a time column. It uses nothing
 * that a generated column may not use or that an old library lacks, because
 * Go's library computes it as well.
 *
 * @param column Name of the column.
 * @returns An expression: microseconds since 1970 UTC, NULL when the text is none of the forms.
 */
export function instantSql(column: string): string {
  const tail = `substr(${column}, 20)`;
  const zone = `CASE WHEN ${tail} GLOB '.*' ` +
    `THEN ltrim(substr(${column}, 21), '0123456789') ELSE ${tail} END`;
  const digits = `CASE WHEN ${tail} GLOB '.*' ` +
    `THEN substr(${column}, 21, length(${column}) - 20 - length(${zone})) ELSE '' END`;
  const offset = `CASE WHEN (${zone}) IN ('', 'Z') THEN '+00:00' ` +
    `WHEN (${zone}) GLOB '[+-]${D}${D}:${D}${D}' THEN (${zone}) ` +
    `WHEN (${zone}) || ' ' GLOB ' [+-]${D}${D}${D}${D} *' ` +
    `THEN substr((${zone}), 2, 3) || ':' || substr((${zone}), 5, 2) END`;
  const seconds = (zoned: string) => `CAST(strftime('%s', ${zoned}) AS INTEGER) * 1000000`;
  return `CASE WHEN ${column} GLOB '${DATE} ${CLOCK}.${D}${D}${D}+00:00' ` +
    `THEN ${
      seconds(`substr(${column}, 1, 19)`)
    } + CAST(substr(${column}, 21, 3) AS INTEGER) * 1000 ` +
    `WHEN ${column} GLOB '${DATE}[ T]${CLOCK}*' ` +
    `THEN ${seconds(`substr(${column}, 1, 19) || (${offset})`)} + ` +
    `CAST(substr((${digits}) || '000000', 1, 6) AS INTEGER) END`;
}

/**
 * Returns the SQL expression of the instant by which runs are ordered.
 *
 * @returns An expression: unreadable times come before the zero time, that is last of all.
 */
export function startedInstantSql(): string {
  return `coalesce(${instantSql("started_at")}, ${ZERO_INSTANT - 1n})`;
}
