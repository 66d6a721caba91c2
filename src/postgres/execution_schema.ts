/**
 * The tables of the execution store.
 *
 * - Keys are the text that other programs may have chosen; ours are ordered by
 *   time. Text that is compared is of the collation "C": bytes, as in SQLite.
 * - Times are `timestamptz`, with the text beside it where that says more: the
 *   nanoseconds and the zone of Go, or what is no time at all.
 * - JSON is text, because `jsonb` changes numbers, the order of keys and
 *   escapes, and refuses what is not JSON.
 * - There is no sequence: numbers of snapshots and places of node executions
 *   come from the clients, and are unique within their run.
 * - Writers of different runs share no row. What has to be counted or put into
 *   an order is queued in `uncounted` and `queued_changes`, and moved on later,
 *   under a lock.
 *
 * @module
 */

/** The tables and their indexes. */
export const EXECUTIONS_SQL = `
CREATE TABLE executions (
  id text COLLATE "C" PRIMARY KEY,
  workflow_id text COLLATE "C" NOT NULL,
  workflow_version text COLLATE "C" NOT NULL,
  workflow_revision text COLLATE "C",
  status text COLLATE "C" NOT NULL,
  started_at timestamptz NOT NULL,
  started_text text,
  completed_at timestamptz,
  completed_text text,
  error_type text COLLATE "C",
  error_message text,
  error_node_id text,
  error_context text,
  return_value text,
  created_at timestamptz DEFAULT now(),
  created_text text
);
CREATE INDEX executions_started ON executions (started_at DESC, id DESC);
CREATE INDEX executions_workflow ON executions (workflow_id, started_at DESC, id DESC);
CREATE INDEX executions_status ON executions (status, started_at DESC, id DESC);
CREATE INDEX executions_workflow_status
  ON executions (workflow_id, status, started_at DESC, id DESC);
CREATE INDEX executions_revision ON executions (workflow_id, workflow_revision)
  WHERE workflow_revision IS NOT NULL;

CREATE TABLE node_executions (
  id text COLLATE "C" PRIMARY KEY,
  execution_id text COLLATE "C" NOT NULL REFERENCES executions ON DELETE CASCADE,
  place bigint NOT NULL,
  node_id text COLLATE "C" NOT NULL,
  node_type text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  started_at timestamptz NOT NULL,
  started_text text,
  completed_at timestamptz,
  completed_text text,
  inputs text,
  outputs text,
  error_type text COLLATE "C",
  error_message text,
  error_context text,
  retry_count bigint DEFAULT 0,
  CONSTRAINT node_executions_run UNIQUE (execution_id, id)
);

CREATE TABLE variable_snapshots (
  execution_id text COLLATE "C" NOT NULL REFERENCES executions ON DELETE CASCADE,
  id bigint NOT NULL,
  node_execution_id text COLLATE "C" REFERENCES node_executions ON DELETE SET NULL,
  variable_name text NOT NULL,
  old_value text,
  new_value text,
  taken_at timestamptz NOT NULL,
  taken_text text,
  PRIMARY KEY (execution_id, id)
);
CREATE INDEX variable_snapshots_node ON variable_snapshots (node_execution_id)
  WHERE node_execution_id IS NOT NULL;

CREATE TABLE labels (
  execution_id text COLLATE "C" NOT NULL REFERENCES executions ON DELETE CASCADE,
  label text COLLATE "C" NOT NULL,
  PRIMARY KEY (execution_id, label)
);
CREATE INDEX labels_label ON labels (label, execution_id);

CREATE TABLE leases (
  execution_id text COLLATE "C" PRIMARY KEY REFERENCES executions ON DELETE CASCADE,
  owner text COLLATE "C" NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX leases_expires ON leases (expires_at);

CREATE TABLE queued_changes (
  execution_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (execution_id, happened_at, kind)
);
CREATE TABLE changes (
  sequence bigint PRIMARY KEY,
  execution_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL
);

CREATE TABLE uncounted (execution_id text COLLATE "C" PRIMARY KEY);
CREATE TABLE run_statistics (
  span integer NOT NULL,
  workflow_id text COLLATE "C" NOT NULL,
  start bigint NOT NULL,
  status text COLLATE "C" NOT NULL,
  error_type text COLLATE "C" NOT NULL,
  bin bigint NOT NULL,
  runs bigint NOT NULL,
  total numeric NOT NULL,
  shortest bigint,
  longest bigint,
  PRIMARY KEY (span, workflow_id, start, status, error_type, bin)
);
CREATE TABLE node_statistics (
  workflow_id text COLLATE "C" NOT NULL,
  node_id text COLLATE "C" NOT NULL,
  node_type text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  error_type text COLLATE "C" NOT NULL,
  day bigint NOT NULL,
  nodes bigint NOT NULL,
  retries bigint NOT NULL,
  total numeric NOT NULL,
  longest bigint NOT NULL,
  PRIMARY KEY (workflow_id, node_id, node_type, status, error_type, day)
);
ALTER TABLE queued_changes
  SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE uncounted
  SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
`;
