package main

import (
	"encoding/json"
	"fmt"
	"math"
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

// parsedWorkflow carries the tags of Go's parser of workflow files.
type parsedWorkflow struct {
	Version     string           `yaml:"version" json:"version"`
	Name        string           `yaml:"name" json:"name"`
	Description string           `yaml:"description,omitempty" json:"description,omitempty"`
	Metadata    *parsedMetadata  `yaml:"metadata,omitempty" json:"metadata,omitempty"`
	Variables   []parsedVariable `yaml:"variables,omitempty" json:"variables,omitempty"`
	Servers     []parsedServer   `yaml:"servers,omitempty" json:"servers,omitempty"`
	Nodes       []parsedNode     `yaml:"nodes,omitempty" json:"nodes,omitempty"`
	Edges       []parsedEdge     `yaml:"edges,omitempty" json:"edges,omitempty"`
}

type parsedMetadata struct {
	Author       string    `yaml:"author,omitempty" json:"author,omitempty"`
	Created      time.Time `yaml:"created,omitempty" json:"created,omitzero"`
	LastModified time.Time `yaml:"last_modified,omitempty" json:"last_modified,omitzero"`
	Tags         []string  `yaml:"tags,omitempty" json:"tags,omitempty"`
	Icon         string    `yaml:"icon,omitempty" json:"icon,omitempty"`
}

type parsedVariable struct {
	Name         string   `yaml:"name" json:"name"`
	Type         string   `yaml:"type" json:"type"`
	DefaultValue anything `yaml:"default,omitempty" json:"default,omitzero"`
	Description  string   `yaml:"description,omitempty" json:"description,omitempty"`
}

type parsedServer struct {
	ID            string            `yaml:"id" json:"id"`
	Name          string            `yaml:"name,omitempty" json:"name,omitempty"`
	Command       string            `yaml:"command,omitempty" json:"command,omitempty"`
	Args          []string          `yaml:"args,omitempty" json:"args,omitempty"`
	Transport     string            `yaml:"transport,omitempty" json:"transport,omitempty"`
	Env           map[string]string `yaml:"env,omitempty" json:"env,omitempty"`
	CredentialRef string            `yaml:"credential_ref,omitempty" json:"credential_ref,omitempty"`
	URL           string            `yaml:"url,omitempty" json:"url,omitempty"`
	Headers       map[string]string `yaml:"headers,omitempty" json:"headers,omitempty"`
}

type parsedNode struct {
	ID             string            `yaml:"id" json:"id"`
	Type           string            `yaml:"type" json:"type"`
	Return         string            `yaml:"return,omitempty" json:"return,omitempty"`
	Server         string            `yaml:"server,omitempty" json:"server,omitempty"`
	Tool           string            `yaml:"tool,omitempty" json:"tool,omitempty"`
	Parameters     map[string]string `yaml:"parameters,omitempty" json:"parameters,omitempty"`
	Output         string            `yaml:"output,omitempty" json:"output,omitempty"`
	Input          string            `yaml:"input,omitempty" json:"input,omitempty"`
	Expression     string            `yaml:"expression,omitempty" json:"expression,omitempty"`
	Condition      string            `yaml:"condition,omitempty" json:"condition,omitempty"`
	Branches       [][]string        `yaml:"branches,omitempty" json:"branches,omitempty"`
	Merge          string            `yaml:"merge_strategy,omitempty" json:"merge_strategy,omitempty"`
	Collection     string            `yaml:"collection,omitempty" json:"collection,omitempty"`
	Item           string            `yaml:"item,omitempty" json:"item,omitempty"`
	Body           []string          `yaml:"body,omitempty" json:"body,omitempty"`
	BreakCondition string            `yaml:"break_condition,omitempty" json:"break_condition,omitempty"`
}

type parsedEdge struct {
	From      string `yaml:"from" json:"from"`
	To        string `yaml:"to" json:"to"`
	Condition string `yaml:"condition,omitempty" json:"condition,omitempty"`
	Label     string `yaml:"label,omitempty" json:"label,omitempty"`
}

// readResult is a file as yaml.v3 sees it: without a type in mind, and as Go's
// parser decodes it. The parser's complaint does not stop the former.
type readResult struct {
	Any    anything        `json:"any"`
	Parsed *parsedWorkflow `json:"parsed,omitempty"`
	Error  string          `json:"error,omitempty"`
}

func readWorkflow(file string) (*readResult, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var result readResult
	if err := yaml.Unmarshal(text, &result.Any); err != nil {
		return nil, err
	}
	result.Parsed = &parsedWorkflow{}
	if err := yaml.Unmarshal(text, result.Parsed); err != nil {
		result.Error = err.Error()
	}
	return &result, nil
}

func writeWorkflow(file string, input *workflow) error {
	input.Metadata.Created = input.Metadata.Created.Local()
	input.Metadata.LastModified = input.Metadata.LastModified.Local()
	text, err := yaml.Marshal(input)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

// anything is a value of any type; where JSON has no equal, it becomes an object
// with one key that says what it is.
type anything struct{ value any }

func (a *anything) UnmarshalYAML(n *yaml.Node) error { return n.Decode(&a.value) }

func (a anything) MarshalJSON() ([]byte, error) { return json.Marshal(forJSON(a.value)) }

func (a anything) IsZero() bool { return a.value == nil }

func forJSON(value any) any {
	switch v := value.(type) {
	case time.Time:
		return map[string]any{"$time": v}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return map[string]any{"$float": fmt.Sprint(v)}
		}
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = forJSON(item)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, item := range v {
			object[key] = forJSON(item)
		}
		return object
	case map[any]any:
		entries := make([]any, 0, len(v))
		for key, item := range v {
			entries = append(entries, []any{forJSON(key), forJSON(item)})
		}
		return map[string]any{"$map": entries}
	}
	return value
}
