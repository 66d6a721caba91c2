/**
 * The versions of the schema, oldest first. Version 1 is that of Go's
 * implementation, table for table and index for index; Go goes on working with
 * a file of any later version, because those only add.
 *
 * @module
 */

import { instantSql, ZERO_INSTANT } from "./instant.ts";

/** One step from a version of the schema to the next. */
export interface Migration {
  /** Version that the step leads to. */
  readonly version: number;
  /** Statements, run in one transaction. */
  readonly sql: string;
}

/** Instant of a run: unreadable times come before the zero time, that is last of all. */
export const STARTED_INSTANT_SQL: string = `coalesce(${instantSql("started_at")}, ${
  ZERO_INSTANT - 1n
})`;

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
  GENERATED ALWAYS AS (${STARTED_INSTANT_SQL}) VIRTUAL;
CREATE INDEX idx_executions_instant ON executions(started_instant);
CREATE INDEX idx_executions_workflow_instant ON executions(workflow_id, started_instant);
CREATE INDEX idx_executions_status_instant ON executions(status, started_instant);
CREATE INDEX idx_executions_workflow_status_instant
  ON executions(workflow_id, status, started_instant);
`;

/** All steps, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, sql: version1 },
  { version: 2, sql: version2 },
];
