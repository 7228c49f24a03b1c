package testcluster

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"k8s.io/client-go/tools/clientcmd"
)

func (c *Cluster) start(ctx context.Context, o Options) error {
	announcement, err := c.startSupervisor(ctx, o)
	if err != nil {
		return err
	}
	// Closing the lifeline ends the supervisor, and that ends the reading below.
	stop := context.AfterFunc(ctx, func() { _ = c.lifeline.Close() })
	line, err := announcement.ReadBytes('\n')
	if !stop() || err != nil {
		return errors.Join(errors.New("it did not become ready, see above"), ctx.Err(), c.supervisor.Wait())
	}
	if err := c.connect(line); err != nil {
		return errors.Join(err, c.Stop())
	}
	return nil
}

// startSupervisor builds the command and starts it, one process at a time: `go build`
// leaves an up-to-date command alone, but replaces an outdated one in several steps.
func (c *Cluster) startSupervisor(ctx context.Context, o Options) (announcement *bufio.Reader, err error) {
	release, err := lockFile(c.command + ".lock")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	if err := c.buildCommand(ctx, o); err != nil {
		return nil, err
	}
	arguments := []string{"run", "--root=" + c.repository, "--components=apiserver"}
	if o.Controllers {
		arguments = []string{"run", "--root=" + c.repository, "--components=all", "--simulated-nodes"}
	}
	// Bound to no context, which would kill it before it has cleaned up. In a process
	// group of its own, as a Ctrl-C in a terminal is for the test process.
	c.supervisor = &exec.Cmd{
		Path:        c.command,
		Args:        append([]string{c.command}, arguments...),
		Stderr:      o.progress(),
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	output, err := c.supervisor.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if c.lifeline, err = c.supervisor.StdinPipe(); err != nil {
		return nil, err
	}
	return bufio.NewReader(output), c.supervisor.Start()
}

// buildCommand does not stamp the command with the state of the git repository, so
// that a commit alone does not make it outdated.
func (c *Cluster) buildCommand(ctx context.Context, o Options) error {
	module := filepath.Join(c.repository, "hack", "cluster")
	build := exec.CommandContext(ctx, "go", "build", "-C", module, "-buildvcs=false", "-o", c.command, ".")
	build.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	build.Stdout, build.Stderr = o.progress(), o.progress()
	if err := build.Run(); err != nil {
		return fmt.Errorf("building hack/cluster: %w", err)
	}
	return nil
}

// connect reads the line with which the supervisor announces that it is ready.
func (c *Cluster) connect(line []byte) error {
	var announced struct {
		Kubeconfig string `json:"kubeconfig"`
		Dir        string `json:"dir"`
	}
	if err := json.Unmarshal(line, &announced); err != nil {
		return fmt.Errorf("reading how to reach the cluster: %w", err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", announced.Kubeconfig)
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.QPS = -1
	c.Config, c.Kubeconfig, c.Dir = config, announced.Kubeconfig, announced.Dir
	return nil
}

// findRepository looks from the working directory, which for a test is that of its
// package, upwards.
func findRepository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "hack", "cluster", "go.mod"))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return "", errors.New("finding the repository: no hack/cluster/go.mod in the working directory or above it")
		}
		dir = filepath.Dir(dir)
	}
}

// lockFile waits for an exclusive lock on a file. The kernel gives it back when the
// process ends.
func lockFile(path string) (release func() error, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("creating the directory of a lock: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening a lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("waiting for a lock: %w", err), file.Close())
	}
	return file.Close, nil
}
