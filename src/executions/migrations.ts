/**
 * The versions of the schema, oldest first. Version 1 is that of Go's
 * implementation, table for table and index for index; Go goes on working with
 * a file of any later version, because those only add.
 *
 * @module
 */

import { instantSql, startedInstantSql } from "./instant.ts";
import { type Version, VERSIONS } from "./schema_version.ts";
import { COUNTING_SQL, STATISTICS_SQL } from "./statistics_schema.ts";

/** One step from a version of the schema to the next. */
export interface Migration extends Version {
  /** Statements, run in one transaction. */
  readonly sql: string;
}

const version1 = `
CREATE TABLE IF NOT EXISTS migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  version INTEGER NOT NULL UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE executions (
  id TEXT PRIMARY KEY,
  workflow_id TEXT NOT NULL,
  workflow_version TEXT NOT NULL,
  status TEXT NOT NULL,
  started_at TIMESTAMP NOT NULL,
  completed_at TIMESTAMP,
  error_type TEXT,
  error_message TEXT,
  error_node_id TEXT,
  error_context TEXT,
  return_value TEXT,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_executions_workflow_id ON executions(workflow_id, started_at DESC);
CREATE INDEX idx_executions_status ON executions(status, started_at DESC);
CREATE INDEX idx_executions_started_at ON executions(started_at DESC);
CREATE INDEX idx_executions_workflow_status ON executions(workflow_id, status, started_at DESC);
CREATE TABLE node_executions (
  id TEXT PRIMARY KEY,
  execution_id TEXT NOT NULL,
  node_id TEXT NOT NULL,
  node_type TEXT NOT NULL,
  status TEXT NOT NULL,
  started_at TIMESTAMP NOT NULL,
  completed_at TIMESTAMP,
  inputs TEXT,
  outputs TEXT,
  error_type TEXT,
  error_message TEXT,
  error_context TEXT,
  retry_count INTEGER DEFAULT 0,
  FOREIGN KEY (execution_id) REFERENCES executions(id) ON DELETE CASCADE
);
CREATE INDEX idx_node_executions_execution_id ON node_executions(execution_id, started_at);
CREATE INDEX idx_node_executions_status ON node_executions(status);
CREATE TABLE variable_snapshots (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  execution_id TEXT NOT NULL,
  node_execution_id TEXT,
  variable_name TEXT NOT NULL,
  old_value TEXT,
  new_value TEXT,
  timestamp TIMESTAMP NOT NULL,
  FOREIGN KEY (execution_id) REFERENCES executions(id) ON DELETE CASCADE,
  FOREIGN KEY (node_execution_id) REFERENCES node_executions(id) ON DELETE SET NULL
);
CREATE INDEX idx_variable_snapshots_execution_id ON variable_snapshots(execution_id, timestamp);
CREATE INDEX idx_variable_snapshots_node_execution_id ON variable_snapshots(node_execution_id);
`;

/**
 * Ordering by instant. Node executions need none: those of one run are few
 * enough to be sorted when they are read. Equal instants are ordered by rowid,
 * with which every index ends, that is in the order they were inserted.
 */
const version2 = `
ALTER TABLE executions ADD COLUMN started_instant INTEGER
  GENERATED ALWAYS AS (${startedInstantSql()}) VIRTUAL;
CREATE INDEX idx_executions_instant ON executions(started_instant);
CREATE INDEX idx_executions_workflow_instant ON executions(workflow_id, started_instant);
CREATE INDEX idx_executions_status_instant ON executions(status, started_instant);
CREATE INDEX idx_executions_workflow_status_instant
  ON executions(workflow_id, status, started_instant);
`;

/**
 * What a run carries beside Go's columns: the revision of its workflow, labels,
 * and the lease of the engine that runs it. Migrations get a checksum.
 */
const version3 = `
ALTER TABLE executions ADD COLUMN workflow_revision TEXT;
ALTER TABLE executions ADD COLUMN completed_instant INTEGER
  GENERATED ALWAYS AS (${instantSql("completed_at")}) VIRTUAL;
CREATE TABLE labels (
  execution_id TEXT NOT NULL,
  label TEXT NOT NULL,
  PRIMARY KEY (execution_id, label),
  FOREIGN KEY (execution_id) REFERENCES executions(id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX idx_labels_label ON labels(label, execution_id);
CREATE TABLE leases (
  execution_id TEXT PRIMARY KEY NOT NULL,
  owner TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  FOREIGN KEY (execution_id) REFERENCES executions(id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX idx_leases_expires_at ON leases(expires_at);
ALTER TABLE migrations ADD COLUMN checksum TEXT;
`;

/** The change feed: one row per change of a run, whoever makes it; it keeps the last 100,000. */
const version4 = `
CREATE TABLE changes (
  sequence INTEGER PRIMARY KEY,
  execution_id TEXT NOT NULL,
  kind TEXT NOT NULL
);
CREATE TRIGGER feed_insert AFTER INSERT ON executions BEGIN
  INSERT INTO changes (execution_id, kind) VALUES (new.id, 'created');
END;
CREATE TRIGGER feed_update AFTER UPDATE ON executions BEGIN
  INSERT INTO changes (execution_id, kind) VALUES (new.id, 'updated');
END;
CREATE TRIGGER feed_delete AFTER DELETE ON executions BEGIN
  INSERT INTO changes (execution_id, kind) VALUES (old.id, 'deleted');
END;
CREATE TRIGGER feed_trim AFTER INSERT ON changes WHEN new.sequence % 1000 = 0 BEGIN
  DELETE FROM changes WHERE sequence <= new.sequence - 100000;
END;
`;

/**
 * It made statistics of a form that version 7 replaces: a file that gets both
 * at once needs only the last. The checksum is that of the former statements.
 */
const version5 = "";

/**
 * The lease of a run ends with it, whoever ends it. Operations that did not end
 * are known by their rows.
 */
const version6 = `
CREATE TRIGGER end_lease AFTER UPDATE ON executions
WHEN new.status <> old.status AND new.status <> 'pending' AND new.status <> 'running' BEGIN
  DELETE FROM leases WHERE execution_id = new.id;
END;
DELETE FROM leases WHERE execution_id IN
  (SELECT id FROM executions WHERE status <> 'pending' AND status <> 'running');
CREATE TABLE operations (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  started_at INTEGER NOT NULL
);
`;

/** It made views that version 9 replaces; version 7 did so too. The checksum is that of the former statements. */
const version8 = "";

/** How waiting runs and their nodes are counted: apart, because it changed more often than the tables. */
const version9 = COUNTING_SQL;

const STATEMENTS = [
  version1,
  version2,
  version3,
  version4,
  version5,
  version6,
  STATISTICS_SQL,
  version8,
  version9,
];

/** All steps, oldest first. */
export const MIGRATIONS: readonly Migration[] = VERSIONS.map((version, i) => ({
  ...version,
  sql: STATEMENTS[i]!,
}));
