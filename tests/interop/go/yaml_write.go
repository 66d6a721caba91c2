package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"gopkg.in/yaml.v3"
)

// workflow carries the tags with which Go's repository stores a workflow. Its
// nodes are an interface there, so the struct of each type decides what is
// written, and the type itself is lost.
type workflow struct {
	ID          string      `yaml:"id" json:"id"`
	Name        string      `yaml:"name" json:"name"`
	Version     string      `yaml:"version" json:"version"`
	Description string      `yaml:"description,omitempty" json:"description"`
	Metadata    metadata    `yaml:"metadata,omitempty" json:"metadata"`
	Variables   []*variable `yaml:"variables,omitempty" json:"variables"`
	Servers     []*server   `yaml:"servers,omitempty" json:"servers"`
	Nodes       []node      `yaml:"nodes,omitempty" json:"nodes"`
	Edges       []*edge     `yaml:"edges,omitempty" json:"edges"`
}

type metadata struct {
	Author       string    `yaml:"author,omitempty" json:"author"`
	Created      time.Time `yaml:"created,omitempty" json:"created"`
	LastModified time.Time `yaml:"last_modified,omitempty" json:"last_modified"`
	Tags         []string  `yaml:"tags,omitempty" json:"tags"`
	Icon         string    `yaml:"icon,omitempty" json:"icon"`
}

type variable struct {
	Name         string `yaml:"name" json:"name"`
	Type         string `yaml:"type" json:"type"`
	Required     bool   `yaml:"required,omitempty" json:"required"`
	DefaultValue any    `yaml:"default_value,omitempty" json:"default_value"`
	Description  string `yaml:"description,omitempty" json:"description"`
}

type server struct {
	ID            string            `yaml:"id" json:"id"`
	Name          string            `yaml:"name,omitempty" json:"name"`
	Command       string            `yaml:"command,omitempty" json:"command"`
	Args          []string          `yaml:"args,omitempty" json:"args"`
	Transport     string            `yaml:"transport,omitempty" json:"transport"`
	Env           map[string]string `yaml:"env,omitempty" json:"env"`
	CredentialRef string            `yaml:"credential_ref,omitempty" json:"credential_ref"`
	URL           string            `yaml:"url,omitempty" json:"url"`
	Headers       map[string]string `yaml:"headers,omitempty" json:"headers"`
}

type edge struct {
	ID        string `yaml:"id,omitempty" json:"id"`
	From      string `yaml:"from,omitempty" json:"from"`
	To        string `yaml:"to,omitempty" json:"to"`
	Condition string `yaml:"condition,omitempty" json:"condition"`
	Label     string `yaml:"label,omitempty" json:"label"`
}

type retry struct {
	MaxAttempts        int           `yaml:"max_attempts" json:"max_attempts"`
	InitialDelay       time.Duration `yaml:"initial_delay" json:"initial_delay"`
	MaxDelay           time.Duration `yaml:"max_delay" json:"max_delay"`
	BackoffMultiplier  float64       `yaml:"backoff_multiplier" json:"backoff_multiplier"`
	RetryableErrors    []string      `yaml:"retryable_errors,omitempty" json:"retryable_errors"`
	NonRetryableErrors []string      `yaml:"non_retryable_errors,omitempty" json:"non_retryable_errors"`
}

type plainNode struct {
	ID string `yaml:"id" json:"id"`
}

type endNode struct {
	ID          string `yaml:"id" json:"id"`
	ReturnValue string `yaml:"return_value,omitempty" json:"return_value"`
}

type toolNode struct {
	ID             string            `yaml:"id" json:"id"`
	ServerID       string            `yaml:"server_id" json:"server_id"`
	ToolName       string            `yaml:"tool_name" json:"tool_name"`
	Parameters     map[string]string `yaml:"parameters,omitempty" json:"parameters"`
	OutputVariable string            `yaml:"output_variable" json:"output_variable"`
	Retry          *retry            `yaml:"retry,omitempty" json:"retry"`
}

type transformNode struct {
	ID             string `yaml:"id" json:"id"`
	InputVariable  string `yaml:"input_variable" json:"input_variable"`
	Expression     string `yaml:"expression" json:"expression"`
	OutputVariable string `yaml:"output_variable" json:"output_variable"`
	Retry          *retry `yaml:"retry,omitempty" json:"retry"`
}

type conditionNode struct {
	ID        string `yaml:"id" json:"id"`
	Condition string `yaml:"condition" json:"condition"`
}

type parallelNode struct {
	ID            string     `yaml:"id" json:"id"`
	Branches      [][]string `yaml:"branches" json:"branches"`
	MergeStrategy string     `yaml:"merge_strategy" json:"merge_strategy"`
}

type loopNode struct {
	ID             string   `yaml:"id" json:"id"`
	Collection     string   `yaml:"collection" json:"collection"`
	ItemVariable   string   `yaml:"item_variable" json:"item_variable"`
	Body           []string `yaml:"body" json:"body"`
	BreakCondition string   `yaml:"break_condition,omitempty" json:"break_condition"`
}

// node holds one of the structs above, chosen by the type that the JSON carries
// and the YAML does not.
type node struct{ value any }

func (n *node) UnmarshalJSON(text []byte) error {
	var head struct{ Type string }
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	switch head.Type {
	case "start", "passthrough":
		n.value = &plainNode{}
	case "end":
		n.value = &endNode{}
	case "mcp_tool":
		n.value = &toolNode{}
	case "transform":
		n.value = &transformNode{}
	case "condition":
		n.value = &conditionNode{}
	case "parallel":
		n.value = &parallelNode{}
	case "loop":
		n.value = &loopNode{}
	default:
		return fmt.Errorf("unknown node type %q", head.Type)
	}
	return json.Unmarshal(text, n.value)
}

func (n node) MarshalYAML() (any, error) { return n.value, nil }

func writeWorkflow(file string, input *workflow) error {
	input.Metadata.Created = input.Metadata.Created.Local()
	input.Metadata.LastModified = input.Metadata.LastModified.Local()
	text, err := yaml.Marshal(input)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}
