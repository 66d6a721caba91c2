package main

import (
	"database/sql"
	"encoding/json"
	"time"
)

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
