/**
 * The version of the schema of a file: which it is, and what an older one cannot do.
 *
 * @module
 */

import { DatabaseError } from "../domain/errors.ts";
import type { Connection } from "./connection.ts";
import type { Driver, Row } from "./driver.ts";

/** A version of the schema. */
export interface Version {
  /** Its number, from 1. */
  readonly version: number;
  /** FNV-1a of the statements that lead to it, without their layout: it finds mistakes. */
  readonly checksum: string;
}

/** All versions, oldest first. Apart from their statements, which few files still need. */
export const VERSIONS: readonly Version[] = [
  { version: 1, checksum: "9aa37453" },
  { version: 2, checksum: "bc308c3e" },
  { version: 3, checksum: "197efac7" },
  { version: 4, checksum: "10a939b3" },
  { version: 5, checksum: "0c28f05f" },
  { version: 6, checksum: "4e86171b" },
  { version: 7, checksum: "9215a555" },
  { version: 8, checksum: "08e520ef" },
  { version: 9, checksum: "808362b1" },
];

/**
 * Reads and checks which versions were applied.
 *
 * @param driver The connection.
 * @param versions All versions, oldest first.
 * @param action What it is for, in the form `Cannot open "a.db"`.
 * @returns The version of the schema; 0 for an empty file.
 * @throws {DatabaseError} If the history is newer than these, has a gap or another order, or the file belongs to another program.
 */
export function readVersion(
  driver: Driver,
  versions: readonly Version[],
  action: string,
): number {
  const tables = driver.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'",
  ).all().map(([name]) => String(name));
  if (tables.length === 0) return 0;
  const columns = columnsOf(driver, "migrations");
  if (!columns.includes("version")) {
    throw new DatabaseError(
      `${action}: it has no table "migrations" with a column "version" but "${
        tables[0]
      }", so it belongs to another program`,
      { code: "not-a-database" },
    );
  }
  const rows = driver.prepare(
    `SELECT version, ${columns.includes("checksum") ? "checksum" : "NULL"} FROM migrations ` +
      `ORDER BY id`,
  ).all();
  if (rows.length === 0 && tables.includes("executions")) {
    throw new DatabaseError(
      `${action}: it has the table "executions" but no row in "migrations", ` +
        `so it was not made to the end; let the program that makes it finish, or move it away`,
      { code: "corrupt" },
    );
  }
  return checkHistory(rows, versions, action);
}

/**
 * Checks which steps were applied.
 *
 * @param rows Version and checksum of each, in the order they were applied.
 * @param versions All versions, oldest first.
 * @param action What it is for, in the form `Cannot open "a.db"`.
 * @returns The version of the schema.
 * @throws {DatabaseError} If the history is newer than these, has a gap or another order, or was edited.
 */
export function checkHistory(
  rows: readonly Row[],
  versions: readonly Version[],
  action: string,
): number {
  const applied = rows.map(([version]) => Number(version));
  const newest = versions.at(-1)?.version ?? 0;
  const newer = applied.find((version) => version > newest);
  if (newer !== undefined) {
    throw new DatabaseError(
      `${action}: its schema version is ${newer}, this module knows versions up to ${newest}; ` +
        `use a newer version of the module`,
      { code: "newer-schema" },
    );
  }
  applied.forEach((version, i) => {
    if (version === versions[i]?.version) return;
    throw new DatabaseError(
      `${action}: its migrations were applied as ${applied.join(", ")}, ` +
        `wanted is ${versions.slice(0, applied.length).map(({ version }) => version).join(", ")}`,
      { code: "corrupt" },
    );
  });
  rows.forEach(([version, checksum], i) => {
    if (checksum === null || checksum === versions[i]!.checksum) return;
    throw new DatabaseError(
      `${action}: its migration ${version} is not the one that this module knows`,
      { code: "corrupt" },
    );
  });
  return applied.length;
}

/**
 * Names the columns of a table.
 *
 * @param driver The connection.
 * @param table The table.
 * @returns The names; none when there is no such table.
 */
export function columnsOf(driver: Driver, table: string): string[] {
  return driver.prepare(`PRAGMA table_info(${table})`).all().map(([, name]) => String(name));
}

/** The version that brought each feature. */
export const FEATURES = {
  /** Instants of the start. */
  starts: 2,
  /** Instants of the end. */
  ends: 3,
  /** Revisions of workflows. */
  revisions: 3,
  labels: 3,
  leases: 3,
  changes: 4,
  operations: 6,
  statistics: 7,
} as const;

/**
 * Throws unless the schema of the file has a feature.
 *
 * @param connection The connection.
 * @param feature The feature.
 * @param action What it is for, in the form `Cannot label execution "a"`.
 * @throws {DatabaseError} If the schema is too old.
 */
export function requireFeature(
  connection: Connection,
  feature: keyof typeof FEATURES,
  action: string,
): void {
  const { schemaVersion } = connection.info;
  const wanted = FEATURES[feature];
  if (schemaVersion >= wanted) return;
  throw new DatabaseError(
    `${action}: the schema version of the file is ${schemaVersion}, wanted is ${wanted} or later; ` +
      `open it with the option "migrate" set to "auto"`,
    { code: "io" },
  );
}
