package machine

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// reaper starts programs and records their end, and the end of every other process that became a
// child of this one. That is the duty of process 1.
type reaper struct {
	// mu is held from before a program starts until it is in ended, so that it cannot end unnoticed
	// between the two.
	mu    sync.Mutex
	ended map[int]chan unix.WaitStatus
}

func newReaper() *reaper {
	r := &reaper{ended: map[int]chan unix.WaitStatus{}}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGCHLD)
	go func() {
		for range signals {
			r.reap()
		}
	}()
	return r
}

// reap takes note of all processes that have ended. One signal may stand for many.
func (r *reaper) reap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if ended := r.ended[pid]; ended != nil {
			ended <- status
			delete(r.ended, pid)
		}
	}
}

// start starts a program that writes to a log, and returns where its end is announced.
func (r *reaper) start(p Program, logPath string) (<-chan unix.WaitStatus, error) {
	log, err := os.Create(logPath)
	if err != nil {
		return nil, fmt.Errorf("creating the log of %s: %w", p.Name, err)
	}
	defer func() { _ = log.Close() }()
	return r.startWith(p, log)
}

func (r *reaper) startWith(p Program, output *os.File) (<-chan unix.WaitStatus, error) {
	path, err := exec.LookPath(p.Path)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.Name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// Not exec.Cmd's Wait but reap waits for it.
	cmd := &exec.Cmd{Path: path, Args: append([]string{path}, p.Args...), Stdout: output, Stderr: output}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.Name, err)
	}
	ended := make(chan unix.WaitStatus, 1)
	r.ended[cmd.Process.Pid] = ended
	return ended, nil
}

func describe(status unix.WaitStatus) string {
	if status.Signaled() {
		return "ended by signal: " + status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}

// run runs a program to its end. What it printed is in the error.
func (r *reaper) run(name string, args ...string) error {
	reader, writer, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("running %s: %w", name, err)
	}
	defer func() { _ = reader.Close() }()
	ended, err := r.startWith(Program{Name: name, Path: name, Args: args}, writer)
	_ = writer.Close()
	if err != nil {
		return err
	}
	var output bytes.Buffer
	_, _ = output.ReadFrom(reader)
	if status := <-ended; status != 0 {
		return fmt.Errorf("running %s: %s: %s", name, describe(status), bytes.TrimSpace(output.Bytes()))
	}
	return nil
}
