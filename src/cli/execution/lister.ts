/**
 * Opens the execution store only to list runs, which loads far less.
 *
 * @module
 */

// Otherwise it would be loaded only when the rest is there.
import "../../executions/builtin.ts";
import type { ExecutionRepository } from "../../domain/execution_repository.ts";
import { openLister } from "../../executions/lister.ts";
import type { Context } from "../context.ts";
import { driverOf, existingDatabase, openExecutions } from "./store.ts";

/**
 * Opens the store, in a folder, which must have a database, or on a server.
 *
 * @param context The call of a command with the option `driver`.
 * @returns What lists the runs; the caller closes it.
 * @throws {NotFoundError} If there is no database.
 */
export async function openExecutionLister(
  context: Context,
): Promise<Pick<ExecutionRepository, "list"> & Disposable> {
  if (context.url !== undefined) return await openExecutions(context);
  const path = await existingDatabase(context);
  return await openLister(path, driverOf(context));
}
