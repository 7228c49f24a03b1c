// Package instance keeps track of the clusters of this repository: each has a
// directory below one root, which exists exactly as long as the cluster does and
// tells which process supervises it.
package instance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/filelock"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
)

// stopTimeout is how long a supervisor may take to stop its cluster.
const stopTimeout = 30 * time.Second

const (
	supervisorFile = "supervisor.json"
	connectionFile = "connection.json"
	lockFile       = ".lock"
	// hiddenPrefix marks directories that are not a cluster yet.
	hiddenPrefix = "."
)

// ErrExists says that a cluster of that name is running.
var ErrExists = errors.New("a cluster of that name is running")

// Connection says how to reach a running cluster.
type Connection struct {
	// Name is the name of the cluster.
	Name string `json:"name"`
	// Kubeconfig is the path of a file with which everything is allowed.
	Kubeconfig string `json:"kubeconfig"`
	// Dir is the cluster's directory; logs are in logs below it.
	Dir string `json:"dir"`
	// Server is the URL of the API server.
	Server string `json:"server"`
}

// Root is the directory that holds the directories of all clusters.
type Root string

// Claim creates the directory of a new cluster that this process supervises. A
// cluster of that name that has crashed is cleaned up first; with one that runs,
// the error is ErrExists.
func (r Root) Claim(ctx context.Context, name string) (dir string, err error) {
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, hiddenPrefix) {
		return "", fmt.Errorf("a cluster cannot be called %q", name)
	}
	release, err := r.lock(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, release()) }()
	if _, err := r.sweepOne(name); err != nil {
		return "", err
	}
	unfinished, err := os.MkdirTemp(string(r), hiddenPrefix+name+"-")
	if err != nil {
		return "", fmt.Errorf("creating the directory of cluster %q: %w", name, err)
	}
	if err := r.publish(unfinished, name); err != nil {
		return "", errors.Join(err, os.RemoveAll(unfinished))
	}
	return filepath.Abs(r.dir(name))
}

// publish gives the directory its name in one step, which fails when another
// process was faster: a directory that is not empty cannot be renamed over.
func (r Root) publish(unfinished, name string) error {
	self, err := process.Identify(os.Getpid())
	if err != nil {
		return err
	}
	if err := self.Save(filepath.Join(unfinished, supervisorFile)); err != nil {
		return err
	}
	err = os.Rename(unfinished, r.dir(name))
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("creating cluster %q: %w", name, ErrExists)
	}
	return err
}

// lock keeps one process from removing the remains of a cluster while another one
// starts a new cluster of the same name.
func (r Root) lock(ctx context.Context) (release func() error, err error) {
	if err := os.MkdirAll(string(r), 0o755); err != nil {
		return nil, fmt.Errorf("creating the directory of clusters: %w", err)
	}
	return filelock.Acquire(ctx, filepath.Join(string(r), lockFile), filelock.Quietly)
}

func (r Root) dir(name string) string { return filepath.Join(string(r), name) }

// SaveConnection records that the cluster is ready and how to reach it.
func SaveConnection(connection Connection) error {
	content, err := json.Marshal(connection)
	if err != nil {
		return fmt.Errorf("encoding the connection: %w", err)
	}
	return os.WriteFile(filepath.Join(connection.Dir, connectionFile), append(content, '\n'), 0o600)
}

// State describes one cluster.
type State struct {
	Name string
	// Running reports whether the supervisor lives.
	Running bool
	// Connection is empty until the cluster is ready.
	Connection Connection
}

// List returns the state of all clusters, crashed ones included.
func (r Root) List() ([]State, error) {
	names, err := r.names()
	if err != nil {
		return nil, err
	}
	var states []State
	for _, name := range names {
		state := State{Name: name, Running: r.Running(name)}
		content, err := os.ReadFile(filepath.Join(r.dir(name), connectionFile))
		if err == nil {
			if err := json.Unmarshal(content, &state.Connection); err != nil {
				return nil, fmt.Errorf("reading the connection of cluster %q: %w", name, err)
			}
		}
		states = append(states, state)
	}
	return states, nil
}

// Running reports whether the cluster of that name has a living supervisor.
func (r Root) Running(name string) bool {
	supervisor, err := r.supervisor(name)
	return err == nil && supervisor.Alive()
}

func (r Root) supervisor(name string) (process.Identity, error) {
	return process.LoadIdentity(filepath.Join(r.dir(name), supervisorFile))
}

// names leaves out directories of clusters that are just being claimed.
func (r Root) names() ([]string, error) {
	entries, err := os.ReadDir(string(r))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing clusters: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), hiddenPrefix) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}
