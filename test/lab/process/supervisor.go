// Package process starts the programs of a local cluster as child processes and
// makes sure that none of them outlives it.
//
// Each child leads its own process group, so that a signal to it reaches what it
// started itself and a Ctrl-C in a terminal reaches the supervisor only. Each is
// sent SIGKILL by the kernel when the supervisor dies, however it dies.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Supervisor starts child processes and stops them in reverse order. It is safe
// for use by several goroutines.
type Supervisor struct {
	dir    string
	starts chan startRequest
	failed chan error

	mu       sync.Mutex
	children []*child
	stopping bool
}

type startRequest struct {
	spec   Spec
	result chan<- startResult
}

type startResult struct {
	child *child
	err   error
}

// NewSupervisor returns a supervisor that writes the logs of its children to
// dir/logs and their identities to dir/processes.
func NewSupervisor(dir string) (*Supervisor, error) {
	s := &Supervisor{dir: dir, starts: make(chan startRequest), failed: make(chan error, 1)}
	for _, directory := range []string{s.logDir(), IdentityDir(dir)} {
		if err := os.MkdirAll(directory, 0o700); err != nil {
			return nil, fmt.Errorf("creating a directory for processes: %w", err)
		}
	}
	go s.serveStarts()
	return s, nil
}

// IdentityDir is where a supervisor with the state directory dir keeps one file
// for each child (see LoadIdentity).
func IdentityDir(dir string) string { return filepath.Join(dir, "processes") }

func (s *Supervisor) logDir() string { return filepath.Join(s.dir, "logs") }

// serveStarts starts every child from one thread, which it never gives back: the
// parent-death signal is bound to the thread that started the child, and the Go
// runtime ends idle threads and those of locked goroutines that return.
func (s *Supervisor) serveStarts() {
	runtime.LockOSThread()
	for request := range s.starts {
		started, err := startChild(request.spec, filepath.Join(s.logDir(), request.spec.Name+".log"))
		request.result <- startResult{child: started, err: err}
	}
}

// Start starts a child whose name no other child has. When it ends before Stop or
// End is called, that is an error which Await and Failed report.
func (s *Supervisor) Start(spec Spec) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return fmt.Errorf("starting %s: the cluster is stopping", spec.Name)
	}
	if s.indexOf(spec.Name) >= 0 {
		return fmt.Errorf("starting %s: there is a process of that name", spec.Name)
	}
	result := make(chan startResult)
	s.starts <- startRequest{spec: spec, result: result}
	started := <-result
	if started.err != nil {
		return started.err
	}
	s.children = append(s.children, started.child)
	go s.watch(started.child)
	return started.child.identity.Save(s.identityPath(spec.Name))
}

// indexOf returns where the child of that name is among the children, or -1.
func (s *Supervisor) indexOf(name string) int {
	return slices.IndexFunc(s.children, func(c *child) bool { return c.name == name })
}

func (s *Supervisor) identityPath(name string) string {
	return filepath.Join(IdentityDir(s.dir), name+".json")
}

// End ends one child on purpose, which is no failure, and returns when it has
// ended. It gets SIGTERM, and SIGKILL after grace; with a grace of 0 SIGKILL at
// once. Afterwards its name is free again; its log stays until another child of
// that name is started. A child that has ended by itself before is not an error.
func (s *Supervisor) End(name string, grace time.Duration) error {
	s.mu.Lock()
	index := s.indexOf(name)
	if index < 0 || s.children[index].ending {
		s.mu.Unlock()
		return fmt.Errorf("ending %s: there is no process of that name", name)
	}
	ending := s.children[index]
	ending.ending = true
	s.mu.Unlock()
	if err := ending.stop(grace); err != nil {
		return fmt.Errorf("ending %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.children = slices.DeleteFunc(s.children, func(c *child) bool { return c == ending })
	if err := os.Remove(s.identityPath(name)); err != nil {
		return fmt.Errorf("ending %s: %w", name, err)
	}
	return nil
}

func (s *Supervisor) watch(c *child) {
	<-c.exited
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping || c.ending {
		return
	}
	select {
	case s.failed <- c.death():
	default: // the first death is the cause; others follow from it
	}
}

// Failed delivers one error when a child has ended by itself.
func (s *Supervisor) Failed() <-chan error { return s.failed }

// Await calls ready until it returns nil. It gives up when the context ends, or as
// soon as a child has died; the error then holds the last lines of that child's log.
func (s *Supervisor) Await(ctx context.Context, what string, ready func(context.Context) error) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case death := <-s.failed:
			return fmt.Errorf("waiting for %s: %w", what, death)
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w (last answer: %w)", what, context.Cause(ctx), err)
		case <-ticker.C:
		}
	}
}

// Stop ends all children, the last one started first, and returns when none is
// left. It tries all of them and returns all errors.
func (s *Supervisor) Stop() error {
	s.mu.Lock()
	s.stopping = true
	children := s.children
	s.children = nil
	s.mu.Unlock()

	var errs []error
	for i := len(children) - 1; i >= 0; i-- {
		if err := children[i].stop(children[i].grace); err != nil {
			errs = append(errs, fmt.Errorf("stopping: %w", err))
		}
	}
	return errors.Join(errs...)
}
