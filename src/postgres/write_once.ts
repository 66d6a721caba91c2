/**
 * Transactions that are never done twice, although what they do may not be
 * repeated: after a commit that was not answered, the rows tell whether it was
 * done. The server itself cannot: it gives the number of a transaction that a
 * crash undid to another one.
 *
 * @module
 */

import { StorageError } from "../domain/errors.ts";
import type { PostgresDatabase, Session } from "./database.ts";
import { RaceError } from "./text_row.ts";

/** What a transaction did. */
export interface Written<T> {
  /** What it returns. */
  value: T;
  /** Tells in a later transaction whether this one was committed; absent when that does not matter. */
  isDone: ((session: Session) => Promise<boolean>) | undefined;
}

/**
 * Runs a body in a transaction.
 *
 * @param database The database.
 * @param action What is done, in the form `Cannot save workflow "a"`.
 * @param body Runs statements; called again when the transaction was undone. Errors of others than the server are thrown as they are.
 * @returns What the body returned.
 */
export async function writeOnce<T>(
  database: PostgresDatabase,
  action: string,
  body: (session: Session) => Promise<Written<T>>,
): Promise<T> {
  let written: Written<T> | undefined;
  let foreign: { error: unknown } | undefined;
  try {
    const value = await database.transaction(action, async (session) => {
      if (session.uncertain && await written?.isDone?.(session)) return written!.value;
      const failures = new Set<unknown>();
      try {
        written = await body(noting(session, failures));
        return written.value;
      } catch (error) {
        if (failures.has(error) || error instanceof RaceError || error instanceof StorageError) {
          throw error;
        }
        // Thrown by a function of the caller: it says nothing about the server.
        foreign = { error };
        throw new StorageError(action, { cause: error });
      }
    });
    if (written?.isDone !== undefined) database.changed();
    return value;
  } catch (error) {
    throw foreign === undefined ? error : foreign.error;
  }
}

/** Notes what statements throw. */
function noting(session: Session, failures: Set<unknown>): Session {
  return {
    uncertain: session.uncertain,
    async query(sql, params) {
      try {
        return await session.query(sql, params);
      } catch (error) {
        failures.add(error);
        throw error;
      }
    },
  };
}
