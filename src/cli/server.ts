/**
 * Opens the server that takes the place of a folder.
 *
 * @module
 */

import { openPostgresStorage, type PostgresStorage } from "../postgres/storage.ts";
import type { Context } from "./context.ts";
import { environmentPassword } from "./server_password.ts";

/**
 * Opens the server; it is closed when the command has ended.
 *
 * @param context The call, which names a server.
 * @param url URL of the server; that of the call by default.
 * @returns The stores.
 */
export async function openServer(
  context: Context,
  url: string = context.url!,
): Promise<PostgresStorage> {
  const storage = await openPostgresStorage(url, environmentPassword(url));
  context.defer(storage);
  return storage;
}
