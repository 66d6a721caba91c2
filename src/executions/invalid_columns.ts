/**
 * Reads columns that may hold anything: a text that cannot be read leaves its
 * field empty and is reported, so that no row is ever dropped.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { InvalidColumn } from "../domain/execution.ts";
import { decodeJson } from "../domain/json.ts";
import { Lazy } from "../domain/lazy.ts";
import type { SqlValue } from "./driver.ts";
import { decodeTime } from "./instant.ts";

/** A JSON column of a row, decoded when it is first used. */
export class LazyJson<T> extends Lazy<T> {
  readonly #reader: ColumnReader;
  readonly #decode: (reader: ColumnReader, text: string | undefined) => T;
  #value: { now: T } | undefined;

  /**
   * @param reader The reader of the row.
   * @param value What the column holds.
   * @param decode Decodes the text.
   */
  constructor(
    reader: ColumnReader,
    value: SqlValue | undefined,
    decode: (reader: ColumnReader, text: string | undefined) => T,
  ) {
    super(asText(value));
    this.#reader = reader;
    this.#decode = decode;
  }

  /** Decodes the text, once for the field and for the report of what cannot be read. */
  override read(): T {
    return (this.#value ??= { now: this.#decode(this.#reader, this.text) }).now;
  }
}

/** Reads the columns of one row and collects those that cannot be read. */
export class ColumnReader {
  /** What could not be read, if anything. */
  invalid: InvalidColumn[] | undefined;
  readonly #kind: string;
  readonly #id: string | number;

  /**
   * @param kind What the row is, for the message.
   * @param id Its id.
   */
  constructor(kind: string, id: string | number) {
    this.#kind = kind;
    this.#id = id;
  }

  /**
   * Reads a time.
   *
   * @param column Name of the column.
   * @param value What it holds.
   * @returns The time; `undefined` when it is not set or cannot be read.
   */
  time(column: string, value: SqlValue | undefined): Date | undefined {
    return value === null ? undefined : this.#read(column, value, decodeTime);
  }

  /**
   * Reads a JSON value.
   *
   * @param column Name of the column.
   * @param value What it holds.
   * @returns The value; `undefined` for NULL and when it cannot be read.
   */
  json(column: string, value: SqlValue | undefined): unknown {
    return this.#read(column, value, decodeJson);
  }

  /**
   * Reads a JSON object.
   *
   * @param column Name of the column.
   * @param value What it holds.
   * @returns The object; `undefined` for NULL and when it cannot be read.
   */
  object(column: string, value: SqlValue | undefined): Record<string, unknown> | undefined {
    return this.#read(column, value, decodeObject);
  }

  /**
   * Whether a column was found to be unreadable.
   *
   * @param column Name of the column.
   * @returns Whether it was.
   */
  isInvalid(column: string): boolean {
    return this.invalid !== undefined && this.invalid.some((one) => one.column === column);
  }

  /**
   * Reads one of several words; another one is reported and kept.
   *
   * @param column Name of the column.
   * @param value What it holds.
   * @param words The words.
   * @returns The word.
   */
  word<T extends string>(column: string, value: SqlValue | undefined, words: readonly T[]): T {
    const text = asText(value) ?? "";
    if (!words.includes(text as T)) {
      this.#report(column, text, new Error(`"${text}" is none of ${words.join(", ")}`));
    }
    return text as T;
  }

  /**
   * Reads a whole number.
   *
   * @param column Name of the column.
   * @param value What it holds.
   * @returns The number; 0 for NULL and when it cannot be read.
   */
  count(column: string, value: SqlValue | undefined): number {
    if (value === null || value === undefined) return 0;
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number === "number" && Number.isSafeInteger(number)) return number;
    const text = asText(value) ?? "";
    this.#report(column, text, new Error(`"${text}" is not a whole number`));
    return 0;
  }

  #read<T>(
    column: string,
    value: SqlValue | undefined,
    decode: (text: string) => T | undefined,
  ): T | undefined {
    const text = asText(value);
    if (text === undefined) return undefined;
    try {
      return decode(text);
    } catch (cause) {
      this.#report(column, text, cause);
      return undefined;
    }
  }

  #report(column: string, text: string, cause: unknown): void {
    const found = cause instanceof Error ? cause.message : String(cause);
    const error = new InvalidDataError(
      `Cannot read the column "${column}" of ${this.#kind} "${this.#id}": ${found}`,
      { cause },
    );
    (this.invalid ??= []).push({ column, text, error });
  }
}

function decodeObject(text: string): Record<string, unknown> | undefined {
  const value = decodeJson(text);
  if (value === null) return undefined;
  if (typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TypeError("wanted is a JSON object");
}

/**
 * Returns what a text column holds, whatever was put into it.
 *
 * @param value What it holds.
 * @returns The text, `undefined` for NULL.
 */
export function asText(value: SqlValue | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value);
}

/**
 * Returns the text of a column that could not be read, to be kept on save.
 *
 * @param row The object that was read.
 * @param column Name of the column.
 * @returns The text, `undefined` when the column could be read.
 */
export function rawText(
  { invalidColumns }: { invalidColumns?: InvalidColumn[] | undefined },
  column: string,
): string | undefined {
  return invalidColumns?.find((invalid) => invalid.column === column)?.text;
}
