package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	pollInterval = 20 * time.Millisecond
	killTimeout  = 10 * time.Second
)

// Spec says how to start one child process.
type Spec struct {
	// Name is the name of the process in logs, messages and files.
	Name string
	Path string
	Args []string
	// Env is added to a minimal environment: children do not inherit ours, so
	// that a proxy or a kubeconfig of the user cannot change what they do.
	Env []string
	// NetNS is the file of the network namespace that the process is started in,
	// such as /proc/PID/fd/N; "" means the supervisor's own. It takes root.
	NetNS string
	// Grace is how long the process may take to stop after SIGTERM.
	Grace time.Duration
}

// child is a running process that leads its own process group.
type child struct {
	name     string
	logPath  string
	identity Identity
	grace    time.Duration
	// ending is set before the process is ended on purpose; the supervisor's lock
	// protects it.
	ending bool
	// exited is closed when the process has ended; exitErr says how, and may be
	// read only after that.
	exited  chan struct{}
	exitErr error
}

// startChild must be called on a thread that lives as long as the child should:
// the kernel sends the parent-death signal when that thread ends.
func startChild(spec Spec, logPath string) (*child, error) {
	log, err := os.Create(logPath)
	if err != nil {
		return nil, fmt.Errorf("creating the log of %s: %w", spec.Name, err)
	}
	defer func() { _ = log.Close() }()
	cmd := &exec.Cmd{
		Path:        spec.Path,
		Args:        append([]string{spec.Path}, spec.Args...),
		Env:         append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, spec.Env...),
		Stdout:      log,
		Stderr:      log,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	}
	start := cmd.Start
	if spec.NetNS != "" {
		start = func() error { return inNetNS(spec.NetNS, cmd.Start) }
	}
	if err := start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	c := &child{name: spec.Name, logPath: logPath, grace: spec.Grace, exited: make(chan struct{})}
	c.identity, err = Identify(cmd.Process.Pid)
	go func() {
		c.exitErr = cmd.Wait()
		close(c.exited)
	}()
	if err != nil {
		_ = cmd.Process.Kill()
		return nil, fmt.Errorf("starting %s: it ended at once: %w\n%s", spec.Name, err, LogTail(logPath))
	}
	return c, nil
}

// death describes how an ended child ended, with the end of its log.
func (c *child) death() error {
	how := "it ended without an error"
	if c.exitErr != nil {
		how = c.exitErr.Error()
	}
	return fmt.Errorf("%s stopped unexpectedly (%s); its log ends with:\n%s", c.name, how, LogTail(c.logPath))
}

// stop sends SIGTERM, and SIGKILL when the process has not ended after grace. With
// no grace it sends SIGKILL only.
func (c *child) stop(grace time.Duration) error {
	if grace > 0 {
		if err := c.identity.signalGroup(syscall.SIGTERM); err != nil {
			return err
		}
		if c.exitedWithin(grace) {
			return nil
		}
	}
	if err := c.identity.signalGroup(syscall.SIGKILL); err != nil {
		return err
	}
	if !c.exitedWithin(killTimeout) {
		return errors.New(c.name + " did not end after SIGKILL")
	}
	return nil
}

func (c *child) exitedWithin(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-c.exited:
		return true
	case <-timer.C:
		return false
	}
}
