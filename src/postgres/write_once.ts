/**
 * Transactions that are never done twice, although what they do may not be
 * repeated: the server is asked what became of one whose commit it did not answer.
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
  /** Its id on the server; absent when it wrote nothing. */
  transaction: string | undefined;
}

/** How long to wait for a transaction to end of which the client knows nothing, in milliseconds. */
const PAUSE = 20;

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
  let unanswered: Written<T> | undefined;
  let foreign: { error: unknown } | undefined;
  try {
    const value = await database.transaction(action, async (session) => {
      if (unanswered?.transaction !== undefined) {
        if (await isCommitted(session, unanswered.transaction)) return unanswered.value;
        unanswered = undefined;
      }
      const failures = new Set<unknown>();
      try {
        const written = await body(noting(session, failures));
        if (written.transaction !== undefined) unanswered = written;
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
    if (unanswered !== undefined) announce(database);
    return value;
  } catch (error) {
    throw foreign === undefined ? error : foreign.error;
  }
}

/** Wakes those who watch, here and elsewhere. */
function announce(database: PostgresDatabase): void {
  database.listener.wake();
  const { channel } = database.listener;
  const sent = database.query("Cannot notify", "SELECT pg_notify($1, '')", [channel]);
  // They look by themselves when nobody wakes them, only later.
  sent.catch(() => undefined);
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

async function isCommitted(session: Session, transaction: string): Promise<boolean> {
  const { rows: [row] } = await session.query("SELECT pg_xact_status($1::xid8)", [transaction]);
  const status = row?.[0];
  if (status !== "in progress") return status === "committed";
  // The server has not noticed yet that the connection is gone.
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  throw new RaceError("The transaction before has not ended yet");
}
