/**
 * Looks into the write-ahead log of a damaged database.
 *
 * @module
 */

import type { Driver } from "./driver.ts";

const HEADER = 32;
const FRAME_HEADER = 24;

/**
 * Counts the transactions that were committed and that SQLite leaves out,
 * because something before them in the log is damaged. The end of a log that
 * a crash cut off holds none.
 * See https://www.sqlite.org/fileformat.html#the_write_ahead_log.
 *
 * @param path The log.
 * @param source The database, which is open.
 * @returns How many.
 */
export function countLostCommits(path: string, source: Driver): number {
  const read = Number(source.prepare("PRAGMA wal_checkpoint").get()?.[1] ?? -1);
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(HEADER);
  const view = new DataView(bytes.buffer);
  if (file.readSync(bytes) !== HEADER) return 0;
  const [frame, salt] = [FRAME_HEADER + view.getUint32(8), view.getBigUint64(16)];
  const end = file.statSync().size - frame;
  let lost = 0;
  for (let at = HEADER + Math.max(read, 0) * frame; at <= end; at += frame) {
    file.seekSync(at, Deno.SeekMode.Start);
    file.readSync(bytes.subarray(0, FRAME_HEADER));
    // What is left of an earlier round has another salt; a commit tells the size of the database.
    if (view.getBigUint64(8) === salt && view.getUint32(4) > 0) lost++;
  }
  return lost;
}
