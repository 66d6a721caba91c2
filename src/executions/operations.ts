/**
 * Long operations that are under way: what a crash cut off can be told later.
 *
 * @module
 */

import { DatabaseError } from "../domain/errors.ts";
import type { Connection } from "./connection.ts";
import type { Driver } from "./driver.ts";
import type { UnfinishedOperation } from "./options.ts";
import { FEATURES } from "./schema_version.ts";

/**
 * Lists the operations that did not end, the oldest first.
 *
 * @param driver The connection.
 * @param schemaVersion Version of the schema of the file.
 * @returns The operations.
 */
export function readUnfinished(driver: Driver, schemaVersion: number): UnfinishedOperation[] {
  if (schemaVersion < FEATURES.operations) return [];
  return driver.prepare("SELECT name, started_at FROM operations ORDER BY id").all()
    .map(([name, startedAt]) => ({
      operation: name as UnfinishedOperation["operation"],
      startedAt: new Date(Number(startedAt)),
    }));
}

/**
 * Runs an operation that is noted in the database while it is under way.
 *
 * @param connection The connection.
 * @param operation Which operation.
 * @param action What it is for, in the form `Cannot prune executions`.
 * @param run The operation.
 * @returns What it returned.
 */
export async function noteOperation<T>(
  connection: Connection,
  operation: UnfinishedOperation["operation"],
  action: string,
  run: () => Promise<T>,
): Promise<T> {
  await beginOperation(connection, operation, action);
  try {
    return await run();
  } finally {
    await endOperation(connection, operation, action);
  }
}

/**
 * Notes that an operation begins.
 *
 * @param connection The connection.
 * @param operation Which operation.
 * @param action What it is for, in the form `Cannot prune executions`.
 */
export async function beginOperation(
  connection: Connection,
  operation: UnfinishedOperation["operation"],
  action: string,
): Promise<void> {
  await change(connection, action, () => {
    connection.statement("INSERT INTO operations (name, started_at) VALUES (?, ?)")
      .run(operation, Date.now());
  });
}

/**
 * Clears the note of an operation, and those of earlier ones of its kind, which
 * it made up for.
 *
 * @param connection The connection.
 * @param operation Which operation.
 * @param action What it is for, in the form `Cannot prune executions`.
 */
export async function endOperation(
  connection: Connection,
  operation: UnfinishedOperation["operation"],
  action: string,
): Promise<void> {
  await change(connection, action, () => {
    connection.statement("DELETE FROM operations WHERE name = ?").run(operation);
  });
}

/** A note is not worth the operation: on a full disk there is none. */
async function change(connection: Connection, action: string, body: () => void): Promise<void> {
  if (connection.info.schemaVersion < FEATURES.operations || connection.closed) return;
  try {
    await connection.write(action, body);
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === "full") && !connection.closed) {
      throw error;
    }
  }
}
