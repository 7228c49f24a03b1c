// Package supervisor runs the command of test/lab for tests: as a child process that supervises a
// cluster for as long as the test process lives, and for single commands.
package supervisor

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// stopTimeout is how long a cluster may take to stop. It takes a few seconds.
const stopTimeout = time.Minute

// Command is the command of test/lab.
type Command struct {
	// Repository is the root of the repository.
	Repository string
	// Path is the file of the command, which Start builds.
	Path string
}

// Find finds the repository from the working directory, which for a test is that of its package, upwards.
func Find() (Command, error) {
	dir, err := os.Getwd()
	if err != nil {
		return Command{}, fmt.Errorf("finding the repository: %w", err)
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "test", "lab", "go.mod"))
		if err == nil {
			return Command{Repository: dir, Path: filepath.Join(dir, "bin", "cluster")}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return Command{}, errors.New("finding the repository: no test/lab/go.mod in the working directory or above it")
		}
		dir = filepath.Dir(dir)
	}
}

// Run runs a single command, such as "nodes", "add", and its arguments.
func (c Command) Run(ctx context.Context, arguments ...string) error {
	output, err := exec.CommandContext(ctx, c.Path, append(arguments, "--root="+c.Repository)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("running cluster %s: %w: %s", arguments[0], err, output)
	}
	return nil
}

// Output runs a single command and returns what it prints.
func (c Command) Output(ctx context.Context, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.Path, append(arguments, "--root="+c.Repository)...)
	var messages bytes.Buffer
	cmd.Stderr = &messages
	output, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("running cluster %s: %w: %s", arguments[0], err, messages.String())
	}
	return string(output), nil
}

// Connection says how to reach a cluster.
type Connection struct {
	Name       string `json:"name"`
	Kubeconfig string `json:"kubeconfig"`
	Dir        string `json:"dir"`
}

// Connection returns how to reach a cluster that runs already.
func (c Command) Connection(ctx context.Context, name string) (Connection, error) {
	output, err := exec.CommandContext(ctx, c.Path, "list", "--root="+c.Repository, "--output=json").Output()
	if err != nil {
		return Connection{}, fmt.Errorf("listing clusters: %w", err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var found Connection
		err := decoder.Decode(&found)
		if errors.Is(err, io.EOF) {
			return Connection{}, fmt.Errorf("there is no running cluster %q", name)
		}
		if err != nil {
			return Connection{}, fmt.Errorf("reading the list of clusters: %w", err)
		}
		if found.Name == name {
			return found, nil
		}
	}
}

// Config is for an administrator and does not limit the rate of requests.
func (c Connection) Config() (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.QPS = -1
	return config, nil
}

// Supervisor is a running `cluster run`, a child of this process.
type Supervisor struct {
	Connection
	process *exec.Cmd
	// lifeline keeps the cluster running for as long as it is open.
	lifeline io.Closer
}

// Start builds the command where it is outdated, runs `cluster run` with further arguments, and
// returns when the cluster is ready. progress receives the messages for people.
func (c Command) Start(ctx context.Context, progress io.Writer, arguments ...string) (*Supervisor, error) {
	s := &Supervisor{}
	announcement, err := s.launch(ctx, c, progress, arguments)
	if err != nil {
		return nil, err
	}
	// Closing the lifeline ends the supervisor, and that ends the reading below.
	stop := context.AfterFunc(ctx, func() { _ = s.lifeline.Close() })
	line, err := announcement.ReadBytes('\n')
	if !stop() || err != nil {
		return nil, errors.Join(errors.New("it did not become ready, see above"), ctx.Err(), s.process.Wait())
	}
	if err := json.Unmarshal(line, &s.Connection); err != nil {
		return nil, errors.Join(fmt.Errorf("reading how to reach the cluster: %w", err), s.Stop())
	}
	return s, nil
}

// launch builds the command and starts it, one process at a time: `go build` does not change an
// up-to-date command, but replaces an outdated one in several steps.
func (s *Supervisor) launch(ctx context.Context, c Command, progress io.Writer, arguments []string) (announcement *bufio.Reader, err error) {
	release, err := lockFile(c.Path + ".lock")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	if err := c.build(ctx, progress); err != nil {
		return nil, err
	}
	// Bound to no context, which would kill it before it has cleaned up. In a process
	// group of its own, as a Ctrl-C in a terminal is for the test process.
	s.process = &exec.Cmd{
		Path:        c.Path,
		Args:        append([]string{c.Path, "run", "--root=" + c.Repository}, arguments...),
		Stderr:      progress,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	output, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if s.lifeline, err = s.process.StdinPipe(); err != nil {
		return nil, err
	}
	return bufio.NewReader(output), s.process.Start()
}

// build does not stamp the command with the state of the git repository, so that a commit alone
// does not make it outdated.
func (c Command) build(ctx context.Context, progress io.Writer) error {
	module := filepath.Join(c.Repository, "test", "lab")
	build := exec.CommandContext(ctx, "go", "build", "-C", module, "-buildvcs=false", "-o", c.Path, ".")
	build.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	build.Stdout, build.Stderr = progress, progress
	if err := build.Run(); err != nil {
		return fmt.Errorf("building test/lab: %w", err)
	}
	return nil
}

// Stop stops the cluster and returns when nothing of it is left.
func (s *Supervisor) Stop() error {
	timer := time.AfterFunc(stopTimeout, func() { _ = s.process.Process.Kill() })
	defer timer.Stop()
	closing := s.lifeline.Close()
	return errors.Join(closing, s.process.Wait())
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
