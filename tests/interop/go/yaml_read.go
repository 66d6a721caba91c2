package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"gopkg.in/yaml.v3"
)

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
