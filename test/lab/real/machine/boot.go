package machine

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
	"golang.org/x/sys/unix"
)

// runtimeTimeout is many times what the runtime takes on a small and busy machine.
const runtimeTimeout = time.Minute

// Boot is process 1 of a node. It reads the plan from standard input, prepares its namespaces and
// starts the programs of the plan. It returns when one of them has ended or could not start, which
// is always an error. When the process ends then, the kernel kills all others of the node.
func Boot(input io.Reader) error {
	var plan Plan
	if err := json.NewDecoder(input).Decode(&plan); err != nil {
		return fmt.Errorf("reading the plan of the node: %w", err)
	}
	n := node{plan: plan, children: newReaper()}
	if err := n.boot(); err != nil {
		return fmt.Errorf("booting node %s: %w", plan.HostName, err)
	}
	return n.ended(<-n.failed)
}

type node struct {
	plan     Plan
	children *reaper
	// failed delivers the first program that ended.
	failed chan end
}

type end struct {
	program string
	status  unix.WaitStatus
}

func (n *node) boot() error {
	n.failed = make(chan end, len(n.plan.Agents)+1)
	if err := n.prepare(); err != nil {
		return err
	}
	if err := n.start(n.plan.Runtime); err != nil {
		return err
	}
	if err := n.awaitRuntime(); err != nil {
		return err
	}
	for _, archive := range n.plan.Archives {
		if err := n.plan.Images.importWith(n.children.run, archive); err != nil {
			return err
		}
	}
	for _, agent := range n.plan.Agents {
		if err := n.start(agent); err != nil {
			return err
		}
	}
	if err := os.WriteFile(n.plan.BootedFile, nil, 0o600); err != nil {
		return fmt.Errorf("recording that the node has booted: %w", err)
	}
	return nil
}

func (n *node) prepare() error {
	if err := unix.Sethostname([]byte(n.plan.HostName)); err != nil {
		return fmt.Errorf("setting the host name: %w", err)
	}
	if err := n.mountAll(); err != nil {
		return err
	}
	return n.children.run("nft", "--file", n.plan.PacketFilter)
}

func (n *node) start(p Program) error {
	ended, err := n.children.start(p, n.logPath(p.Name))
	if err != nil {
		return err
	}
	go func() { n.failed <- end{program: p.Name, status: <-ended} }()
	return nil
}

func (n *node) logPath(program string) string { return filepath.Join(n.plan.LogDir, program+".log") }

// awaitRuntime waits until the runtime answers.
func (n *node) awaitRuntime() error {
	const interval = 20 * time.Millisecond
	deadline := time.NewTimer(runtimeTimeout)
	defer deadline.Stop()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if _, err := os.Stat(n.plan.Images.Socket); err == nil {
			return nil
		}
		select {
		case e := <-n.failed:
			return n.ended(e)
		case <-deadline.C:
			return fmt.Errorf("starting %s: it does not answer; its log ends with:\n%s", n.plan.Runtime.Name, process.LogTail(n.logPath(n.plan.Runtime.Name)))
		case <-ticker.C:
		}
	}
}

func (n *node) ended(e end) error {
	return fmt.Errorf("%s has ended (%s); its log ends with:\n%s", e.program, describe(e.status), process.LogTail(n.logPath(e.program)))
}
