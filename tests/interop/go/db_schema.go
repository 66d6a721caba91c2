package main

import (
	"database/sql"
	"fmt"

	_ "modernc.org/sqlite"
)

// schema is version 1 of the database. Go creates it and sets no PRAGMA.
var schema = []string{
	`CREATE TABLE executions (
		id TEXT PRIMARY KEY, workflow_id TEXT NOT NULL, workflow_version TEXT NOT NULL,
		status TEXT NOT NULL, started_at TIMESTAMP NOT NULL, completed_at TIMESTAMP,
		error_type TEXT, error_message TEXT, error_node_id TEXT, error_context TEXT,
		return_value TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)`,
	`CREATE INDEX idx_executions_workflow_id ON executions(workflow_id, started_at DESC)`,
	`CREATE INDEX idx_executions_status ON executions(status, started_at DESC)`,
	`CREATE INDEX idx_executions_started_at ON executions(started_at DESC)`,
	`CREATE INDEX idx_executions_workflow_status ON executions(workflow_id, status, started_at DESC)`,
	`CREATE TABLE node_executions (
		id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, node_id TEXT NOT NULL,
		node_type TEXT NOT NULL, status TEXT NOT NULL, started_at TIMESTAMP NOT NULL,
		completed_at TIMESTAMP, inputs TEXT, outputs TEXT, error_type TEXT, error_message TEXT,
		error_context TEXT, retry_count INTEGER DEFAULT 0,
		FOREIGN KEY (execution_id) REFERENCES executions(id) ON DELETE CASCADE)`,
	`CREATE INDEX idx_node_executions_execution_id ON node_executions(execution_id, started_at)`,
	`CREATE INDEX idx_node_executions_status ON node_executions(status)`,
	`CREATE TABLE variable_snapshots (
		id INTEGER PRIMARY KEY AUTOINCREMENT, execution_id TEXT NOT NULL, node_execution_id TEXT,
		variable_name TEXT NOT NULL, old_value TEXT, new_value TEXT, timestamp TIMESTAMP NOT NULL,
		FOREIGN KEY (execution_id) REFERENCES executions(id) ON DELETE CASCADE,
		FOREIGN KEY (node_execution_id) REFERENCES node_executions(id) ON DELETE SET NULL)`,
	`CREATE INDEX idx_variable_snapshots_execution_id ON variable_snapshots(execution_id, timestamp)`,
	`CREATE INDEX idx_variable_snapshots_node_execution_id ON variable_snapshots(node_execution_id)`,
	`INSERT INTO migrations (version) VALUES (1)`,
}

func open(file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := initialize(db); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

func initialize(db *sql.DB) error {
	_, err := db.Exec(`CREATE TABLE IF NOT EXISTS migrations (id INTEGER PRIMARY KEY AUTOINCREMENT,
		version INTEGER NOT NULL UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)`)
	if err != nil {
		return err
	}
	var version int
	err = db.QueryRow(`SELECT COALESCE(MAX(version), 0) FROM migrations`).Scan(&version)
	if err != nil || version > 0 {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, statement := range schema {
		if _, err := tx.Exec(statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return tx.Commit()
}
