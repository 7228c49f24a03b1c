// Package olmprocess runs `bin/cluster olm`, which is the Operator Lifecycle Manager beside a cluster, as a child process.
package olmprocess

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Process is a running `cluster olm`. It ends when its standard input closes, so also when this process dies.
type Process struct {
	command   *exec.Cmd
	lines     io.WriteCloser
	announced *bufio.Scanner
}

// Start starts it beside the cluster of a kubeconfig. The directory is for its logs and caches. It offers nothing until Serve.
func Start(repository, kubeconfig, directory string) (*Process, error) {
	path := filepath.Join(repository, "bin", "cluster")
	// Bound to no context, which would kill it before it has cleaned up. A Ctrl-C in a terminal is for this process.
	command := &exec.Cmd{
		Path: path, Args: []string{path, "olm", "--root=" + repository, "--kubeconfig=" + kubeconfig, "--dir=" + directory},
		Stderr: os.Stderr, SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	lines, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting OLM: %w", err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting OLM: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting OLM: %w", err)
	}
	return &Process{command: command, lines: lines, announced: bufio.NewScanner(output)}, nil
}

// Serve makes OLM offer a catalogue instead of the one before, and returns the address for a CatalogSource.
func (p *Process) Serve(catalogue string) (address string, err error) {
	if _, err := fmt.Fprintln(p.lines, catalogue); err != nil {
		return "", fmt.Errorf("serving a catalogue: %w", err)
	}
	if !p.announced.Scan() {
		return "", errors.New("serving a catalogue: OLM ended, see above")
	}
	var served struct{ Address string }
	if err := json.Unmarshal(p.announced.Bytes(), &served); err != nil {
		return "", fmt.Errorf("serving a catalogue: reading %q: %w", p.announced.Text(), err)
	}
	return served.Address, nil
}

// Stop ends it and waits until it has cleaned up. What OLM made in the cluster stays.
func (p *Process) Stop() error {
	if err := errors.Join(p.lines.Close(), p.command.Wait()); err != nil {
		return fmt.Errorf("stopping OLM: %w", err)
	}
	return nil
}
