package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

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

type database struct {
	Executions     []execution     `json:"executions"`
	NodeExecutions []nodeExecution `json:"nodeExecutions"`
	Snapshots      []snapshot      `json:"snapshots"`
	Migrations     []migration     `json:"migrations,omitempty"`
	JournalMode    string          `json:"journalMode,omitempty"`
}

type execution struct {
	ID              string     `json:"id"`
	WorkflowID      string     `json:"workflowId"`
	WorkflowVersion string     `json:"workflowVersion"`
	Status          string     `json:"status"`
	StartedAt       moment     `json:"startedAt"`
	CompletedAt     moment     `json:"completedAt,omitzero"`
	Error           *execError `json:"error,omitempty"`
	ReturnValue     any        `json:"returnValue,omitempty"`
	CreatedAt       moment     `json:"createdAt,omitzero"`
}

type execError struct {
	Type    string         `json:"type"`
	Message string         `json:"message"`
	NodeID  string         `json:"nodeId,omitempty"`
	Context map[string]any `json:"context,omitempty"`
}

type nodeExecution struct {
	ID          string         `json:"id"`
	ExecutionID string         `json:"executionId"`
	NodeID      string         `json:"nodeId"`
	NodeType    string         `json:"nodeType"`
	Status      string         `json:"status"`
	StartedAt   moment         `json:"startedAt"`
	CompletedAt moment         `json:"completedAt,omitzero"`
	Inputs      map[string]any `json:"inputs,omitempty"`
	Outputs     map[string]any `json:"outputs,omitempty"`
	Error       *execError     `json:"error,omitempty"`
	RetryCount  int            `json:"retryCount"`
}

type snapshot struct {
	ID              int64  `json:"id,omitempty"`
	ExecutionID     string `json:"executionId"`
	NodeExecutionID string `json:"nodeExecutionId,omitempty"`
	VariableName    string `json:"variableName"`
	OldValue        any    `json:"oldValue,omitempty"`
	NewValue        any    `json:"newValue,omitempty"`
	Timestamp       moment `json:"timestamp"`
}

type migration struct {
	Version   int    `json:"version"`
	AppliedAt moment `json:"appliedAt"`
}

// moment is RFC 3339 text in JSON, or a duration such as "-1h" from now, which
// gives a time with a monotonic reading, as a running program has it.
type moment struct{ time.Time }

func (m *moment) UnmarshalJSON(text []byte) error {
	var value string
	if err := json.Unmarshal(text, &value); err != nil {
		return err
	}
	if fromNow, err := time.ParseDuration(value); err == nil {
		m.Time = time.Now().Add(fromNow)
		return nil
	}
	parsed, err := time.Parse(time.RFC3339Nano, value)
	if !parsed.IsZero() {
		parsed = parsed.Local()
	}
	m.Time = parsed
	return err
}

func (m moment) MarshalJSON() ([]byte, error) {
	return json.Marshal(m.UTC().Format(time.RFC3339Nano))
}

func (m moment) orNull() sql.NullTime {
	return sql.NullTime{Time: m.Time, Valid: !m.IsZero()}
}

func open(file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, initialize(db)
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

func writeDatabase(file string, input *database) error {
	db, err := open(file)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, e := range input.Executions {
		if err := saveExecution(db, &e); err != nil {
			return fmt.Errorf("execution %q: %w", e.ID, err)
		}
	}
	for _, n := range input.NodeExecutions {
		if err := saveNodeExecution(db, &n); err != nil {
			return fmt.Errorf("node execution %q: %w", n.ID, err)
		}
	}
	for _, s := range input.Snapshots {
		if err := saveSnapshot(db, &s); err != nil {
			return fmt.Errorf("snapshot of %q: %w", s.VariableName, err)
		}
	}
	return nil
}

func saveExecution(db *sql.DB, e *execution) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	kind, message, nodeID, context := errorColumns(e.Error)
	err = retryWhileBusy(func() error {
		_, err := tx.Exec(`INSERT INTO executions (id, workflow_id, workflow_version, status, started_at,
			completed_at, error_type, error_message, error_node_id, error_context, return_value)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT(id) DO UPDATE SET status = excluded.status, completed_at = excluded.completed_at,
			error_type = excluded.error_type, error_message = excluded.error_message,
			error_node_id = excluded.error_node_id, error_context = excluded.error_context,
			return_value = excluded.return_value`,
			e.ID, e.WorkflowID, e.WorkflowVersion, e.Status, e.StartedAt.Time, e.CompletedAt.orNull(),
			kind, message, nodeID, context, jsonText(e.ReturnValue, e.ReturnValue == nil))
		return err
	})
	if err != nil {
		return err
	}
	return retryWhileBusy(tx.Commit)
}

func saveNodeExecution(db *sql.DB, n *nodeExecution) error {
	kind, message, _, context := errorColumns(n.Error)
	return retryWhileBusy(func() error {
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
	})
}

func saveSnapshot(db *sql.DB, s *snapshot) error {
	return retryWhileBusy(func() error {
		_, err := db.Exec(`INSERT INTO variable_snapshots
			(execution_id, node_execution_id, variable_name, old_value, new_value, timestamp)
			VALUES (?, ?, ?, ?, ?, ?)`,
			s.ExecutionID, text(s.NodeExecutionID), s.VariableName,
			jsonText(s.OldValue, s.OldValue == nil), jsonText(s.NewValue, s.NewValue == nil),
			s.Timestamp.Time)
		return err
	})
}

// retryWhileBusy stands for the user who tries again: Go sets no busy timeout.
func retryWhileBusy(action func() error) error {
	deadline := time.Now().Add(10 * time.Second)
	for {
		err := action()
		if err == nil || !strings.Contains(err.Error(), "SQLITE_BUSY") || time.Now().After(deadline) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

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

func errorColumns(e *execError) (kind, message, nodeID, context sql.NullString) {
	if e == nil {
		return
	}
	kind = sql.NullString{String: e.Type, Valid: true}
	message = sql.NullString{String: e.Message, Valid: true}
	return kind, message, text(e.NodeID), jsonText(e.Context, len(e.Context) == 0)
}

// errorOf wants both a type and a message, as Go's loader does.
func errorOf(kind, message, nodeID, context sql.NullString) (*execError, error) {
	if !kind.Valid || !message.Valid {
		return nil, nil
	}
	e := &execError{Type: kind.String, Message: message.String, NodeID: nodeID.String}
	return e, decode(context, &e.Context)
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

func decode(column sql.NullString, target any) error {
	if !column.Valid {
		return nil
	}
	return json.Unmarshal([]byte(column.String), target)
}
