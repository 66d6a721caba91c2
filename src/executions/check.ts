/**
 * Checks a database, and puts right what Go leaves behind.
 *
 * @module
 */

import { DatabaseError } from "../domain/errors.ts";
import type { Connection } from "./connection.ts";
import { FEATURES } from "./schema_version.ts";

/** Options of `check()`. */
export interface CheckOptions {
  /**
   * Whether to compare every index with its table too, which takes long.
   *
   * @default {false}
   */
  full?: boolean;
  /**
   * Whether to rebuild indexes that do not fit their tables, to delete node
   * executions and snapshots of runs that do not exist, and to clear references
   * to node executions that do not.
   *
   * @default {false}
   */
  repair?: boolean;
}

/** What a check found. */
export interface CheckResult {
  /** Whether nothing is wrong, or no longer. */
  ok: boolean;
  /** What SQLite finds wrong with the file. */
  damage: string[];
  /** Rows that refer to rows that do not exist, by table; Go leaves them behind on delete. */
  orphans: Record<string, number>;
  /** Rows that were deleted or changed. */
  repaired: number;
}

/** A run may have no id: then NOT IN would find nothing. */
const HAS_NO_RUN = "NOT EXISTS (SELECT 1 FROM executions WHERE id = execution_id)";
const REPAIRS = [
  `DELETE FROM node_executions WHERE ${HAS_NO_RUN}`,
  `DELETE FROM variable_snapshots WHERE ${HAS_NO_RUN}`,
  "UPDATE variable_snapshots SET node_execution_id = NULL WHERE node_execution_id IS NOT NULL " +
  "AND NOT EXISTS (SELECT 1 FROM node_executions WHERE id = node_execution_id)",
];
const LATER_REPAIRS = [
  `DELETE FROM labels WHERE ${HAS_NO_RUN}`,
  `DELETE FROM leases WHERE ${HAS_NO_RUN}`,
];

/** What SQLite reports of an index whose table is whole; only a full check finds it. */
const INDEX_DAMAGE = /^(row \d+ missing from|wrong # of entries in|non-unique entry in) index /;

/**
 * Checks a database.
 *
 * @param connection The connection.
 * @param options How thoroughly, and whether to repair.
 * @param action What it is for.
 * @returns What was found.
 */
export async function checkDatabase(
  connection: Connection,
  options: CheckOptions,
  action: string,
): Promise<CheckResult> {
  const pragma = options.full ? "integrity_check" : "quick_check";
  let damage = await findDamage(connection, pragma, action);
  if (options.repair && damage.length > 0 && damage.every((one) => INDEX_DAMAGE.test(one))) {
    await connection.run(action, "REINDEX");
    damage = await findDamage(connection, pragma, action);
  }
  if (damage.length > 0) return { ok: false, damage, orphans: {}, repaired: 0 };
  const orphans = await connection.read(action, () => countOrphans(connection));
  const isClean = (orphans: Record<string, number>) => Object.keys(orphans).length === 0;
  if (isClean(orphans) || !options.repair) {
    return { ok: isClean(orphans), damage, orphans, repaired: 0 };
  }
  const repairs = connection.info.schemaVersion >= FEATURES.leases
    ? [...REPAIRS, ...LATER_REPAIRS]
    : REPAIRS;
  const repaired = await connection.write(
    action,
    () => repairs.reduce((sum, sql) => sum + connection.statement(sql).run(), 0),
  );
  const left = await connection.read(action, () => countOrphans(connection));
  return { ok: isClean(left), damage, orphans, repaired };
}

async function findDamage(
  connection: Connection,
  pragma: string,
  action: string,
): Promise<string[]> {
  try {
    const rows = await connection.run(action, `PRAGMA ${pragma}`);
    return rows.map(([text]) => String(text)).filter((text) => text !== "ok");
  } catch (error) {
    // Some damage ends the check itself.
    if (!(error instanceof DatabaseError && error.code === "corrupt")) throw error;
    return [error.message];
  }
}

function countOrphans(connection: Connection): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [table] of connection.statement("PRAGMA foreign_key_check").all()) {
    counts[String(table)] = (counts[String(table)] ?? 0) + 1;
  }
  return counts;
}
