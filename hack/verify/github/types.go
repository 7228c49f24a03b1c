package main

import (
	"bytes"
	"encoding/json"
	"errors"
)

// workflow is a file below .github/workflows. "on" must be quoted in the file: without quotes YAML
// 1.1 reads it as true.
type workflow struct {
	Name        string            `json:"name"`
	On          map[string]any    `json:"on"`
	Permissions map[string]string `json:"permissions"`
	Concurrency any               `json:"concurrency,omitempty"`
	Env         map[string]string `json:"env,omitempty"`
	Jobs        map[string]job    `json:"jobs"`
}

type job struct {
	Name           string            `json:"name,omitempty"`
	Needs          oneOrMore         `json:"needs,omitempty"`
	If             string            `json:"if,omitempty"`
	Uses           string            `json:"uses,omitempty"` // another workflow, instead of steps
	Strategy       any               `json:"strategy,omitempty"`
	RunsOn         string            `json:"runs-on"`
	TimeoutMinutes int               `json:"timeout-minutes"`
	Permissions    map[string]string `json:"permissions,omitempty"`
	Outputs        map[string]string `json:"outputs,omitempty"`
	Env            map[string]string `json:"env,omitempty"`
	Steps          []step            `json:"steps"`
}

type step struct {
	ID    string            `json:"id,omitempty"`
	Name  string            `json:"name,omitempty"`
	If    string            `json:"if,omitempty"`
	Uses  string            `json:"uses,omitempty"`
	Run   string            `json:"run,omitempty"`
	Shell string            `json:"shell,omitempty"`
	With  map[string]any    `json:"with,omitempty"`
	Env   map[string]string `json:"env,omitempty"`
}

// action is a file action.yml below .github/actions.
type action struct {
	Name        string                 `json:"name"`
	Description string                 `json:"description"`
	Inputs      map[string]actionInput `json:"inputs,omitempty"`
	Runs        struct {
		Using string `json:"using"`
		Steps []step `json:"steps"`
	} `json:"runs"`
}

type actionInput struct {
	Description string `json:"description"`
	Required    bool   `json:"required,omitempty"`
	Default     string `json:"default,omitempty"`
}

// issueForm is a file below .github/ISSUE_TEMPLATE, apart from config.yml.
type issueForm struct {
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Title       string      `json:"title,omitempty"`
	Labels      []string    `json:"labels,omitempty"`
	Body        []formField `json:"body"`
}

type formField struct {
	Type        string         `json:"type"`
	ID          string         `json:"id,omitempty"`
	Attributes  map[string]any `json:"attributes"`
	Validations map[string]any `json:"validations,omitempty"`
}

// issueConfig is .github/ISSUE_TEMPLATE/config.yml.
type issueConfig struct {
	BlankIssuesEnabled *bool `json:"blank_issues_enabled"`
	ContactLinks       []struct {
		Name  string `json:"name"`
		URL   string `json:"url"`
		About string `json:"about"`
	} `json:"contact_links,omitempty"`
}

// oneOrMore is a string or a list of strings.
type oneOrMore []string

// UnmarshalJSON returns an error for anything but a string or a list of strings.
func (o *oneOrMore) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	var more []string
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&more); err != nil {
		return errors.New("neither a string nor a list of strings")
	}
	*o = more
	return nil
}
