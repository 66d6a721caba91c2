/**
 * The one behaviour suite: runs a test over both SQLite drivers, in both
 * journal modes, and over PostgreSQL.
 *
 * @module
 */

import type { ExecutionRepository } from "../../src/domain/execution_repository.ts";
import type { SQLiteOptions } from "../../src/executions/options.ts";
import type { PostgresOptions } from "../../src/postgres/options.ts";
import { PostgresExecutionRepository } from "../../src/postgres/repository.ts";
import { withSchema } from "../postgres/databases.ts";
import { postgresMissing } from "../postgres/server.ts";
import { type Backend, testBackends, withRoot } from "./backends.ts";

/** Options that all backends share. */
export type SharedOptions = Pick<SQLiteOptions & PostgresOptions, "redaction" | "autoPrune">;

/** What a test gets. */
export interface RepositoryFixture {
  /** Folder of the test. */
  root: string;
  /** Opens the store, each time the same one; the test closes it. */
  open(options?: SharedOptions): Promise<ExecutionRepository>;
  /** Opens another store, which is empty. */
  openOther(): Promise<ExecutionRepository>;
}

/** Registers a test for each backend. */
export function testRepositories(
  name: string,
  run: (fixture: RepositoryFixture) => Promise<void> | void,
  options: { only?: Partial<Backend> } = {},
): void {
  testBackends(name, ({ root, open }) =>
    run({
      root,
      open,
      openOther: () => open({ path: `${root}/other.db` }),
    }), options);
  const title = `${name} (PostgreSQL)`;
  Deno.test({
    name: postgresMissing === undefined ? title : `${title} [skipped: ${postgresMissing}]`,
    ignore: postgresMissing !== undefined,
    fn: () => withRoot((root) => withPostgres((open, openOther) => run({ root, open, openOther }))),
  });
}

type Open = (options?: SharedOptions) => Promise<ExecutionRepository>;

/** Closes what a test left to `using`, which does not wait, and drops both schemas. */
function withPostgres(run: (open: Open, openOther: Open) => Promise<void> | void): Promise<void> {
  return withSchema(({ url, schema }) =>
    withSchema(async ({ schema: other }) => {
      const opened: PostgresExecutionRepository[] = [];
      const openIn = (schema: string): Open => async (options = {}) => {
        const repository = await PostgresExecutionRepository.open(url, { schema, ...options });
        opened.push(repository);
        return repository;
      };
      try {
        await run(openIn(schema), openIn(other));
      } finally {
        for (const repository of opened) await repository[Symbol.asyncDispose]();
      }
    })
  );
}
