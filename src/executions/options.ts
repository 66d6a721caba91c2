/**
 * Options and description of the execution store.
 *
 * @module
 */

import type { AutoPruneOptions } from "../domain/execution_retention.ts";
import type { RedactionOptions, Redactor } from "../domain/redaction.ts";
import type { DriverName } from "./driver.ts";
import type { JournalMode } from "./driver_choice.ts";

/** Options of `SQLiteExecutionRepository.open()`. */
export interface SQLiteOptions {
  /**
   * Folder of all data; the database is `goflow.db` in it.
   *
   * @default {GOFLOW_CONFIG_DIR, else ".goflow" in the home folder}
   */
  root?: string;
  /**
   * Path of the database, in place of `root`.
   *
   * @default {"<root>/goflow.db"}
   */
  path?: string;
  /**
   * The SQLite library: `"ffi"` is `@db/sqlite`, `"builtin"` is `node:sqlite`,
   * which is part of Deno. `"auto"` takes FFI where it is permitted, loads and
   * is free of the defect that loses data in WAL mode, else the built-in one.
   *
   * @default {"auto"}
   */
  driver?: DriverName | "auto";
  /**
   * Journal mode to put the file into.
   *
   * @default {"wal", or "delete" where the library is not safe with "wal"}
   */
  journalMode?: JournalMode;
  /**
   * `"full"` survives a power failure with every acknowledged write,
   * `"normal"` may lose the last ones in WAL mode. Neither damages the file.
   *
   * @default {"full"}
   */
  durability?: "full" | "normal";
  /**
   * Whether a file of an older schema is brought to the newest version.
   * With `"never"`, or when the file cannot be written, it still reads.
   *
   * @default {"auto"}
   */
  migrate?: "auto" | "never";
  /**
   * How long an operation waits for a lock, in milliseconds.
   *
   * @default {30000}
   */
  timeout?: number;
  /**
   * Mode of a new database file; a new folder gets 0755. Both are subject to
   * the umask of the process.
   *
   * @default {0o644}
   */
  fileMode?: number;
  /**
   * Keeps secrets out of the database.
   *
   * @default {off}
   */
  redaction?: RedactionOptions;
  /**
   * How many finished runs `load()` keeps in memory. They are dropped as soon
   * as anything in the database changes, whoever changes it.
   *
   * @default {0}
   */
  cacheSize?: number;
  /**
   * How many bytes to set aside in a file `<path>-reserve`, which pruning
   * deletes when it meets a full disk. On a full disk even a deletion needs
   * room for the log; with 5,000,000 pruning always has it.
   *
   * @default {0}
   */
  reserve?: number;
  /**
   * Prunes now and then while the store is open.
   *
   * @default {off}
   */
  autoPrune?: AutoPruneOptions;
  /**
   * Whether to open the file, and create it where it is missing, only when the
   * store is first used.
   *
   * @default {false}
   */
  lazy?: boolean;
}

/**
 * Options with their defaults.
 *
 * @internal
 */
export interface ResolvedOptions {
  /** Removes secrets, if wanted. */
  redactor: Redactor | undefined;
  /** See {@linkcode SQLiteOptions.cacheSize}. */
  cacheSize: number;
  /** See {@linkcode SQLiteOptions.reserve}. */
  reserve: number;
  /** See {@linkcode SQLiteOptions.autoPrune}. */
  autoPrune: AutoPruneOptions | undefined;
  /** Absolute path of the database. */
  path: string;
  /** See {@linkcode SQLiteOptions.driver}. */
  driver: DriverName | "auto";
  /** See {@linkcode SQLiteOptions.journalMode}. */
  journalMode: JournalMode | undefined;
  /** See {@linkcode SQLiteOptions.durability}. */
  durability: "full" | "normal";
  /** See {@linkcode SQLiteOptions.migrate}. */
  migrate: "auto" | "never";
  /** See {@linkcode SQLiteOptions.timeout}. */
  timeout: number;
  /** See {@linkcode SQLiteOptions.fileMode}. */
  fileMode: number;
}

/** What a store found and chose when it was opened. */
export interface SQLiteInfo {
  /** Absolute path of the database. */
  path: string;
  /** Which SQLite library. */
  driver: DriverName;
  /** Why that one. */
  driverReason: string;
  /** Version of the library. */
  sqliteVersion: string;
  /** Journal mode of the file, as read back. */
  journalMode: string;
  /** Why that one. */
  journalReason: string;
  /** How writes are synchronised with the disk. */
  durability: "full" | "normal";
  /** Version of the schema of the file. */
  schemaVersion: number;
  /** Newest version that this module knows. */
  latestSchemaVersion: number;
  /** Whether the file can only be read. */
  readOnly: boolean;
  /** Whether deleted rows give their disk space back step by step. */
  incrementalVacuum: boolean;
  /** Operations that did not end, the oldest first. */
  unfinished: UnfinishedOperation[];
  /** What was migrated at opening: from which version, and the copy of before. */
  migration?: { from: number; copy: string };
}

/**
 * An operation that began and did not end: a crash cut it off, or another
 * process was still at it. What it did by then is whole; asking for it again
 * goes on, and clears the note.
 */
export interface UnfinishedOperation {
  /** Which operation. */
  operation: "prune" | "import" | "compact" | "restore";
  /** When it began. */
  startedAt: Date;
}
