package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// keptName is the name of the cluster that KEEP=1 leaves running.
const keptName = "demo"

// localCluster is a cluster that the command of hack/cluster runs.
type localCluster struct {
	// Kubeconfig is the path of a file with which everything is allowed.
	Kubeconfig string `json:"kubeconfig"`
	// Dir is the cluster's directory. It is removed with the cluster.
	Dir string `json:"dir"`
	// Name of the cluster, for the command.
	Name string `json:"name"`

	command string
	// supervisor and lifeline are nil where the cluster is to outlive this process.
	supervisor *exec.Cmd
	lifeline   io.Closer
}

func startCluster(ctx context.Context, root string, keep bool) (*localCluster, error) {
	c := &localCluster{command: filepath.Join(root, clusterPath)}
	start := c.startBound
	if keep {
		start = c.startDetached
	}
	if err := start(ctx); err != nil {
		return nil, fmt.Errorf("starting the local cluster: %w", err)
	}
	return c, nil
}

// startBound starts a cluster that ends when this process does, however it does: then its standard input closes.
func (c *localCluster) startBound(ctx context.Context) error {
	c.supervisor = c.prepare(context.WithoutCancel(ctx), "run", "--components=all", "--simulated-nodes")
	output, err := c.supervisor.StdoutPipe()
	if err != nil {
		return err
	}
	if c.lifeline, err = c.supervisor.StdinPipe(); err != nil {
		return err
	}
	if err := c.supervisor.Start(); err != nil {
		return err
	}
	uncancelled := context.AfterFunc(ctx, func() { _ = c.lifeline.Close() })
	announcement, err := bufio.NewReader(output).ReadBytes('\n')
	if !uncancelled() || err != nil {
		return errors.Join(ctx.Err(), err, c.supervisor.Wait())
	}
	if err := json.Unmarshal(announcement, c); err != nil {
		return errors.Join(fmt.Errorf("reading how to reach it: %w", err), c.stop(ctx))
	}
	return nil
}

// startDetached starts a cluster that goes on running until it is stopped.
func (c *localCluster) startDetached(ctx context.Context) error {
	command := c.prepare(ctx, "up", "--name="+keptName, "--components=all", "--simulated-nodes")
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = cleanUpTimeout
	announcement, err := command.Output()
	if err != nil {
		return fmt.Errorf("%w; where one is running from before, make demo-stop ends it", err)
	}
	if err := json.Unmarshal(announcement, c); err != nil {
		return fmt.Errorf("reading how to reach it: %w", err)
	}
	return nil
}

// stop ends the cluster and removes its directory.
func (c *localCluster) stop(ctx context.Context) error {
	var err error
	if c.supervisor == nil {
		err = c.run(ctx, "down", "--name="+c.Name)
	} else {
		inTime := context.AfterFunc(ctx, func() { _ = c.supervisor.Process.Kill() })
		defer inTime()
		err = errors.Join(c.lifeline.Close(), c.supervisor.Wait())
	}
	if err != nil {
		return fmt.Errorf("stopping the local cluster: %w", err)
	}
	return nil
}

// addNodes adds simulated nodes to a zone.
func (c *localCluster) addNodes(ctx context.Context, zone, pool string, names ...string) error {
	arguments := []string{"nodes", "add", "--kubeconfig=" + c.Kubeconfig, "--zone=" + zone, "--label=pool=" + pool}
	for _, name := range names {
		arguments = append(arguments, "--name="+name)
	}
	if err := c.run(ctx, arguments...); err != nil {
		return fmt.Errorf("adding nodes to %s: %w", zone, err)
	}
	return nil
}

// attach makes a process end with the cluster.
func (c *localCluster) attach(ctx context.Context, program string, process *os.Process) error {
	return c.run(ctx, "attach", "--name="+c.Name, "--program="+program, fmt.Sprintf("--pid=%d", process.Pid))
}

func (c *localCluster) run(ctx context.Context, arguments ...string) error {
	return c.prepare(ctx, arguments...).Run()
}

// prepare gives the command a process group of its own: a Ctrl-C is for the demo, which stops things in order.
func (c *localCluster) prepare(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, c.command, arguments...)
	command.Stderr = os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return command
}
