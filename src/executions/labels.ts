/**
 * Labels of runs. A pinned run has the label `pinned`.
 *
 * @module
 */

import { InvalidDataError } from "../domain/errors.ts";
import type { Connection } from "./connection.ts";
import { plainText } from "./column_text.ts";

/** The label that keeps a run from every pruning. */
export const PINNED = "pinned";

/**
 * Puts labels on a run.
 *
 * @param connection The connection, in a write transaction.
 * @param id Id of the run.
 * @param labels The labels; those that it has already do not matter.
 */
export function addLabels(connection: Connection, id: string, labels: readonly string[]): void {
  for (const label of labels) {
    connection.statement("INSERT INTO labels VALUES (?, ?) ON CONFLICT DO NOTHING")
      .run(id, label);
  }
}

/**
 * Takes labels off a run.
 *
 * @param connection The connection, in a write transaction.
 * @param id Id of the run.
 * @param labels The labels; those that it does not have do not matter.
 */
export function removeLabels(connection: Connection, id: string, labels: readonly string[]): void {
  for (const label of labels) {
    connection.statement("DELETE FROM labels WHERE execution_id = ? AND label = ?").run(id, label);
  }
}

/**
 * Reads the labels of a run.
 *
 * @param connection The connection, in a transaction.
 * @param id Id of the run.
 * @returns The labels, sorted.
 */
export function readLabels(connection: Connection, id: string): string[] {
  return connection.statement("SELECT label FROM labels WHERE execution_id = ? ORDER BY label")
    .all(id).map(([label]) => String(label));
}

/**
 * Checks labels.
 *
 * @param labels The labels.
 * @param action What they are for, in the form `Cannot label execution "a"`.
 * @throws {InvalidDataError} If one is empty or cannot be stored.
 */
export function checkLabels(labels: readonly string[], action: string): void {
  for (const label of labels) {
    plainText(label, action, "label");
    if (label === "") throw new InvalidDataError(`${action}: a label is empty`);
  }
}
