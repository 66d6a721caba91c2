/**
 * Values of options: numbers, durations, times and sizes.
 *
 * @module
 */

import { UsageError } from "./command.ts";

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Longest duration, in milliseconds: before or after now it is still a date. */
const LONGEST = 1e15;

/**
 * Reads a whole number that is not negative.
 *
 * @param text What was given.
 * @param what Option or argument, for the message.
 * @returns The number.
 * @throws {UsageError} If it is something else.
 */
export function toCount(text: string, what: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new UsageError(`"${what}" is a whole number, not "${text}"`);
}

/**
 * Reads a duration such as `90s`, `1h30m` or `7d`.
 *
 * @param text What was given.
 * @param what Option or argument, for the message.
 * @returns Milliseconds.
 * @throws {UsageError} If it is something else.
 */
export function toDuration(text: string, what: string): number {
  const total = durationOf(text);
  if (total !== undefined) return total;
  throw new UsageError(`"${what}" is a duration such as "90s", "24h" or "7d", not "${text}"`);
}

function durationOf(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/([\d.]+)(ms|[smhdw])/g)) {
    total += Number(count) * UNITS[unit!]!;
  }
  return total <= LONGEST ? total : undefined;
}

/**
 * Reads a point in time: a duration before now, a date (UTC), or RFC 3339.
 *
 * @param text What was given, such as `7d`, `2025-01-05` or `2025-01-05T10:00:00Z`.
 * @param what Option or argument, for the message.
 * @returns The time.
 * @throws {UsageError} If it is something else.
 */
export function toPast(text: string, what: string): Date {
  return toTime(text, what, -1);
}

/**
 * Reads a point in time: a duration from now on, a date (UTC), or RFC 3339.
 *
 * @param text What was given, such as `90d`, `2099-01-05` or `2099-01-05T10:00:00Z`.
 * @param what Option or argument, for the message.
 * @returns The time.
 * @throws {UsageError} If it is something else.
 */
export function toFuture(text: string, what: string): Date {
  return toTime(text, what, 1);
}

const RFC_3339 = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d))?$/;

function toTime(text: string, what: string, direction: 1 | -1): Date {
  const duration = durationOf(text);
  if (duration !== undefined) return new Date(Date.now() + direction * duration);
  const time = new Date(text);
  // The engine turns 30 February into 2 March.
  const day = text.slice(0, 10);
  if (RFC_3339.test(text) && !isNaN(time.getTime()) && isDay(day)) return time;
  throw new UsageError(
    `"${what}" is a time such as "7d", "2025-01-05" or "2025-01-05T10:00:00Z", not "${text}"`,
  );
}

function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

const SIZES: Record<string, number> = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/**
 * Reads a size such as `500MB` or `2GiB`.
 *
 * @param text What was given.
 * @param what Option or argument, for the message.
 * @returns Bytes.
 * @throws {UsageError} If it is something else.
 */
export function toSize(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgt]?)(i?)b?$/i.exec(text);
  const [, count, prefix = "", binary] = match ?? [];
  const power = SIZES[prefix.toLowerCase()]!;
  const size = Math.round(Number(count) * (binary ? 1024 ** (Math.log10(power) / 3) : power));
  if (Number.isSafeInteger(size) && (prefix || !binary)) return size;
  throw new UsageError(`"${what}" is a size such as "500MB" or "2GiB", not "${text}"`);
}

/**
 * Writes a number of bytes for people.
 *
 * @param bytes The number.
 * @returns Text such as `1.5 MB`.
 */
export function formatSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/**
 * Writes a duration for people.
 *
 * @param ms Milliseconds, `undefined` for one that is not known.
 * @returns Text such as `230ms`, `4.2s`, `3m05s` or `2d04h`.
 */
export function formatDuration(ms: number | undefined): string {
  if (ms === undefined) return "-";
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h${two(seconds % 3600 / 60)}m`;
  return `${Math.floor(seconds / 86_400)}d${two(seconds % 86_400 / 3600)}h`;
}

/**
 * Writes a time for people, in the zone of this machine.
 *
 * @param time The time, `undefined` for one that is not known.
 * @returns Text such as `2025-01-05 10:00:00`.
 */
export function formatTime(time: Date | undefined): string {
  if (time === undefined || isNaN(time.getTime())) return "-";
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
