/**
 * Schemas for tests, each new, on the server that the tests of a process share.
 *
 * @module
 */

import { PostgresDatabase } from "../../src/postgres/database.ts";
import type { PostgresConnection, QueryResult } from "../../src/postgres/driver.ts";
import { type PostgresOptions, resolvePostgresOptions } from "../../src/postgres/options.ts";
import { connectPg } from "../../src/postgres/pg_driver.ts";
import { postgresMissing, PostgresServer } from "./server.ts";

/** The shared server, where there is one. */
export const sharedServer: PostgresServer | undefined = postgresMissing === undefined
  ? await PostgresServer.shared()
  : undefined;

/** What a test gets. */
export interface DatabaseFixture {
  /** URL of the database. */
  url: string;
  /** Name of a schema that does not exist yet. */
  schema: string;
  /** Opens the database with that schema; it is closed after the test. */
  open(options?: PostgresOptions): Promise<PostgresDatabase>;
}

let count = 0;

/** Runs a function with a new schema, which is dropped in the end. */
export async function withSchema<T>(
  run: (fixture: DatabaseFixture) => Promise<T> | T,
): Promise<T> {
  const url = sharedServer!.url();
  const schema = `test_${Deno.pid}_${Date.now()}_${count++}`;
  const opened: PostgresDatabase[] = [];
  try {
    return await run({
      url,
      schema,
      open: async (options = {}) => {
        const database = await PostgresDatabase.open(url, { schema, ...options });
        opened.push(database);
        return database;
      },
    });
  } finally {
    for (const database of opened) await database.close();
    await rawPostgres(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
  }
}

/** What a test does to a connection. */
export interface Faults {
  /** Called instead of a statement. */
  query(
    sql: string,
    run: () => Promise<QueryResult>,
    connection: PostgresConnection,
  ): Promise<QueryResult>;
}

/** Opens a database whose connections a test looks at, or breaks. */
export function openFaulty(
  { url, schema }: DatabaseFixture,
  faults: Faults,
): Promise<PostgresDatabase> {
  const options = resolvePostgresOptions(url, { schema });
  return PostgresDatabase.open(url, { schema }, async () => {
    const connection = await connectPg(options);
    const query = connection.query.bind(connection);
    connection.query = (sql, params) => faults.query(sql, () => query(sql, params), connection);
    return connection;
  });
}

/** Runs SQL outside of any store; returns the rows of the last statement. */
export async function rawPostgres(sql: string): Promise<unknown[][]> {
  const database = await connectPg(resolvePostgresOptions(sharedServer!.url(), {}));
  try {
    const statements = sql.split(";").filter((one) => one.trim() !== "");
    let rows: unknown[][] = [];
    for (const one of statements) rows = (await database.query(one)).rows as unknown[][];
    return rows;
  } finally {
    await database.close();
  }
}

/** Registers a test on a schema of its own. */
export function testPostgres(
  name: string,
  run: (fixture: DatabaseFixture) => Promise<void> | void,
): void {
  Deno.test({
    name: postgresMissing === undefined ? name : `${name} [skipped: ${postgresMissing}]`,
    ignore: postgresMissing !== undefined,
    fn: () => withSchema(run),
  });
}

/** Waits until a condition holds. */
export async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!await condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Waits until somebody listens to the notifications of a schema. */
export async function waitForListener(schema: string): Promise<void> {
  const sql = `SELECT 1 FROM pg_stat_activity WHERE query = 'LISTEN "goflow_${schema}"'`;
  await waitFor(async () => (await rawPostgres(sql)).length > 0);
}
