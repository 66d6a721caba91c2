/**
 * Reads columns that may hold anything: a text that cannot be read leaves its
 * field empty and is reported, so that no row is ever dropped.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { InvalidColumn } from "../domain/execution.ts";
import { decodeJson } from "../domain/json.ts";
import type { LazyField } from "../domain/lazy.ts";
import type { SqlValue } from "./driver.ts";
import { decodeTime } from "./instant.ts";

/** Reads the columns of one row and collects those that cannot be read. */
export class ColumnReader {
  /** What could not be read, if anything. */
  invalid: InvalidColumn[] | undefined;
  readonly #what: string;
  readonly #lazy: (() => unknown)[] = [];

  /** @param what The row, in the form `execution "a"`. */
  constructor(what: string) {
    this.#what = what;
  }

  /**
   * Reads a time.
   *
   * @param column Name of the column.
   * @param value What it holds.
   * @returns The time; `undefined` when it is not set or cannot be read.
   */
  time(column: string, value: SqlValue | undefined): Date | undefined {
    return this.#read(column, value, decodeTime);
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
   * Reads a JSON value when it is asked for.
   *
   * @param column Name of the column.
   * @param value What it holds.
   * @returns The field; `undefined` for NULL.
   */
  lazyJson(column: string, value: SqlValue | undefined): LazyField | undefined {
    const text = asText(value);
    if (text === undefined) return undefined;
    return this.#later(text, () => this.json(column, text));
  }

  /**
   * Reads a JSON object when it is asked for.
   *
   * @param column Name of the column.
   * @param value What it holds.
   * @returns The field; an empty object for NULL and when it cannot be read.
   */
  lazyObject(
    column: string,
    value: SqlValue | undefined,
  ): LazyField<Record<string, unknown>> {
    const text = asText(value);
    return this.#later(text, () => this.object(column, text) ?? {});
  }

  /** Computes once, for the field and for {@linkcode finish}, whichever comes first. */
  #later<T>(text: string | undefined, compute: () => T): LazyField<T> {
    let value: { now: T } | undefined;
    const read = () => (value ??= { now: compute() }).now;
    this.#lazy.push(read);
    return text === undefined ? { read } : { read, text };
  }

  /**
   * Reads what was put off.
   *
   * @returns What could not be read, if anything.
   */
  finish(): InvalidColumn[] | undefined {
    for (const read of this.#lazy.splice(0)) read();
    return this.invalid;
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
      `Cannot read the column "${column}" of ${this.#what}: ${found}`,
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
