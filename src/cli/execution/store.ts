/**
 * Opens the execution store for a command.
 *
 * @module
 */

import { resolve } from "../../resolve.ts";
import { NotFoundError } from "../../domain/errors.ts";
import type { ExecutionRepository } from "../../domain/execution_repository.ts";
import { databaseError } from "../../executions/database_error.ts";
import type { SQLiteOptions } from "../../executions/options.ts";
import type { SQLiteExecutionRepository } from "../../executions/repository.ts";
import type { PostgresStorage } from "../../postgres/storage.ts";
import { requirePermissions } from "../../permissions.ts";
import { resolveRoot } from "../../root.ts";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";

/** A store of either kind, which tells the version of its schema. */
export type OpenExecutions = ExecutionRepository & {
  info(): Promise<{ schemaVersion: number; latestSchemaVersion: number }>;
};

/**
 * Opens the store, in a folder or on a server; a folder must have a database,
 * since a command that only looks creates nothing.
 *
 * @param context The call of a command with the option `driver`.
 * @returns The store; the caller closes it.
 * @throws {NotFoundError} If there is no database.
 */
export async function openExecutions(context: Context): Promise<OpenExecutions> {
  if (context.url === undefined) existingDatabase(context);
  return await openOrCreateExecutions(context);
}

/**
 * Opens the store, in a folder or on a server; a database in a folder is
 * created when it is missing.
 *
 * @param context The call of a command with the option `driver`.
 * @returns The store; the caller closes it.
 */
export async function openOrCreateExecutions(context: Context): Promise<OpenExecutions> {
  if (context.url === undefined) return await openOrCreateDatabase(context);
  return (await openServer(context)).executions;
}

/**
 * Opens the server that takes the place of a folder.
 *
 * @param context The call of a command with the option `driver`, which names a server.
 * @returns The stores.
 * @throws {UsageError} If the option was given.
 */
export async function openServer(context: Context): Promise<PostgresStorage> {
  if (context.text("driver") !== undefined) {
    throw new UsageError('Option "--driver" is for a folder, a server has its own');
  }
  return await context.openServer();
}

/**
 * Opens the database of a folder, which must exist.
 *
 * @param context The call of a command with the option `driver`.
 * @param options Whether an older schema is brought to the newest version.
 * @returns The store; the caller closes it.
 * @throws {NotFoundError} If there is no database.
 */
export async function openDatabase(
  context: Context,
  options: Pick<SQLiteOptions, "migrate"> = {},
): Promise<SQLiteExecutionRepository> {
  existingDatabase(context);
  return await openOrCreateDatabase(context, options);
}

/**
 * Opens the database of a folder, which is created when it is missing.
 *
 * @param context The call of a command with the option `driver`.
 * @param options Whether an older schema is brought to the newest version.
 * @returns The store; the caller closes it.
 */
export async function openOrCreateDatabase(
  context: Context,
  options: Pick<SQLiteOptions, "migrate"> = {},
): Promise<SQLiteExecutionRepository> {
  const { SQLiteExecutionRepository } = await import("../../executions/repository.ts");
  return await SQLiteExecutionRepository.open({
    ...options,
    path: databasePath(context),
    driver: driverOf(context),
  });
}

/**
 * Returns where the database lies.
 *
 * @param context The call.
 * @returns Absolute path.
 */
export function databasePath(context: Context): string {
  return resolve(resolveRoot(context.root), "goflow.db");
}

/**
 * Returns where the database lies, which must exist.
 *
 * @param context The call.
 * @returns Absolute path.
 * @throws {NotFoundError} If there is no database.
 */
export function existingDatabase(context: Context): string {
  const path = databasePath(context);
  const action = `Cannot open the execution database "${path}"`;
  requirePermissions(action, { name: "read", path });
  try {
    Deno.statSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new NotFoundError(`${action}: it does not exist yet`, {
        kind: "database",
        id: path,
        cause,
      });
    }
    throw databaseError(cause, action, path);
  }
  return path;
}

/**
 * Returns the SQLite library that the user chose.
 *
 * @param context The call of a command with the option `driver`.
 * @returns The library, by default the one that needs no download.
 */
export function driverOf(context: Context): NonNullable<SQLiteOptions["driver"]> {
  return (context.text("driver") ?? "builtin") as NonNullable<SQLiteOptions["driver"]>;
}
