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
	"strings"
	"syscall"
)

// clusterName is the name of the demo's cluster, so that users can type the shown commands
// unchanged.
const clusterName = "demo"

// localCluster is a cluster that the command of test/lab runs.
type localCluster struct {
	// Kubeconfig is the path of a file with which everything is allowed.
	Kubeconfig string `json:"kubeconfig"`
	// Dir is the cluster's directory. It is removed with the cluster.
	Dir string `json:"dir"`

	root string
	// supervisor and lifeline are nil where the cluster is to outlive this process.
	supervisor *exec.Cmd
	lifeline   io.Closer
}

func startCluster(ctx context.Context, root string, keep bool, nodes nodeKind) (*localCluster, error) {
	c := &localCluster{root: root}
	start := c.startBound
	if keep {
		start = c.startDetached
	}
	if err := start(ctx, "--name="+clusterName, "--components=all", nodes.flag()); err != nil {
		return nil, fmt.Errorf("starting the local cluster (where one is running from before, make demo-stop ends it): %w", err)
	}
	return c, nil
}

// startBound starts a cluster that ends with this process, however that ends: its standard input
// closes then.
func (c *localCluster) startBound(ctx context.Context, arguments ...string) error {
	c.supervisor = c.prepare(context.WithoutCancel(ctx), append([]string{"run"}, arguments...)...)
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
		return fmt.Errorf("it did not become ready, see above (%w)", errors.Join(ctx.Err(), c.supervisor.Wait()))
	}
	if err := json.Unmarshal(announcement, c); err != nil {
		return errors.Join(fmt.Errorf("reading how to reach it: %w", err), c.stop(ctx))
	}
	return nil
}

// startDetached starts a cluster that runs until it is stopped.
func (c *localCluster) startDetached(ctx context.Context, arguments ...string) error {
	announcement, err := c.prepare(ctx, append([]string{"up"}, arguments...)...).Output()
	if err != nil {
		return err
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
		err = c.run(ctx, "down", "--name="+clusterName)
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

// nodeGroup are nodes of one zone for one purpose.
type nodeGroup struct {
	zone, pool string
	names      []string
}

// addNodes adds nodes; real ones are Ready when it returns.
func (c *localCluster) addNodes(ctx context.Context, nodes nodeKind, group nodeGroup) error {
	where := "--kubeconfig=" + c.Kubeconfig
	if nodes == realNodes {
		where = "--cluster=" + clusterName
	}
	arguments := []string{"nodes", "add", where, "--zone=" + group.zone, "--label=pool=" + group.pool}
	for _, name := range group.names {
		arguments = append(arguments, "--name="+name)
	}
	if err := c.run(ctx, arguments...); err != nil {
		return fmt.Errorf("adding nodes to %s: %w", group.zone, err)
	}
	return nil
}

// attach makes a process end with the cluster.
func (c *localCluster) attach(ctx context.Context, program string, process *os.Process) error {
	return c.run(ctx, "attach", "--name="+clusterName, "--program="+program, fmt.Sprintf("--pid=%d", process.Pid))
}

// run runs a command that says nothing unless it fails.
func (c *localCluster) run(ctx context.Context, arguments ...string) error {
	command := c.prepare(ctx, arguments...)
	var complaint strings.Builder
	command.Stderr = &complaint
	if err := command.Run(); err != nil {
		return fmt.Errorf("running %s %s: %w: %s", clusterPath, commandLine(arguments), err, strings.TrimSpace(complaint.String()))
	}
	return nil
}

func (c *localCluster) prepare(ctx context.Context, arguments ...string) *exec.Cmd {
	return prepareClusterCommand(ctx, c.root, arguments...)
}

// prepareClusterCommand gives the command its own process group. A Ctrl-C then reaches only the
// demo, which stops everything in order.
func prepareClusterCommand(ctx context.Context, root string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, filepath.Join(root, clusterPath), arguments...)
	command.Dir, command.Stderr = root, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = cleanUpTimeout
	return command
}
