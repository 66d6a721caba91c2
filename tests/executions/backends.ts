/**
 * Runs a test over both SQLite drivers and both journal modes, each on a fresh
 * folder.
 *
 * @module
 */

import { join } from "@std/path";
import type { DriverName } from "../../src/executions/driver.ts";
import type { JournalMode } from "../../src/executions/driver_choice.ts";
import { MIGRATIONS } from "../../src/executions/migrations.ts";
import type { SQLiteOptions } from "../../src/executions/options.ts";
import { SQLiteExecutionRepository } from "../../src/executions/repository.ts";
import { withRoot } from "../helpers/temp_folder.ts";

export { withRoot } from "../helpers/temp_folder.ts";

/** A driver and a journal mode. */
export interface Backend {
  driver: DriverName;
  journalMode: JournalMode;
}

/** What a test gets. */
export interface Fixture {
  /** Folder of the test. */
  root: string;
  /** Path of the database in it. */
  path: string;
  /** Driver and journal mode. */
  backend: Backend;
  /** Opens the store; the test closes it. */
  open(options?: SQLiteOptions): Promise<SQLiteExecutionRepository>;
}

/** Why the FFI driver cannot be tested here, if so. */
export const ffiMissing: string | undefined = await import("@db/sqlite").then(
  () => undefined,
  (error) => `no SQLite library over FFI: ${String(error.message).split("\n")[0]}`,
);

/** Why nothing written by Go can be tested here, if so. */
export const fixturesMissing: string | undefined = Deno.env.get("GOFLOW_FIXTURES") === undefined
  ? "GOFLOW_FIXTURES is not set"
  : undefined;

/** All backends, also those that cannot be tested here. */
export const BACKENDS: readonly Backend[] = [
  { driver: "builtin", journalMode: "wal" },
  { driver: "builtin", journalMode: "delete" },
  { driver: "ffi", journalMode: "wal" },
  { driver: "ffi", journalMode: "delete" },
];

/** Registers a test for each backend. */
export function testBackends(
  name: string,
  run: (fixture: Fixture) => Promise<void> | void,
  options: { skip?: string | undefined; only?: Partial<Backend> } = {},
): void {
  for (const backend of BACKENDS) {
    if (options.only?.driver !== undefined && options.only.driver !== backend.driver) continue;
    if (
      options.only?.journalMode !== undefined && options.only.journalMode !== backend.journalMode
    ) continue;
    const skip = options.skip ?? (backend.driver === "ffi" ? ffiMissing : undefined);
    const title = `${name} (${backend.driver}, ${backend.journalMode})`;
    Deno.test({
      name: skip === undefined ? title : `${title} [skipped: ${skip}]`,
      ignore: skip !== undefined,
      fn: () =>
        withRoot((root) =>
          run({
            root,
            path: join(root, "goflow.db"),
            backend,
            // What a power failure would do is not tested; waiting for the disk takes long.
            open: (more = {}) =>
              SQLiteExecutionRepository.open({ root, ...backend, durability: "normal", ...more }),
          })
        ),
    });
  }
}

/** Makes a database of the first schema, as Go does, and runs SQL on it. */
export async function makeGoDatabase(path: string, ...statements: string[]): Promise<void> {
  const version = "INSERT INTO migrations (version) VALUES (1)";
  await rawSql(path, MIGRATIONS[0]!.sql, version, ...statements, "SELECT 1");
}

/** Runs SQL on a file that no store has open; returns the rows of the last statement. */
export async function rawSql(path: string, ...statements: string[]): Promise<unknown[]> {
  const { DatabaseSync } = await import("node:sqlite");
  using database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  const last = statements.pop()!;
  for (const sql of statements) database.exec(sql);
  return database.prepare(last).all();
}
