/**
 * Lists the runs of a database that is there and needs no change, and loads
 * and does nothing else: a command may start with it.
 *
 * @module
 */

import type { ExecutionRepository } from "../domain/execution_repository.ts";
import { BUSY_TIMEOUT, type ConnectionInfo, retryBusy } from "./connection.ts";
import type { Driver } from "./driver.ts";
import { requireSafeJournal } from "./driver_choice.ts";
import { readFilter } from "./filter.ts";
import { listPage } from "./list.ts";
import { getPragma, HARDENING, openFile, setPragmas } from "./open_file.ts";
import type { ResolvedOptions } from "./options.ts";
import { readVersion, VERSIONS } from "./schema_version.ts";

/** Lists runs. */
export type Reader = Pick<ExecutionRepository, "list"> & Disposable;

/** How long to wait for a lock, in milliseconds. */
const TIMEOUT = 30_000;

/**
 * Opens an existing database only to list its runs. It takes no lock that a
 * writer needs, and leaves the file in its journal mode.
 *
 * @param path Absolute path of the database.
 * @param driver The SQLite library.
 * @returns What lists the runs; `undefined` when the file is not of the newest schema.
 * @throws {PermissionDeniedError} If a permission is missing or the system refuses.
 * @throws {DatabaseError} If the file is not such a database, or cannot be used as asked.
 */
export async function openReader(
  path: string,
  driver: ResolvedOptions["driver"],
): Promise<Reader | undefined> {
  const connection = await openFile({
    path,
    driver,
    timeout: TIMEOUT,
    setUp: (driver, _choice, action) =>
      retryBusy(action, path, TIMEOUT, () => setUp(driver, path, action)),
  });
  if (connection.info.schemaVersion < VERSIONS.length) {
    connection.close();
    return undefined;
  }
  return {
    list: async (query = {}) => await listPage(connection, readFilter(query), query),
    [Symbol.dispose]: () => connection.close(),
  };
}

function setUp(driver: Driver, path: string, action: string): ConnectionInfo {
  setPragmas(driver, action, { busy_timeout: BUSY_TIMEOUT, ...HARDENING });
  const schemaVersion = readVersion(driver, VERSIONS, action);
  requireSafeJournal(getPragma(driver, "journal_mode"), driver.sqliteVersion, action);
  return { path, driver: driver.name, schemaVersion };
}
