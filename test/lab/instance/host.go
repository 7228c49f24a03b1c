package instance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Host says how to get into a host of a cluster with real nodes.
type Host struct {
	// NetNS is the file of its network namespace.
	NetNS string `json:"netns"`
	// PID is the number of the node's process 1 on the machine, and 0 for hosts that are only a
	// network namespace.
	PID int `json:"pid"`
}

const (
	hostsDir      = "hosts"
	hostExtension = ".json"
	// nodesDir holds a directory for each real node.
	nodesDir = "nodes"
)

// NodesDir is where a cluster has the directories of its real nodes.
func NodesDir(dir string) string { return filepath.Join(dir, nodesDir) }

func hostFile(dir, name string) string { return filepath.Join(dir, hostsDir, name+hostExtension) }

// SaveHost records a host of the cluster with that directory, in one step.
func SaveHost(dir, name string, host Host) error {
	content, err := json.Marshal(host)
	if err != nil {
		return fmt.Errorf("encoding host %s: %w", name, err)
	}
	path := hostFile(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("recording host %s: %w", name, err)
	}
	if err := os.WriteFile(path+".new", append(content, '\n'), 0o600); err != nil {
		return fmt.Errorf("recording host %s: %w", name, err)
	}
	return os.Rename(path+".new", path)
}

// RemoveHost forgets a host. One that is not recorded is fine.
func RemoveHost(dir, name string) error {
	if err := os.RemoveAll(hostFile(dir, name)); err != nil {
		return fmt.Errorf("forgetting host %s: %w", name, err)
	}
	return nil
}

// Host returns a host of a running cluster, with the ways to enter it. If it does not exist, the
// error names all hosts.
func (r Root) Host(cluster, name string) (host Host, err error) {
	dir, err := r.RunningDir(cluster)
	if err != nil {
		return host, err
	}
	content, err := os.ReadFile(hostFile(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return host, fmt.Errorf("cluster %q has no running host %q, but %v", cluster, name, hostNames(dir))
	}
	if err != nil {
		return host, fmt.Errorf("reading about host %s: %w", name, err)
	}
	if err := json.Unmarshal(content, &host); err != nil {
		return host, fmt.Errorf("reading about host %s: %w", name, err)
	}
	return host, nil
}

func hostNames(dir string) []string {
	files, _ := filepath.Glob(hostFile(dir, "*")) // the pattern is well-formed
	names := make([]string, 0, len(files))
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), hostExtension))
	}
	slices.Sort(names)
	return names
}

// RunningDir returns the directory of a cluster that runs.
func (r Root) RunningDir(cluster string) (string, error) {
	if !r.Running(cluster) {
		return "", fmt.Errorf("there is no running cluster %q", cluster)
	}
	return r.dir(cluster), nil
}
