/**
 * Runs a test of copying between every pair of backends.
 *
 * @module
 */

import { join } from "@std/path";
import { openPostgresStorage } from "../../src/postgres/storage.ts";
import { type FilesystemStorage, openStorage, type Storage } from "../../src/storage.ts";
import { TempFolder } from "../helpers/temp_folder.ts";
import { testPostgres, withSchema } from "../postgres/databases.ts";

/** A kind of storage. */
export type Backend = "files" | "PostgreSQL";

/** Runs a function with a storage, which is removed in the end. */
type WithStorage = (run: (storage: Storage) => Promise<void>) => Promise<void>;

const BACKENDS: Record<Backend, WithStorage> = { files: withFolder, PostgreSQL: withServer };

/** Runs a function with a storage in a folder of its own. */
export async function withFolder(
  run: (storage: FilesystemStorage) => Promise<void>,
): Promise<void> {
  await using temporary = await TempFolder.make();
  const folder = temporary.path;
  // What a power failure takes is tested elsewhere.
  const executions = { durability: "normal" } as const;
  await using storage = await openStorage({ root: join(folder, "data"), executions });
  await run(storage);
}

async function withServer(run: (storage: Storage) => Promise<void>): Promise<void> {
  await withSchema(async ({ url, schema }) => {
    await using storage = await openPostgresStorage(url, { schema });
    await run(storage);
  });
}

/** Registers a test for each pair of backends, or for those with some sources only. */
export function testCopies(
  name: string,
  run: (from: Storage, to: Storage) => Promise<void>,
  { only = ["files", "PostgreSQL"] }: { only?: Backend[] } = {},
): void {
  for (const from of only) {
    for (const to of ["files", "PostgreSQL"] as const) {
      const title = `${name} (${from} to ${to})`;
      const both = () => BACKENDS[from]((source) => BACKENDS[to]((target) => run(source, target)));
      if (from === "files" && to === "files") Deno.test(title, both);
      else testPostgres(title, both);
    }
  }
}
