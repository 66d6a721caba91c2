/**
 * Archives: compressed NDJSON, appended batch by batch.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import { requirePermissions } from "../permissions.ts";
import type { Connection } from "./connection.ts";
import { databaseError } from "./database_error.ts";
import { readStoredRun, writeRunLine } from "./run_line.ts";

/**
 * Appends runs to an archive and makes sure that they are on the disk. Each
 * call adds one member of gzip; `zcat` and the import read them all.
 *
 * @param connection The connection.
 * @param ids Ids of the runs; those that are gone are left out.
 * @param path The archive, made with mode 0600 when it is missing.
 * @param action What it is for.
 * @throws {PermissionDeniedError} If the archive may not be written.
 * @throws {DatabaseError} If the archive cannot be written.
 */
export async function archiveRuns(
  connection: Connection,
  ids: readonly string[],
  path: string,
  action: string,
): Promise<void> {
  requirePermissions(action, { name: "write", path });
  const runs = await connection.read(
    action,
    () => ids.map((id) => readStoredRun(connection, id)).filter((run) => run !== undefined),
  );
  const text = runs.map((run) => `${writeRunLine(run)}\n`).join("");
  await append(path, gzipSync(text), action);
}

async function append(path: string, bytes: Uint8Array, action: string): Promise<void> {
  try {
    using file = await Deno.open(path, { write: true, create: true, mode: 0o600 });
    const end = await file.seek(0, Deno.SeekMode.End);
    try {
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      await file.syncData();
    } catch (error) {
      // Half a member would make all that follows unreadable.
      await file.truncate(end);
      throw error;
    }
  } catch (cause) {
    throw databaseError(cause, `${action}: cannot append to the archive`, path);
  }
}
