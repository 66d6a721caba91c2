/**
 * Brings the schema of a database to the newest version.
 *
 * @module
 */

import { DatabaseError } from "../domain/errors.ts";
import type { Migration } from "../executions/migrations.ts";
import { checkHistory } from "../executions/schema_version.ts";
import type { PostgresConnection } from "./driver.ts";
import type { ResolvedPostgresOptions } from "./options.ts";

/** What was found when a database was opened. */
export interface PostgresInfo {
  /** Where the server is, without the password. */
  place: string;
  /** Version of the server, such as `"15.14"`. */
  serverVersion: string;
  /** Name of the schema. */
  schema: string;
  /** Version of the schema. */
  schemaVersion: number;
  /** Newest version that this module knows. */
  latestSchemaVersion: number;
  /** Whether the server takes no writes, such as a replica. */
  readOnly: boolean;
}

/**
 * Looks at the server, and migrates the schema where that is wanted.
 *
 * @param connection The connection.
 * @param options The options.
 * @param migrations All steps, oldest first.
 * @param action What it is for, in the form `Cannot open the storage`.
 * @returns What was found.
 * @throws {DatabaseError} If the history is newer than the steps, has a gap or was edited, or the schema belongs to another program.
 */
export async function openSchema(
  connection: PostgresConnection,
  options: ResolvedPostgresOptions,
  migrations: readonly Migration[],
  action: string,
): Promise<PostgresInfo> {
  const { rows } = await connection.query(
    `SELECT current_setting('server_encoding'), current_setting('server_version'),
      pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean`,
  );
  const [encoding, serverVersion, readOnly] = rows[0]!;
  if (encoding !== "UTF8") {
    throw new DatabaseError(
      `${action}: the encoding of the database is "${encoding}", wanted is "UTF8"; ` +
        "create a database with that encoding",
      { code: "not-a-database" },
    );
  }
  let schemaVersion = await readVersion(connection, options.schema, migrations, action);
  if (schemaVersion < migrations.length) {
    if (options.migrate === "auto") {
      schemaVersion = await migrate(connection, options.schema, migrations, action);
    } else if (schemaVersion === 0) {
      throw new DatabaseError(
        `${action}: there is no schema "${options.schema}" with the tables of this module; ` +
          'open it with the option "migrate" set to "auto"',
        { code: "not-a-database" },
      );
    } else {
      throw new DatabaseError(
        `${action}: the schema version is ${schemaVersion}, wanted is ${migrations.length}; ` +
          'open it with the option "migrate" set to "auto"',
        { code: "io" },
      );
    }
  }
  return {
    place: options.place,
    serverVersion: String(serverVersion).split(" ")[0]!,
    schema: options.schema,
    schemaVersion,
    latestSchemaVersion: migrations.length,
    readOnly: readOnly === 1,
  };
}

/** Returns 0 where there is no schema, or an empty one. */
async function readVersion(
  connection: PostgresConnection,
  schema: string,
  migrations: readonly Migration[],
  action: string,
): Promise<number> {
  const { rows: tables } = await connection.query(
    "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename <> 'migrations'",
    [schema],
  );
  if (tables.length === 0) return 0;
  if (tables[0]![0] !== "migrations") {
    throw new DatabaseError(
      `${action}: the schema "${schema}" has no table "migrations" but "${tables[0]![0]}", ` +
        'so it belongs to another program; choose another one with the option "schema"',
      { code: "not-a-database" },
    );
  }
  // By the full name, because a schema that may not be used is left out of the search path.
  const { rows } = await connection.query(
    `SELECT version, checksum FROM "${schema}".migrations ORDER BY version`,
  );
  return checkHistory(rows, migrations, action);
}

/** All steps in one transaction, under a lock that a second process waits for. */
async function migrate(
  connection: PostgresConnection,
  schema: string,
  migrations: readonly Migration[],
  action: string,
): Promise<number> {
  await connection.query("BEGIN");
  try {
    await connection.query("SET LOCAL statement_timeout TO 0");
    await connection.query("SET LOCAL lock_timeout TO 0");
    await connection.exec(
      `SELECT pg_advisory_xact_lock(hashtextextended('goflow migrations of ${schema}', 0))`,
      true,
    );
    const { rows } = await connection.query("SELECT to_regnamespace($1) IS NULL", [schema]);
    if (rows[0]?.[0] === 1) await connection.exec(`CREATE SCHEMA "${schema}"`);
    // Another process may have been faster.
    const version = await readVersion(connection, schema, migrations, action);
    if (version === 0) {
      await connection.exec(`CREATE TABLE migrations (
        version integer PRIMARY KEY,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      )`);
    }
    for (const step of migrations.slice(version)) {
      await connection.exec(step.sql, true);
      await connection.query("INSERT INTO migrations (version, checksum) VALUES ($1, $2)", [
        step.version,
        step.checksum,
      ]);
    }
    await connection.query("COMMIT");
    return migrations.length;
  } catch (error) {
    if (!connection.lost) await connection.query("ROLLBACK");
    throw error;
  }
}
