package main

import (
	"database/sql"
	"encoding/json"
)

func readDatabase(file string) (*database, error) {
	db, err := open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	var result database
	if err := db.QueryRow(`PRAGMA journal_mode`).Scan(&result.JournalMode); err != nil {
		return nil, err
	}
	if result.Executions, err = readRows(db, `SELECT id, workflow_id, workflow_version, status,
		started_at, completed_at, error_type, error_message, error_node_id, error_context, return_value,
		created_at FROM executions ORDER BY started_at DESC`, scanExecution); err != nil {
		return nil, err
	}
	if result.NodeExecutions, err = readRows(db, `SELECT id, execution_id, node_id, node_type, status,
		started_at, completed_at, inputs, outputs, error_type, error_message, error_context, retry_count
		FROM node_executions ORDER BY started_at`, scanNodeExecution); err != nil {
		return nil, err
	}
	if result.Snapshots, err = readRows(db, `SELECT id, execution_id, node_execution_id, variable_name,
		old_value, new_value, timestamp FROM variable_snapshots ORDER BY id`, scanSnapshot); err != nil {
		return nil, err
	}
	result.Migrations, err = readRows(db, `SELECT version, applied_at FROM migrations ORDER BY version`,
		func(rows *sql.Rows) (m migration, err error) {
			err = rows.Scan(&m.Version, &m.AppliedAt.Time)
			return m, err
		})
	return &result, err
}

func readRows[T any](db *sql.DB, query string, scan func(*sql.Rows) (T, error)) ([]T, error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	result := []T{}
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, err
		}
		result = append(result, row)
	}
	return result, rows.Err()
}

func scanExecution(rows *sql.Rows) (e execution, err error) {
	var completedAt sql.NullTime
	var kind, message, nodeID, context, value sql.NullString
	if err = rows.Scan(&e.ID, &e.WorkflowID, &e.WorkflowVersion, &e.Status, &e.StartedAt.Time, &completedAt,
		&kind, &message, &nodeID, &context, &value, &e.CreatedAt.Time); err != nil {
		return e, err
	}
	e.CompletedAt.Time = completedAt.Time
	if e.Error, err = errorOf(kind, message, nodeID, context); err != nil {
		return e, err
	}
	return e, decode(value, &e.ReturnValue)
}

func scanNodeExecution(rows *sql.Rows) (n nodeExecution, err error) {
	var completedAt sql.NullTime
	var inputs, outputs, kind, message, context sql.NullString
	if err = rows.Scan(&n.ID, &n.ExecutionID, &n.NodeID, &n.NodeType, &n.Status, &n.StartedAt.Time,
		&completedAt, &inputs, &outputs, &kind, &message, &context, &n.RetryCount); err != nil {
		return n, err
	}
	n.CompletedAt.Time = completedAt.Time
	if err = decode(inputs, &n.Inputs); err != nil {
		return n, err
	}
	if err = decode(outputs, &n.Outputs); err != nil {
		return n, err
	}
	n.Error, err = errorOf(kind, message, sql.NullString{}, context)
	return n, err
}

func scanSnapshot(rows *sql.Rows) (s snapshot, err error) {
	var nodeExecutionID, oldValue, newValue sql.NullString
	if err = rows.Scan(&s.ID, &s.ExecutionID, &nodeExecutionID, &s.VariableName, &oldValue, &newValue,
		&s.Timestamp.Time); err != nil {
		return s, err
	}
	s.NodeExecutionID = nodeExecutionID.String
	if err = decode(oldValue, &s.OldValue); err != nil {
		return s, err
	}
	return s, decode(newValue, &s.NewValue)
}

// errorOf wants both a type and a message, as Go's loader does.
func errorOf(kind, message, nodeID, context sql.NullString) (*execError, error) {
	if !kind.Valid || !message.Valid {
		return nil, nil
	}
	e := &execError{Type: kind.String, Message: message.String, NodeID: nodeID.String}
	return e, decode(context, &e.Context)
}

func decode(column sql.NullString, target any) error {
	if !column.Valid {
		return nil
	}
	return json.Unmarshal([]byte(column.String), target)
}
