package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

func writeDatabase(file string, input *database) error {
	for _, e := range input.Executions {
		if err := write(file, func(db *sql.DB) error { return saveExecution(db, &e) }); err != nil {
			return fmt.Errorf("execution %q: %w", e.ID, err)
		}
	}
	for _, n := range input.NodeExecutions {
		if err := write(file, func(db *sql.DB) error { return saveNodeExecution(db, &n) }); err != nil {
			return fmt.Errorf("node execution %q: %w", n.ID, err)
		}
	}
	for _, s := range input.Snapshots {
		if err := write(file, func(db *sql.DB) error { return saveSnapshot(db, &s) }); err != nil {
			return fmt.Errorf("snapshot of %q: %w", s.VariableName, err)
		}
	}
	return nil
}

// write stands for the user who tries again, because Go sets no busy timeout. Each
// try has its own connection: a COMMIT that was busy leaves it inside a transaction.
func write(file string, save func(*sql.DB) error) error {
	deadline := time.Now().Add(10 * time.Second)
	for {
		err := writeOnce(file, save)
		if err == nil || !strings.Contains(err.Error(), "SQLITE_BUSY") || time.Now().After(deadline) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

func writeOnce(file string, save func(*sql.DB) error) error {
	db, err := open(file)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return save(db)
}

func saveExecution(db *sql.DB, e *execution) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	kind, message, nodeID, context := errorColumns(e.Error)
	_, err = tx.Exec(`INSERT INTO executions (id, workflow_id, workflow_version, status, started_at,
			completed_at, error_type, error_message, error_node_id, error_context, return_value)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT(id) DO UPDATE SET status = excluded.status, completed_at = excluded.completed_at,
			error_type = excluded.error_type, error_message = excluded.error_message,
			error_node_id = excluded.error_node_id, error_context = excluded.error_context,
			return_value = excluded.return_value`,
		e.ID, e.WorkflowID, e.WorkflowVersion, e.Status, e.StartedAt.Time, e.CompletedAt.orNull(),
		kind, message, nodeID, context, jsonText(e.ReturnValue, e.ReturnValue == nil))
	if err != nil {
		return err
	}
	return tx.Commit()
}

func saveNodeExecution(db *sql.DB, n *nodeExecution) error {
	kind, message, _, context := errorColumns(n.Error)
	_, err := db.Exec(`INSERT INTO node_executions (id, execution_id, node_id, node_type, status,
			started_at, completed_at, inputs, outputs, error_type, error_message, error_context, retry_count)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT(id) DO UPDATE SET status = excluded.status, completed_at = excluded.completed_at,
			outputs = excluded.outputs, error_type = excluded.error_type,
			error_message = excluded.error_message, error_context = excluded.error_context,
			retry_count = excluded.retry_count`,
		n.ID, n.ExecutionID, n.NodeID, n.NodeType, n.Status, n.StartedAt.Time, n.CompletedAt.orNull(),
		jsonText(n.Inputs, len(n.Inputs) == 0), jsonText(n.Outputs, len(n.Outputs) == 0),
		kind, message, context, n.RetryCount)
	return err
}

func saveSnapshot(db *sql.DB, s *snapshot) error {
	_, err := db.Exec(`INSERT INTO variable_snapshots
			(execution_id, node_execution_id, variable_name, old_value, new_value, timestamp)
			VALUES (?, ?, ?, ?, ?, ?)`,
		s.ExecutionID, text(s.NodeExecutionID), s.VariableName,
		jsonText(s.OldValue, s.OldValue == nil), jsonText(s.NewValue, s.NewValue == nil),
		s.Timestamp.Time)
	return err
}

func errorColumns(e *execError) (kind, message, nodeID, context sql.NullString) {
	if e == nil {
		return
	}
	kind = sql.NullString{String: e.Type, Valid: true}
	message = sql.NullString{String: e.Message, Valid: true}
	return kind, message, text(e.NodeID), jsonText(e.Context, len(e.Context) == 0)
}

func text(value string) sql.NullString {
	return sql.NullString{String: value, Valid: value != ""}
}

func jsonText(value any, absent bool) sql.NullString {
	if absent {
		return sql.NullString{}
	}
	encoded, err := json.Marshal(value)
	return sql.NullString{String: string(encoded), Valid: err == nil}
}
