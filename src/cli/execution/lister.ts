/**
 * Opens the execution store only to list runs, which loads far less.
 *
 * @module
 */

// Otherwise it would be loaded only when the rest is there.
import "../../executions/builtin.ts";
import { openLister, type SQLiteLister } from "../../executions/lister.ts";
import type { Context } from "../context.ts";
import { driverOf, existingDatabase } from "./store.ts";

/**
 * Opens the store, which must exist.
 *
 * @param context The call of a command with the option `driver`.
 * @returns What lists the runs; the caller closes it.
 * @throws {NotFoundError} If there is no database.
 */
export async function openExecutionLister(context: Context): Promise<SQLiteLister> {
  const path = await existingDatabase(context);
  return await openLister({ path, driver: driverOf(context) });
}
