/**
 * `db backup`, `restore`, `compact`, `migrate` and `salvage`.
 *
 * @module
 */

import { DatabaseError } from "../../domain/errors.ts";
import type { Context } from "../context.ts";
import { requireFolderOf, stat } from "../files.ts";
import { printRecord } from "../records.ts";
import { SQLiteExecutionRepository } from "../../executions/repository.ts";
import {
  databasePath,
  driverOf,
  existingDatabase,
  openDatabase,
  openOrCreateDatabase,
} from "../execution/store.ts";
import { Progress } from "../progress.ts";
import { confirmed } from "../prompt.ts";
import { oneLine } from "../text.ts";
import { formatSize } from "../values.ts";

/** Copies the database while it is in use, and checks the copy. */
export async function backUpDatabase(context: Context): Promise<void> {
  const file = context.argument("FILE");
  using store = await openDatabase(context);
  await requireFolderOf(file, `Cannot back up to "${file}"`);
  {
    using progress = new Progress(context.io, "Backing up", "pages");
    await store.backup(file, { onProgress: ({ done, total }) => progress.update(done, total) });
  }
  const { size } = await Deno.stat(file);
  printRecord(context, { path: file, size }, () => {
    context.note(oneLine(`Backed up to ${file}, ${formatSize(size)}`));
  });
}

/** Replaces the content of the database by that of a copy. */
export async function restoreDatabase(context: Context): Promise<void> {
  const file = context.argument("FILE");
  const path = databasePath(context);
  await stat(file, `Cannot restore "${path}" from "${file}"`);
  if (!await confirmed(context, `Replace everything in "${path}" by "${file}"`)) return;
  using store = await openOrCreateDatabase(context).catch((error) => {
    throw restorable(error, path);
  });
  {
    using progress = new Progress(context.io, "Restoring", "pages");
    await store.restore(file, { onProgress: ({ done, total }) => progress.update(done, total) });
  }
  context.note(oneLine(`Restored ${path} from ${file}`));
}

/** Says how to go on without a database that does not open, which others may want to salvage. */
function restorable(error: unknown, path: string): unknown {
  const codes: string[] = ["corrupt", "not-a-database", "newer-schema"];
  if (!(error instanceof DatabaseError) || !codes.includes(error.code)) return error;
  return new DatabaseError(
    `Cannot restore "${path}": what is there cannot be opened, so move it away first, ` +
      `with the files "${path}-wal" and "${path}-shm" if they are there`,
    { code: error.code, cause: error },
  );
}

/** Gives the space of deleted rows back. */
export async function compactDatabase(context: Context): Promise<void> {
  using store = await openDatabase(context);
  const { path } = await store.info();
  const before = (await Deno.stat(path)).size;
  const { signal } = context;
  {
    using progress = new Progress(context.io, "Compacting", "pages");
    const onProgress = ({ done, total }: { done: number; total: number }) =>
      progress.update(done, total);
    await store.compact({ signal, onProgress }).catch((error) => {
      // What was given back so far is, and is told below.
      if (error !== signal.reason) throw error;
    });
  }
  const after = (await Deno.stat(path)).size;
  printRecord(context, { path, before, after }, () => {
    context.note(
      oneLine(`Compacted ${path}: ${formatSize(before)} before, ${formatSize(after)} now`),
    );
  });
  signal.throwIfAborted();
}

/** Brings the schema to the newest version. */
export async function migrateDatabase(context: Context): Promise<void> {
  const versions: number[] = [];
  for (const migrate of ["never", "auto"] as const) {
    using store = await openDatabase(context, { migrate });
    versions.push((await store.info()).schemaVersion);
  }
  const [from, to] = versions;
  printRecord(context, { from, to }, () => {
    context.note(
      from === to ? `The schema is version ${to} already` : `Schema version ${from} -> ${to}`,
    );
  });
}

/** Copies what is readable; the exit code is 1 when something was not. */
export async function salvageDatabase(context: Context): Promise<number> {
  const file = context.argument("FILE");
  const path = existingDatabase(context);
  await requireFolderOf(file, `Cannot salvage "${path}" into "${file}"`);
  const { copied, damage } = await SQLiteExecutionRepository.salvage(path, file, {
    driver: driverOf(context),
  });
  printRecord(context, { path: file, copied, damage }, () => {
    const counts = Object.entries(copied).map(([table, count]) => `${count} of ${table}`);
    context.note(oneLine(`Copied to ${file}: ${counts.join(", ")}`));
    for (const place of damage) context.note(oneLine(`Not readable: ${place}`));
  });
  return damage.length === 0 ? 0 : 1;
}
